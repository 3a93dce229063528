//! Payments and refunds as they are spoken.

use ::domain::{
    BuyerId, MediaId, Money, OrderId, OrderNumber, PaymentId, PaymentMethod, PaymentState, RefundId, RefundStatus, UserId,
    VendorId,
};
use chrono::{DateTime, Utc};
use clients::payment::{GatewayOrder, OpenedPayment};
use serde::{Deserialize, Serialize};
use service_kit::http::Caller;

use crate::App;
use crate::domain::online::CURRENCY;
use crate::store::payments::PaymentRow;
use crate::store::refunds::RefundRow;

/// A payment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PaymentOut {
    /// The payment.
    pub id: PaymentId,
    /// The order it pays.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who pays.
    pub buyer_id: BuyerId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// Online or cash.
    pub payment_method: PaymentMethod,
    /// `upi`, `card`, `wallet`, `netbanking`, `emi`, `cash` or `other`, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<String>,
    /// What is due in all.
    pub amount: Money,
    /// `INR`.
    pub currency: &'static str,
    /// Where it stands.
    pub status: PaymentState,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// When the money came in online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<DateTime<Utc>>,
    /// What went back.
    pub refund_amount: Money,
    /// What was asked back and has not failed, `refund_amount` included.
    pub refund_requested: Money,
    /// When money last went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<DateTime<Utc>>,
    /// Cash on delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cod: Option<CodOut>,
    /// The gateway's side; not for vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayOut>,
    /// Held money; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineOut>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// How the cash came in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CodOut {
    /// Who reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_by: Option<UserId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<DateTime<Utc>>,
    /// The photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_media_id: Option<MediaId>,
    /// Who of finance looked at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_verified_by: Option<UserId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_verified_at: Option<DateTime<Utc>>,
}

/// The gateway's side of a payment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct GatewayOut {
    /// `razorpay`.
    pub provider: &'static str,
    /// The gateway's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub razorpay_order_id: Option<String>,
    /// The gateway's payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub razorpay_payment_id: Option<String>,
    /// What the gateway kept, its tax included; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
}

/// Money of an order that is held.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct QuarantineOut {
    /// What differs.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl PaymentOut {
    /// As this caller may see it; `None` when it is none of the caller's business.
    pub(crate) fn seen_by(caller: &Caller, row: PaymentRow) -> Option<Self> {
        let (own, staff) = match caller {
            Caller::Buyer { .. } => (caller.is_buyer(row.buyer_id), false),
            Caller::Vendor { .. } => (caller.is_vendor(row.vendor_id), false),
            Caller::Admin { .. } | Caller::Service { .. } => (true, true),
            Caller::Unregistered { .. } => (false, false),
        };
        let gateway_seen = !matches!(caller, Caller::Vendor { .. });
        own.then(|| Self::of(row, gateway_seen, staff))
    }

    fn of(row: PaymentRow, gateway_seen: bool, staff: bool) -> Self {
        let cod = (row.method == PaymentMethod::Cod).then_some(CodOut {
            collected_by: row.cod_collected_by,
            collected_at: row.cod_collected_at,
            proof_media_id: row.cod_proof_media_id,
            proof_verified_by: row.cod_proof_verified_by,
            proof_verified_at: row.cod_proof_verified_at,
        });
        let gateway = (gateway_seen && row.method == PaymentMethod::Online).then_some(GatewayOut {
            provider: "razorpay",
            razorpay_order_id: row.razorpay_order_id,
            razorpay_payment_id: row.razorpay_payment_id,
            fee: row.gateway_fee.filter(|_| staff),
        });
        let quarantine = match (staff, row.quarantined_at, row.quarantine_reason) {
            (true, Some(since), reason) => Some(QuarantineOut { reason: reason.unwrap_or_default(), since }),
            _ => None,
        };
        Self {
            id: row.id,
            order_id: row.order_id,
            order_number: row.order_number,
            buyer_id: row.buyer_id,
            vendor_id: row.vendor_id,
            payment_method: row.method,
            payment_type: row.payment_type,
            amount: row.amount,
            currency: CURRENCY,
            status: row.status,
            failure_reason: row.failure_reason,
            captured_at: row.captured_at,
            refund_amount: row.refund_amount,
            refund_requested: row.refund_requested,
            refunded_at: row.refunded_at,
            cod,
            gateway,
            quarantine,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A payment as whoever opens it wants it.
pub(crate) fn opened(app: &App, row: PaymentRow) -> OpenedPayment {
    let gateway = row.razorpay_order_id.map(|razorpay_order_id| GatewayOrder {
        provider: "razorpay".to_owned(),
        razorpay_order_id,
        key_id: app.razorpay.key_id().to_owned(),
        amount_paise: row.amount.paise(),
        currency: CURRENCY.to_owned(),
    });
    OpenedPayment { payment_id: row.id, status: row.status, gateway }
}

/// A refund.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RefundOut {
    /// The refund.
    pub id: RefundId,
    /// The payment it refunds.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// `INR`.
    pub currency: String,
    /// `cancellation`, `late_capture`, `dispute`, `return`, `goodwill`, `duplicate_payment`, `retired_order` or
    /// `quarantined`.
    pub reason: String,
    /// What was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Where it stands.
    pub status: RefundStatus,
    /// The gateway's refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub razorpay_refund_id: Option<String>,
    /// When it was asked for.
    pub initiated_at: DateTime<Utc>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<DateTime<Utc>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_reason: Option<String>,
}

impl From<&RefundRow> for RefundOut {
    fn from(row: &RefundRow) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            amount: row.amount,
            currency: CURRENCY.to_owned(),
            reason: row.reason.clone(),
            notes: row.notes.clone(),
            status: row.status,
            razorpay_refund_id: row.razorpay_refund_id.clone(),
            initiated_at: row.initiated_at,
            processed_at: row.processed_at,
            failed_reason: row.failed_reason.clone(),
        }
    }
}

/// How a payment's refunds stand.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RefundStatusOut {
    /// The payment.
    pub payment_id: PaymentId,
    /// Where it stands.
    pub payment_status: PaymentState,
    /// What came in, or is due.
    pub amount: Money,
    /// What was asked back and has not failed.
    pub refund_requested: Money,
    /// What went back.
    pub refund_amount: Money,
    /// What can still be asked back.
    pub refundable: Money,
    /// `INR`.
    pub currency: &'static str,
    /// Each, oldest first.
    pub refunds: Vec<RefundOut>,
}
