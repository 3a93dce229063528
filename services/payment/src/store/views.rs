//! The list of payments.

use ::domain::{BuyerId, MediaId, Money, OrderId, OrderNumber, PaymentId, PaymentMethod, PaymentState, UserId, VendorId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use super::payments::{PaymentRow, select_payments};

/// Which payments are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct PaymentFilter {
    pub status: Option<PaymentState>,
    pub method: Option<PaymentMethod>,
    pub buyer_id: Option<BuyerId>,
    pub vendor_id: Option<VendorId>,
    pub order_number: Option<OrderNumber>,
    pub quarantined: Option<bool>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Where a payment stands in the list, newest first.
pub(crate) type PaymentPlace = (DateTime<Utc>, Uuid);

/// Payments after a place, newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &PaymentFilter,
    after: Option<PaymentPlace>,
    limit: i64,
) -> Stored<Vec<PaymentRow>> {
    let (at, id) = after.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    select_payments!(
        "WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR payment_method = $2)
           AND ($3::uuid IS NULL OR buyer_id = $3) AND ($4::uuid IS NULL OR vendor_id = $4)
           AND ($5::text IS NULL OR order_number = $5)
           AND ($6::bool IS NULL OR (quarantined_at IS NOT NULL) = $6)
           AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
           AND ($9::timestamptz IS NULL OR (created_at, id) < ($9, $10::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $11",
        filter.status.map(|status| status.as_str()),
        filter.method.map(|method| method.as_str()),
        filter.buyer_id as Option<BuyerId>,
        filter.vendor_id as Option<VendorId>,
        filter.order_number.as_ref().map(OrderNumber::as_str),
        filter.quarantined,
        filter.from,
        filter.to,
        at,
        id,
        limit
    )
    .fetch_all(conn)
    .await
}
