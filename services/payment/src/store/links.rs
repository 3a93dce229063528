//! Links by which an order is paid without the app.

use ::domain::{Money, PaymentId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// A link as stored.
#[derive(Debug, Clone)]
pub(crate) struct LinkRow {
    pub id: Uuid,
    pub payment_id: PaymentId,
    pub revision: i64,
    pub reference_id: String,
    pub amount: Money,
    pub expires_at: DateTime<Utc>,
    pub gateway_link_id: Option<String>,
    pub razorpay_order_id: Option<String>,
    pub url: Option<String>,
}

/// The columns of [`LinkRow`] before a condition.
macro_rules! select_links {
    ($tail:tt $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            LinkRow,
            r#"SELECT id, payment_id as "payment_id: PaymentId", revision, reference_id, amount as "amount: Money", expires_at,
                      gateway_link_id, razorpay_order_id, url
                 FROM payment_links "# + $tail
            $(, $bind)*
        )
    };
}

/// The one good link of a payment.
pub(crate) async fn good(conn: &mut PgConnection, payment: PaymentId) -> Stored<Option<LinkRow>> {
    select_links!("WHERE payment_id = $1 AND retired_at IS NULL", payment as PaymentId).fetch_optional(conn).await
}

/// The link that the gateway knows by this id.
pub(crate) async fn by_gateway_id(conn: &mut PgConnection, gateway_link: &str) -> Stored<Option<LinkRow>> {
    select_links!("WHERE gateway_link_id = $1", gateway_link).fetch_optional(conn).await
}

/// The link that the gateway keeps this order behind.
pub(crate) async fn of_gateway_order(conn: &mut PgConnection, gateway_order: &str) -> Stored<Option<LinkRow>> {
    select_links!("WHERE razorpay_order_id = $1 ORDER BY created_at DESC LIMIT 1", gateway_order).fetch_optional(conn).await
}

/// All links of a payment that the gateway made.
pub(crate) async fn made_for(conn: &mut PgConnection, payment: PaymentId) -> Stored<Vec<LinkRow>> {
    select_links!("WHERE payment_id = $1 AND gateway_link_id IS NOT NULL ORDER BY created_at", payment as PaymentId)
        .fetch_all(conn)
        .await
}

/// Writes a new one down before the gateway makes it.
pub(crate) async fn insert(conn: &mut PgConnection, link: &LinkRow, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO payment_links (id, payment_id, revision, reference_id, amount, expires_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        link.id,
        link.payment_id as PaymentId,
        link.revision,
        link.reference_id,
        link.amount as Money,
        link.expires_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the gateway made.
pub(crate) async fn made(conn: &mut PgConnection, id: Uuid, gateway_link: &str, order: Option<&str>, url: &str) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_links SET gateway_link_id = $2, razorpay_order_id = coalesce(razorpay_order_id, $3), url = $4
          WHERE id = $1 AND gateway_link_id IS NULL",
        id,
        gateway_link,
        order,
        url
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The order that the gateway keeps behind a link, once it tells.
pub(crate) async fn keep_order(conn: &mut PgConnection, gateway_link: &str, gateway_order: &str) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_links SET razorpay_order_id = $2 WHERE gateway_link_id = $1 AND razorpay_order_id IS NULL",
        gateway_link,
        gateway_order
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It is not handed out any more.
pub(crate) async fn retire(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE payment_links SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL", id, now).execute(conn).await?;
    Ok(())
}

/// Links that could still be paid though nobody should: of payments that are done, over or changed. They are handed out no
/// more, and are the caller's to take back for a minute; then somebody else tries, until [`taken_back`] is said.
pub(crate) async fn take_superfluous(conn: &mut PgConnection, limit: i64, now: DateTime<Utc>) -> Stored<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH gone AS MATERIALIZED (
               SELECT l.id FROM payment_links l JOIN payments p ON p.id = l.payment_id
                WHERE l.cancelled_at IS NULL AND l.gateway_link_id IS NOT NULL AND l.expires_at > $1
                  AND (l.cancel_tried_at IS NULL OR l.cancel_tried_at <= $1::timestamptz - interval '60 seconds')
                  AND (l.retired_at IS NOT NULL OR p.order_cancelled_at IS NOT NULL OR l.revision <> p.revision
                       OR p.status NOT IN ('pending', 'failed'))
                ORDER BY l.cancel_tried_at NULLS FIRST LIMIT $2 FOR UPDATE OF l SKIP LOCKED
           )
           UPDATE payment_links SET cancel_tried_at = $1, retired_at = coalesce(retired_at, $1) FROM gone
            WHERE payment_links.id = gone.id RETURNING gateway_link_id as "gateway_link_id!""#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The gateway has taken a link back, or never will.
pub(crate) async fn taken_back(conn: &mut PgConnection, gateway_link: &str, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_links SET cancelled_at = $2 WHERE gateway_link_id = $1 AND cancelled_at IS NULL",
        gateway_link,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
