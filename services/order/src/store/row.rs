//! An order as its row, and back.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::AddressSnapshot;
use domain::{
    ActorKind, AddressId, BuyerId, GstScheme, Money, OrderId, OrderNumber, OrderStatus, OrderType, PaymentId, PaymentMethod,
    PaymentStatus, Rate, Slot, StateCode, UserId, VendorId,
};
use pg_kit::DbError;
use sqlx::types::Json;

use crate::domain::pricing::LineTax;
use crate::domain::{CancelCode, Cancellation, Order};

/// Selects whole orders: the columns are said once.
macro_rules! select_orders {
    ($tail:tt $(, $($args:tt)*)?) => {
        sqlx::query_as!(
            $crate::store::row::OrderRow,
            r#"SELECT id AS "id: OrderId", order_number AS "order_number: OrderNumber", buyer_id AS "buyer_id: BuyerId",
                      buyer_user_id AS "buyer_user_id: UserId", vendor_id AS "vendor_id: VendorId",
                      vendor_user_id AS "vendor_user_id: UserId", order_type AS "order_type: OrderType",
                      delivery_address_id AS "delivery_address_id: AddressId",
                      delivery_address AS "delivery_address: Json<AddressSnapshot>", delivery_date,
                      delivery_slot AS "delivery_slot: Slot", distance_metres, subtotal AS "subtotal: Money",
                      delivery_charge AS "delivery_charge: Money", delivery_tax_code,
                      delivery_gst_rate AS "delivery_gst_rate: Rate", delivery_cgst AS "delivery_cgst: Money",
                      delivery_sgst AS "delivery_sgst: Money", delivery_igst AS "delivery_igst: Money", tax AS "tax: Money",
                      discount AS "discount: Money", total AS "total: Money", supplier_state AS "supplier_state: StateCode",
                      gst_scheme AS "gst_scheme: GstScheme", commission_rate AS "commission_rate: Rate",
                      payment_method AS "payment_method: PaymentMethod", payment_status AS "payment_status: PaymentStatus",
                      payment_id AS "payment_id: PaymentId", refunded AS "refunded: Money", status AS "status: OrderStatus",
                      buyer_notes, vendor_notes, cancelled_by AS "cancelled_by: UserId",
                      cancelled_by_kind AS "cancelled_by_kind: ActorKind", cancellation_code, cancellation_reason, created_at,
                      updated_at, awaiting_since, paid_at, confirmed_at, delivered_at, completed_at, cancelled_at, revision
                 FROM orders "# + $tail
            $(, $($args)*)?
        )
    };
}
pub(crate) use select_orders;

/// A row of `orders`.
#[derive(Debug)]
pub(crate) struct OrderRow {
    pub(crate) id: OrderId,
    pub(crate) order_number: OrderNumber,
    pub(crate) buyer_id: BuyerId,
    pub(crate) buyer_user_id: UserId,
    pub(crate) vendor_id: VendorId,
    pub(crate) vendor_user_id: UserId,
    pub(crate) order_type: OrderType,
    pub(crate) delivery_address_id: AddressId,
    pub(crate) delivery_address: Json<AddressSnapshot>,
    pub(crate) delivery_date: Option<NaiveDate>,
    pub(crate) delivery_slot: Option<Slot>,
    pub(crate) distance_metres: i32,
    pub(crate) subtotal: Money,
    pub(crate) delivery_charge: Money,
    pub(crate) delivery_tax_code: String,
    pub(crate) delivery_gst_rate: Rate,
    pub(crate) delivery_cgst: Money,
    pub(crate) delivery_sgst: Money,
    pub(crate) delivery_igst: Money,
    pub(crate) tax: Money,
    pub(crate) discount: Money,
    pub(crate) total: Money,
    pub(crate) supplier_state: StateCode,
    pub(crate) gst_scheme: GstScheme,
    pub(crate) commission_rate: Rate,
    pub(crate) payment_method: PaymentMethod,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) payment_id: Option<PaymentId>,
    pub(crate) refunded: Money,
    pub(crate) status: OrderStatus,
    pub(crate) buyer_notes: Option<String>,
    pub(crate) vendor_notes: Option<String>,
    pub(crate) cancelled_by: Option<UserId>,
    pub(crate) cancelled_by_kind: Option<ActorKind>,
    pub(crate) cancellation_code: Option<String>,
    pub(crate) cancellation_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) awaiting_since: Option<DateTime<Utc>>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    pub(crate) revision: i64,
}

impl OrderRow {
    fn cancellation(&self) -> Result<Option<Cancellation>, DbError> {
        // The table has all of these or none.
        let (Some(at), Some(by_kind), Some(code), Some(reason)) =
            (self.cancelled_at, self.cancelled_by_kind, &self.cancellation_code, &self.cancellation_reason)
        else {
            return Ok(None);
        };
        let code = CancelCode::read(code)
            .ok_or_else(|| DbError::Value { column: "orders.cancellation_code", reason: format!("unknown: {code}") })?;
        Ok(Some(Cancellation { by: self.cancelled_by, by_kind, code, reason: reason.clone(), at }))
    }
}

impl TryFrom<OrderRow> for Order {
    type Error = DbError;
    fn try_from(row: OrderRow) -> Result<Self, DbError> {
        let cancellation = row.cancellation()?;
        Ok(Self {
            id: row.id,
            order_number: row.order_number,
            buyer_id: row.buyer_id,
            buyer_user_id: row.buyer_user_id,
            vendor_id: row.vendor_id,
            vendor_user_id: row.vendor_user_id,
            order_type: row.order_type,
            delivery_address_id: row.delivery_address_id,
            delivery_address: row.delivery_address.0,
            delivery_date: row.delivery_date,
            delivery_slot: row.delivery_slot,
            distance_metres: row.distance_metres,
            subtotal: row.subtotal,
            delivery_charge: row.delivery_charge,
            delivery_tax_code: row.delivery_tax_code,
            delivery_gst_rate: row.delivery_gst_rate,
            delivery_tax: LineTax { cgst: row.delivery_cgst, sgst: row.delivery_sgst, igst: row.delivery_igst },
            tax: row.tax,
            discount: row.discount,
            total: row.total,
            supplier_state: row.supplier_state,
            gst_scheme: row.gst_scheme,
            commission_rate: row.commission_rate,
            payment_method: row.payment_method,
            payment_status: row.payment_status,
            payment_id: row.payment_id,
            refunded: row.refunded,
            status: row.status,
            buyer_notes: row.buyer_notes,
            vendor_notes: row.vendor_notes,
            cancellation,
            created_at: row.created_at,
            updated_at: row.updated_at,
            awaiting_since: row.awaiting_since,
            paid_at: row.paid_at,
            confirmed_at: row.confirmed_at,
            delivered_at: row.delivered_at,
            completed_at: row.completed_at,
            revision: row.revision,
        })
    }
}
