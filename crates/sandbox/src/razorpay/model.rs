//! What Razorpay keeps, and the shapes it shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::table::{Row, Table};

/// Seconds until the bank's reference of a refund is known.
const REFERENCE_AFTER: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    Created,
    Attempted,
    Paid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    Created,
    Authorized,
    Captured,
    Refunded,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Processed,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkStatus {
    Created,
    Expired,
    Cancelled,
    Paid,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_paid: i64,
    pub(crate) currency: String,
    pub(crate) receipt: Option<String>,
    pub(crate) status: OrderStatus,
    pub(crate) attempts: u32,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created_at: i64,
    /// The payment waits for a capture call.
    pub(crate) manual_capture: bool,
    /// The payment link it belongs to.
    pub(crate) link_id: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: PaymentStatus,
    pub(crate) method: String,
    pub(crate) amount_refunded: i64,
    pub(crate) captured: bool,
    pub(crate) email: String,
    pub(crate) contact: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) fee: Option<i64>,
    pub(crate) tax: Option<i64>,
    pub(crate) failure: bool,
    pub(crate) reference: String,
    pub(crate) created_at: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) payment_id: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) receipt: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) status: RefundStatus,
    pub(crate) speed_requested: String,
    pub(crate) reference: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: LinkStatus,
    pub(crate) reference_id: String,
    pub(crate) description: String,
    pub(crate) customer: Value,
    pub(crate) notify: Value,
    pub(crate) reminder_enable: bool,
    pub(crate) notes: Map<String, Value>,
    pub(crate) callback_url: String,
    pub(crate) expire_by: i64,
    pub(crate) expired_at: i64,
    pub(crate) cancelled_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) payment_id: Option<String>,
    pub(crate) short_url: String,
}

/// What was done under an idempotency key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RefundKey {
    pub(crate) payment_id: String,
    pub(crate) request: Value,
    /// Missing while the first request is still at work.
    pub(crate) refund_id: Option<String>,
}

/// Everything Razorpay remembers.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct RazorpayState {
    pub(crate) orders: Table<Order>,
    pub(crate) payments: Table<Payment>,
    pub(crate) refunds: Table<Refund>,
    pub(crate) links: Table<Link>,
    pub(crate) refund_keys: BTreeMap<String, RefundKey>,
}

macro_rules! rows {
    ($($kind:ty),*) => {$(
        impl Row for $kind {
            fn id(&self) -> &str {
                &self.id
            }
        }
    )*};
}
rows!(Order, Payment, Refund, Link);

/// Empty notes are an array, as PHP would have it.
fn notes(notes: &Map<String, Value>) -> Value {
    if notes.is_empty() { json!([]) } else { Value::Object(notes.clone()) }
}

impl Order {
    pub(crate) fn entity(&self) -> Value {
        json!({
            "id": self.id, "entity": "order", "amount": self.amount, "amount_paid": self.amount_paid,
            "amount_due": (self.amount - self.amount_paid).max(0), "currency": self.currency, "receipt": self.receipt,
            "offer_id": null, "status": self.status, "attempts": self.attempts, "notes": notes(&self.notes), "created_at": self.created_at,
        })
    }
}

impl Payment {
    pub(crate) fn entity(&self) -> Value {
        let is = |method: &str| self.method == method;
        let upi = is("upi");
        let refund_status = match self.amount_refunded {
            0 => None,
            refunded if refunded >= self.amount => Some("full"),
            _ => Some("partial"),
        };
        let error = |text: &str| self.failure.then(|| text.to_owned());
        let acquirer = match self.method.as_str() {
            "upi" => json!({"rrn": self.reference, "upi_transaction_id": self.reference}),
            "netbanking" => json!({"bank_transaction_id": self.reference}),
            "wallet" => json!({"transaction_id": self.reference}),
            _ => json!({"auth_code": self.reference}),
        };
        let mut entity = json!({
            "id": self.id, "entity": "payment", "amount": self.amount, "currency": self.currency, "status": self.status,
            "order_id": self.order_id, "invoice_id": null, "international": false, "method": self.method,
            "amount_refunded": self.amount_refunded, "refund_status": refund_status, "captured": self.captured, "description": null,
            "card_id": is("card").then(|| format!("card_{}", self.id.trim_start_matches("pay_"))),
            "bank": is("netbanking").then_some("HDFC"), "wallet": is("wallet").then_some("mobikwik"),
            "vpa": upi.then_some("success@razorpay"), "email": self.email, "contact": self.contact, "notes": notes(&self.notes),
            "fee": self.fee, "tax": self.tax, "error_code": error("BAD_REQUEST_ERROR"),
            "error_description": error("Payment was unsuccessful as the bank declined it. Try another method."),
            "error_source": error("bank"), "error_step": error("payment_authorization"), "error_reason": error("payment_failed"),
            "acquirer_data": acquirer, "created_at": self.created_at,
        });
        if upi {
            entity["upi"] = json!({"payer_account_type": "bank_account", "vpa": "success@razorpay", "flow": "collect"});
        }
        if self.captured {
            entity["base_amount"] = json!(self.amount);
            entity["amount_transferred"] = json!(0);
        }
        entity
    }
}

impl Refund {
    pub(crate) fn entity(&self, now: i64) -> Value {
        let known = self.status == RefundStatus::Processed && now - self.created_at >= REFERENCE_AFTER;
        let instant = self.speed_requested == "optimum";
        json!({
            "id": self.id, "entity": "refund", "amount": self.amount, "currency": self.currency, "payment_id": self.payment_id,
            "notes": notes(&self.notes), "receipt": self.receipt, "acquirer_data": {"arn": known.then_some(&self.reference)},
            "created_at": self.created_at, "batch_id": null, "status": self.status,
            "speed_processed": if instant { "instant" } else { "normal" }, "speed_requested": self.speed_requested,
        })
    }
}

impl Link {
    pub(crate) fn entity(&self) -> Value {
        let paid = self.status == LinkStatus::Paid;
        let payments = self.payment_id.as_ref().map(|payment| {
            json!([{
                "payment_id": payment, "plink_id": self.id, "amount": self.amount, "method": "upi", "status": "captured",
                "created_at": self.updated_at, "updated_at": self.updated_at,
            }])
        });
        json!({
            "id": self.id, "amount": self.amount, "amount_paid": if paid { self.amount } else { 0 }, "accept_partial": false,
            "first_min_partial_amount": 0, "currency": self.currency, "status": self.status, "short_url": self.short_url,
            "reference_id": self.reference_id, "description": self.description, "customer": self.customer, "notify": self.notify,
            "reminder_enable": self.reminder_enable, "reminders": [],
            "notes": if self.notes.is_empty() { Value::Null } else { Value::Object(self.notes.clone()) },
            "payments": payments, "expire_by": self.expire_by, "expired_at": self.expired_at, "cancelled_at": self.cancelled_at,
            "created_at": self.created_at, "updated_at": self.updated_at, "user_id": "", "callback_url": self.callback_url,
            "callback_method": if self.callback_url.is_empty() { "" } else { "get" }, "order_id": self.order_id,
        })
    }
}
