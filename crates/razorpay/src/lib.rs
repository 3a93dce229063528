//! Razorpay: orders, payments, refunds, payment links, webhooks.
//!
//! Nothing here repeats a call that moves money. A [`RazorpayError::Unknown`] is looked up first:
//! an order by its receipt, a refund by its key among the payment's refunds.

mod client;
mod entities;
mod error;
mod requests;
mod settings;
mod signature;
mod webhook;
mod wire;

pub use client::Razorpay;
pub use entities::{
    LinkPayment, LinkStatus, Order, OrderStatus, Payment, PaymentLink, PaymentStatus, Refund, RefundProgress, RefundStatus,
};
pub use error::{RazorpayError, Refusal, RefusalKind};
pub use requests::{Customer, NewOrder, NewPaymentLink, NewRefund};
pub use settings::RazorpaySettings;
pub use signature::{sign, verify_checkout_signature, verify_link_signature, verify_webhook};
pub use webhook::{EVENT_ID_HEADER, SIGNATURE_HEADER, WebhookError, WebhookEvent, WebhookKind, parse_webhook};
pub use wire::Notes;
