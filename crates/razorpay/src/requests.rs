//! What we ask Razorpay to make.

use chrono::{DateTime, Utc};
use domain::Money;
use serde::Serialize;
use serde_json::{Value, json};

use crate::wire::Notes;

/// An order to open.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// What is to be paid; at least ₹1.
    pub amount: Money,
    /// Our own key, at most 40 characters: an order is found again by it.
    pub receipt: String,
    /// Our notes.
    pub notes: Notes,
}

impl NewOrder {
    pub(crate) fn body(&self) -> Value {
        json!({
            "amount": self.amount.paise(),
            "currency": "INR",
            "receipt": self.receipt,
            "notes": self.notes,
        })
    }
}

/// A refund to make.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// What goes back.
    pub amount: Money,
    /// Idempotency key: at least ten of `[A-Za-z0-9_-]`.
    pub key: String,
    /// Our receipt; a refund is found again by it.
    pub receipt: String,
    /// Our notes.
    pub notes: Notes,
}

impl NewRefund {
    pub(crate) fn body(&self) -> Value {
        json!({
            "amount": self.amount.paise(),
            "speed": "normal",
            "receipt": self.receipt,
            "notes": self.notes,
        })
    }
}

/// Who pays a link.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Customer {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phone, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A payment link to make.
#[derive(Debug, Clone)]
pub struct NewPaymentLink {
    /// What is to be paid.
    pub amount: Money,
    /// Our own unique key, at most 40 characters.
    pub reference_id: String,
    /// What it is for.
    pub description: String,
    /// Who pays.
    pub customer: Customer,
    /// Whether Razorpay sends the link itself.
    pub notify: bool,
    /// End; at least 15 minutes ahead.
    pub expire_by: Option<DateTime<Utc>>,
    /// Where the buyer lands afterwards.
    pub callback_url: Option<String>,
    /// Our notes.
    pub notes: Notes,
}

impl NewPaymentLink {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "amount": self.amount.paise(),
            "currency": "INR",
            "accept_partial": false,
            "reference_id": self.reference_id,
            "description": self.description,
            "customer": self.customer,
            "notify": {"sms": self.notify, "email": self.notify},
            "notes": self.notes,
        });
        if let Some(at) = self.expire_by {
            body["expire_by"] = json!(at.timestamp());
        }
        if let Some(url) = &self.callback_url {
            body["callback_url"] = json!(url);
            body["callback_method"] = json!("get");
        }
        body
    }
}
