//! Razorpay's entities, as much of them as we read. Unknown states are kept, not refused.

use chrono::{DateTime, Utc};
use domain::Money;
use serde::{Deserialize, Serialize};

use crate::wire::{Notes, optional_paise, optional_time, paise, paise_or_zero};

/// State of a Razorpay order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// No attempt yet.
    Created,
    /// Tried, not captured.
    Attempted,
    /// A payment was captured; stays so even when all is refunded.
    Paid,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// An order at Razorpay.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// `order_…`; without the prefix inside payment-link webhooks.
    pub id: String,
    /// What is to be paid.
    #[serde(deserialize_with = "paise")]
    pub amount: Money,
    /// What was paid.
    #[serde(default, deserialize_with = "paise_or_zero")]
    pub amount_paid: Money,
    /// What is still due.
    #[serde(default, deserialize_with = "paise_or_zero")]
    pub amount_due: Money,
    /// ISO currency.
    pub currency: String,
    /// Our receipt.
    #[serde(default)]
    pub receipt: Option<String>,
    /// State.
    pub status: OrderStatus,
    /// Attempts so far.
    #[serde(default)]
    pub attempts: u32,
    /// Our notes.
    #[serde(default)]
    pub notes: Notes,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_time")]
    pub created_at: Option<DateTime<Utc>>,
}

/// State of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Begun.
    Created,
    /// The money is held, not taken.
    Authorized,
    /// The money is ours; also while partly refunded.
    Captured,
    /// Refunded in full.
    Refunded,
    /// Did not work; may still turn into authorized later.
    Failed,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// How far a payment is refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundProgress {
    /// In part.
    Partial,
    /// In full.
    Full,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// A payment at Razorpay. Judge it by `status`; the `captured` flag of samples is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Payment {
    /// `pay_…`.
    pub id: String,
    /// What was paid.
    #[serde(deserialize_with = "paise")]
    pub amount: Money,
    /// ISO currency.
    pub currency: String,
    /// State.
    pub status: PaymentStatus,
    /// The order it pays.
    #[serde(default)]
    pub order_id: Option<String>,
    /// `upi`, `card`, `netbanking`, …
    #[serde(default)]
    pub method: Option<String>,
    /// Refunded so far.
    #[serde(default, deserialize_with = "paise_or_zero")]
    pub amount_refunded: Money,
    /// How far it is refunded.
    #[serde(default)]
    pub refund_status: Option<RefundProgress>,
    /// Razorpay's fee, its tax included; none before the capture.
    #[serde(default, deserialize_with = "optional_paise")]
    pub fee: Option<Money>,
    /// The tax within the fee.
    #[serde(default, deserialize_with = "optional_paise")]
    pub tax: Option<Money>,
    /// Why it failed: code.
    #[serde(default)]
    pub error_code: Option<String>,
    /// Why it failed: sentence.
    #[serde(default)]
    pub error_description: Option<String>,
    /// Why it failed: reason.
    #[serde(default)]
    pub error_reason: Option<String>,
    /// Our notes.
    #[serde(default)]
    pub notes: Notes,
    /// When it was begun.
    #[serde(default, deserialize_with = "optional_time")]
    pub created_at: Option<DateTime<Utc>>,
}

/// State of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// On its way.
    Pending,
    /// Done as far as Razorpay is concerned; the bank's reference may come later.
    Processed,
    /// Did not work.
    Failed,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// A refund at Razorpay.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// `rfnd_…`.
    pub id: String,
    /// What goes back.
    #[serde(deserialize_with = "paise")]
    pub amount: Money,
    /// ISO currency.
    pub currency: String,
    /// The payment it refunds.
    pub payment_id: String,
    /// State.
    pub status: RefundStatus,
    /// Our receipt.
    #[serde(default)]
    pub receipt: Option<String>,
    /// Our notes.
    #[serde(default)]
    pub notes: Notes,
    /// `normal` or `instant`.
    #[serde(default)]
    pub speed_processed: Option<String>,
    /// The bank's references, as far as they exist.
    #[serde(default)]
    pub acquirer_data: Option<serde_json::Value>,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_time")]
    pub created_at: Option<DateTime<Utc>>,
}

impl Refund {
    /// The bank's reference (ARN, RRN or UTR), once there is one.
    pub fn bank_reference(&self) -> Option<&str> {
        let data = self.acquirer_data.as_ref()?;
        ["arn", "rrn", "utr"].into_iter().find_map(|name| data.get(name)?.as_str())
    }
}

/// State of a payment link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStatus {
    /// Waiting.
    Created,
    /// Paid in part.
    PartiallyPaid,
    /// Too late.
    Expired,
    /// Taken back.
    Cancelled,
    /// Paid.
    Paid,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

/// A payment made through a link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LinkPayment {
    /// `pay_…`.
    pub payment_id: String,
    /// What was paid.
    #[serde(deserialize_with = "paise")]
    pub amount: Money,
}

/// A payment link at Razorpay.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentLink {
    /// `plink_…`.
    pub id: String,
    /// What is to be paid.
    #[serde(deserialize_with = "paise")]
    pub amount: Money,
    /// What was paid.
    #[serde(default, deserialize_with = "paise_or_zero")]
    pub amount_paid: Money,
    /// ISO currency.
    pub currency: String,
    /// State.
    pub status: LinkStatus,
    /// What the buyer opens.
    #[serde(default)]
    pub short_url: Option<String>,
    /// Our reference.
    #[serde(default)]
    pub reference_id: Option<String>,
    /// The order behind it, once there is one.
    #[serde(default)]
    pub order_id: Option<String>,
    /// Payments made through it.
    #[serde(default)]
    pub payments: Option<Vec<LinkPayment>>,
    /// Our notes.
    #[serde(default)]
    pub notes: Notes,
    /// When it ends.
    #[serde(default, deserialize_with = "optional_time")]
    pub expire_by: Option<DateTime<Utc>>,
    /// When it was taken back.
    #[serde(default, deserialize_with = "optional_time")]
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_time")]
    pub created_at: Option<DateTime<Utc>>,
}

/// A list of entities.
#[derive(Debug, Deserialize)]
pub(crate) struct Collection<T> {
    #[serde(default = "Vec::new")]
    pub(crate) items: Vec<T>,
}

/// A list of payment links, which has its own shape.
#[derive(Debug, Deserialize)]
pub(crate) struct LinkCollection {
    #[serde(default)]
    pub(crate) payment_links: Vec<PaymentLink>,
}
