//! Single orders.

use domain::events::AddressSnapshot;
use domain::{
    ActorKind, AddressId, BuyerId, GstScheme, Money, OrderId, OrderNumber, OrderStatus, OrderType, PaymentId, PaymentMethod,
    PaymentStatus, Rate, Slot, StateCode, UserId, VendorId,
};
use pg_kit::DbError;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::row::{OrderRow, select_orders};
use crate::domain::Order;

/// For whom an order is looked up: who is not a party of it does not find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Buyer(BuyerId),
    Vendor(VendorId),
    Staff,
    Service,
}

impl Reader {
    fn buyer(self) -> Option<Uuid> {
        if let Self::Buyer(id) = self { Some(id.into()) } else { None }
    }

    fn vendor(self) -> Option<Uuid> {
        if let Self::Vendor(id) = self { Some(id.into()) } else { None }
    }
}

fn order(row: Option<OrderRow>) -> Result<Option<Order>, DbError> {
    row.map(Order::try_from).transpose()
}

/// An order of this reader's.
pub(crate) async fn find(conn: &mut PgConnection, id: OrderId, reader: Reader) -> Result<Option<Order>, DbError> {
    let row = select_orders!(
        "WHERE id = $1 AND ($2::uuid IS NULL OR buyer_id = $2) AND ($3::uuid IS NULL OR vendor_id = $3)",
        id.as_uuid(),
        reader.buyer(),
        reader.vendor()
    )
    .fetch_optional(conn)
    .await?;
    order(row)
}

/// An order of this reader's by its number.
pub(crate) async fn find_by_number(
    conn: &mut PgConnection,
    number: &OrderNumber,
    reader: Reader,
) -> Result<Option<Order>, DbError> {
    let row = select_orders!(
        "WHERE order_number = $1 AND ($2::uuid IS NULL OR buyer_id = $2) AND ($3::uuid IS NULL OR vendor_id = $3)",
        number.as_str(),
        reader.buyer(),
        reader.vendor()
    )
    .fetch_optional(conn)
    .await?;
    order(row)
}

/// An order of this reader's, kept from others until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: OrderId, reader: Reader) -> Result<Option<Order>, DbError> {
    let row = select_orders!(
        "WHERE id = $1 AND ($2::uuid IS NULL OR buyer_id = $2) AND ($3::uuid IS NULL OR vendor_id = $3) FOR UPDATE",
        id.as_uuid(),
        reader.buyer(),
        reader.vendor()
    )
    .fetch_optional(conn)
    .await?;
    order(row)
}

/// Writes what can change of an order, if it still is what was read: status `from`, same revision. Answers the new
/// revision.
pub(crate) async fn save(conn: &mut PgConnection, order: &Order, from: OrderStatus) -> Result<i64, DbError> {
    let ended = order.cancellation.as_ref();
    sqlx::query_scalar!(
        "UPDATE orders SET status = $4, payment_status = $5, payment_id = $6, refunded = $7, vendor_notes = $8,
                cancelled_by = $9, cancelled_by_kind = $10, cancellation_code = $11, cancellation_reason = $12,
                cancelled_at = $13, updated_at = $14, awaiting_since = $15, paid_at = $16, confirmed_at = $17,
                delivered_at = $18, completed_at = $19, revision = revision + 1
          WHERE id = $1 AND status = $2 AND revision = $3
         RETURNING revision",
        order.id.as_uuid(),
        from.as_str(),
        order.revision,
        order.status.as_str(),
        order.payment_status.as_str(),
        order.payment_id.map(|id| id.as_uuid()),
        order.refunded as _,
        order.vendor_notes,
        ended.and_then(|ended| ended.by).map(|id| id.as_uuid()),
        ended.map(|ended| ended.by_kind.as_str()),
        ended.map(|ended| ended.code.as_str()),
        ended.map(|ended| ended.reason.as_str()),
        ended.map(|ended| ended.at),
        order.updated_at,
        order.awaiting_since,
        order.paid_at,
        order.confirmed_at,
        order.delivered_at,
        order.completed_at,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(DbError::State("an order changed between reading and writing it"))
}

/// Writes what an edit of its items changes, if the order still is what was read. Answers the new revision.
pub(crate) async fn reprice(conn: &mut PgConnection, order: &Order) -> Result<i64, DbError> {
    sqlx::query_scalar!(
        "UPDATE orders SET order_type = $3, subtotal = $4, delivery_charge = $5, delivery_cgst = $6, delivery_sgst = $7,
                delivery_igst = $8, tax = $9, discount = $10, total = $11, updated_at = $12, revision = revision + 1
          WHERE id = $1 AND revision = $2 AND status = 'pending' AND paid_at IS NULL
         RETURNING revision",
        order.id.as_uuid(),
        order.revision,
        order.order_type.as_str(),
        order.subtotal as _,
        order.delivery_charge as _,
        order.delivery_tax.cgst as _,
        order.delivery_tax.sgst as _,
        order.delivery_tax.igst as _,
        order.tax as _,
        order.discount as _,
        order.total as _,
        order.updated_at,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(DbError::State("an order changed between reading and repricing it"))
}
