//! What the vendor was told of an order.

use chrono::{DateTime, Utc};
use domain::OrderId;
use sqlx::PgConnection;

use super::Stored;

/// What is known of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownOrder {
    pub(crate) vendor_told_at: Option<DateTime<Utc>>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
}

/// What is known, locked until the transaction ends, so that a cancellation and a payment wait for each other.
pub(crate) async fn lock(conn: &mut PgConnection, order_id: OrderId, now: DateTime<Utc>) -> Stored<KnownOrder> {
    sqlx::query_as!(
        KnownOrder,
        "INSERT INTO orders_known (order_id, updated_at) VALUES ($1, $2)
         ON CONFLICT (order_id) DO UPDATE SET updated_at = excluded.updated_at
         RETURNING vendor_told_at, cancelled_at",
        order_id as OrderId,
        now
    )
    .fetch_one(conn)
    .await
}

/// The vendor knows of it now.
pub(crate) async fn vendor_told(conn: &mut PgConnection, order_id: OrderId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE orders_known SET vendor_told_at = coalesce(vendor_told_at, $2) WHERE order_id = $1",
        order_id as OrderId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It is cancelled.
pub(crate) async fn cancelled(conn: &mut PgConnection, order_id: OrderId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE orders_known SET cancelled_at = coalesce(cancelled_at, $2) WHERE order_id = $1",
        order_id as OrderId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
