//! What the vendor was told of an order.

use chrono::{DateTime, Utc};
use domain::OrderId;
use sqlx::PgConnection;

use super::Stored;

/// What is known of an order after an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownOrder {
    pub(crate) vendor_told_at: Option<DateTime<Utc>>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
}

/// What happens to an order, as far as its vendor has to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The vendor is to be told of it, unless it is cancelled.
    ForTheVendor,
    /// It is cancelled.
    Cancelled,
    /// Something else.
    Other,
}

/// Keeps it and yields what is known of the order with it. The row stays locked until the transaction ends, so that a
/// cancellation and a payment wait for each other.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    order_id: OrderId,
    happening: Happening,
    now: DateTime<Utc>,
) -> Stored<KnownOrder> {
    let told = (happening == Happening::ForTheVendor).then_some(now);
    let cancelled = (happening == Happening::Cancelled).then_some(now);
    sqlx::query_as!(
        KnownOrder,
        "INSERT INTO orders_known AS known (order_id, vendor_told_at, cancelled_at, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (order_id) DO UPDATE
            SET vendor_told_at = CASE WHEN known.cancelled_at IS NULL THEN coalesce(known.vendor_told_at, excluded.vendor_told_at)
                                      ELSE known.vendor_told_at END,
                cancelled_at = coalesce(known.cancelled_at, excluded.cancelled_at), updated_at = excluded.updated_at
         RETURNING vendor_told_at, cancelled_at",
        order_id as OrderId,
        told,
        cancelled,
        now
    )
    .fetch_one(conn)
    .await
}
