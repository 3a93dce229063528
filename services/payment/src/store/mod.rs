//! The only SQL of the service.

pub(crate) mod changes;
pub(crate) mod invoices;
pub(crate) mod ledger;
pub(crate) mod links;
pub(crate) mod payments;
pub(crate) mod refunds;
pub(crate) mod retired;
pub(crate) mod strays;
pub(crate) mod views;
pub(crate) mod webhooks;

use ::domain::OrderId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What a statement answers.
pub(crate) type Stored<T> = Result<T, sqlx::Error>;

/// Everything that opens or ends an order's payment goes through here one after the other, whether or not the payment is
/// there yet: an end that comes first and an opening cannot miss each other.
pub(crate) async fn one_at_a_time(conn: &mut PgConnection, order_id: OrderId) -> Stored<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text AS locked", order_id.to_string())
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// Remembers an order that ended before its payment was opened.
pub(crate) async fn remember_cancelled(conn: &mut PgConnection, order_id: OrderId, at: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO cancelled_orders (order_id, cancelled_at) VALUES ($1, $2) ON CONFLICT (order_id) DO NOTHING",
        order_id as OrderId,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the order ended before its payment was opened.
pub(crate) async fn is_cancelled(conn: &mut PgConnection, order_id: OrderId) -> Stored<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM cancelled_orders WHERE order_id = $1) as "known!""#, order_id as OrderId)
        .fetch_one(conn)
        .await
}
