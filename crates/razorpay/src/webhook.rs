//! Webhook events: snapshots of the moment they happened, in any order, any number of times.

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    entities::{Order, Payment, PaymentLink, Refund},
    wire::unix_time,
};

/// Header with the signature of the raw body.
pub const SIGNATURE_HEADER: &str = "x-razorpay-signature";
/// Header with the id that stays the same over retries: the key to tell duplicates by.
pub const EVENT_ID_HEADER: &str = "x-razorpay-event-id";

/// The body is no event of Razorpay's.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not JSON, or not an event at all.
    #[error("the webhook body is not an event")]
    NotAnEvent,
    /// A known event that lacks what it is about.
    #[error("the webhook event {event} lacks a readable {entity}")]
    Incomplete {
        /// Name of the event.
        event: String,
        /// Name of the entity.
        entity: &'static str,
    },
}

/// An event.
#[derive(Debug, Clone)]
pub struct WebhookEvent {
    /// Its name, as sent.
    pub name: String,
    /// Our account.
    pub account_id: Option<String>,
    /// When it happened; missing on some.
    pub created_at: Option<DateTime<Utc>>,
    /// What happened.
    pub kind: WebhookKind,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum WebhookKind {
    /// `payment.authorized`, `payment.captured`, `payment.failed`: the state is in the payment.
    Payment(Box<Payment>),
    /// `order.paid`.
    OrderPaid {
        /// The order.
        order: Box<Order>,
        /// The payment that paid it.
        payment: Box<Payment>,
    },
    /// `refund.created`, `.processed`, `.failed`, `.speed_changed`: the state is in the refund.
    Refund {
        /// The refund.
        refund: Box<Refund>,
        /// Its payment afterwards.
        payment: Option<Box<Payment>>,
    },
    /// `payment_link.paid`, `.partially_paid`, `.cancelled`, `.expired`: the state is in the link.
    PaymentLink {
        /// The link.
        link: Box<PaymentLink>,
        /// The payment, when there is one.
        payment: Option<Box<Payment>>,
        /// The order behind the link, with its prefix whatever the event's order says.
        order_id: Option<String>,
    },
    /// One we do not use.
    Unknown,
}

#[derive(Deserialize)]
struct Envelope {
    event: String,
    #[serde(default)]
    account_id: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    created_at: Option<i64>,
}

/// Reads a webhook body whose signature was checked.
pub fn parse_webhook(raw: &[u8]) -> Result<WebhookEvent, WebhookError> {
    let envelope: Envelope = serde_json::from_slice(raw).map_err(|_| WebhookError::NotAnEvent)?;
    let created_at = envelope.created_at.or_else(|| envelope.payload.get("created_at")?.as_i64()).and_then(unix_time);
    let kind = kind(&envelope)?;
    Ok(WebhookEvent { name: envelope.event, account_id: envelope.account_id, created_at, kind })
}

fn kind(envelope: &Envelope) -> Result<WebhookKind, WebhookError> {
    Ok(match envelope.event.as_str() {
        "payment.authorized" | "payment.captured" | "payment.failed" => WebhookKind::Payment(needed(envelope, "payment")?),
        "order.paid" => WebhookKind::OrderPaid { order: needed(envelope, "order")?, payment: needed(envelope, "payment")? },
        "refund.created" | "refund.processed" | "refund.failed" | "refund.speed_changed" => {
            WebhookKind::Refund { refund: needed(envelope, "refund")?, payment: entity(envelope, "payment").map(Box::new) }
        }
        "payment_link.paid" | "payment_link.partially_paid" | "payment_link.cancelled" | "payment_link.expired" => {
            payment_link(envelope)?
        }
        _ => WebhookKind::Unknown,
    })
}

/// The order in these events has no prefix on its id; the payment knows the real one.
fn payment_link(envelope: &Envelope) -> Result<WebhookKind, WebhookError> {
    let link: Box<PaymentLink> = needed(envelope, "payment_link")?;
    let payment: Option<Payment> = entity(envelope, "payment");
    let from_order = || {
        let id = envelope.payload.pointer("/order/entity/id")?.as_str()?;
        Some(match id.strip_prefix("order_") {
            Some(_) => id.to_owned(),
            None => format!("order_{id}"),
        })
    };
    let order_id =
        payment.as_ref().and_then(|payment| payment.order_id.clone()).or_else(|| link.order_id.clone()).or_else(from_order);
    Ok(WebhookKind::PaymentLink { link, payment: payment.map(Box::new), order_id })
}

fn needed<T: DeserializeOwned>(envelope: &Envelope, name: &'static str) -> Result<Box<T>, WebhookError> {
    entity(envelope, name).map(Box::new).ok_or_else(|| WebhookError::Incomplete { event: envelope.event.clone(), entity: name })
}

fn entity<T: DeserializeOwned>(envelope: &Envelope, name: &str) -> Option<T> {
    let value = envelope.payload.get(name)?.get("entity")?;
    T::deserialize(value).ok()
}

#[cfg(test)]
mod tests {
    use domain::Money;
    use serde_json::json;

    use super::*;
    use crate::entities::{LinkStatus, PaymentStatus, RefundStatus};

    fn parse(value: &Value) -> Result<WebhookEvent, WebhookError> {
        parse_webhook(value.to_string().as_bytes())
    }

    fn payment(status: &str) -> Value {
        json!({"entity": {"id": "pay_RSvT00000001Cd", "entity": "payment", "amount": 1_180_000,
            "currency": "INR", "status": status, "order_id": "order_RSvT00000001Ab", "notes": []}})
    }

    #[test]
    fn a_captured_payment_is_read_with_all_optional_parts_missing() {
        let event = parse(&json!({"entity": "event", "event": "payment.captured",
            "payload": {"payment": payment("captured")}, "created_at": 1_767_225_600}))
        .unwrap();
        let WebhookKind::Payment(payment) = event.kind else { panic!("not a payment") };
        assert_eq!(payment.status, PaymentStatus::Captured);
        assert_eq!(payment.amount, Money::from_paise(1_180_000));
        assert_eq!(event.created_at.unwrap().timestamp(), 1_767_225_600);
    }

    #[test]
    fn a_refund_event_may_keep_its_time_inside_the_payload() {
        let event = parse(&json!({"event": "refund.speed_changed", "payload": {
            "refund": {"entity": {"id": "rfnd_1", "amount": 100, "currency": "INR",
                "payment_id": "pay_1", "status": "processed", "notes": null,
                "acquirer_data": {"arn": null}}},
            "payment": payment("captured"), "created_at": 1_767_225_600}}))
        .unwrap();
        assert!(event.created_at.is_some());
        let WebhookKind::Refund { refund, payment } = event.kind else { panic!("not a refund") };
        assert_eq!(refund.status, RefundStatus::Processed);
        assert_eq!(refund.bank_reference(), None);
        assert!(payment.is_some());
    }

    #[test]
    fn a_links_order_gets_its_prefix_back() {
        let link = json!({"entity": {"id": "plink_1", "amount": 100, "currency": "INR",
            "status": "expired", "notes": null, "payments": null, "expire_by": 0}});
        let event = parse(&json!({"event": "payment_link.expired", "payload": {
            "payment_link": link, "order": {"entity": {"id": "QflczABCDEFGHI"}}}}))
        .unwrap();
        let WebhookKind::PaymentLink { link: seen, order_id, payment: none } = event.kind else { panic!("not a link") };
        assert_eq!(seen.status, LinkStatus::Expired);
        assert_eq!(seen.expire_by, None);
        assert_eq!(order_id.as_deref(), Some("order_QflczABCDEFGHI"));
        assert!(none.is_none());

        let paid = parse(&json!({"event": "payment_link.paid", "payload": {
            "payment_link": link, "order": {"entity": {"id": "QflczABCDEFGHI"}},
            "payment": payment("captured")}}))
        .unwrap();
        let WebhookKind::PaymentLink { order_id, .. } = paid.kind else { panic!("not a link") };
        assert_eq!(order_id.as_deref(), Some("order_RSvT00000001Ab"));
    }

    #[test]
    fn unknown_events_and_states_are_kept_and_broken_ones_are_refused() {
        let event = parse(&json!({"event": "settlement.processed", "payload": {}})).unwrap();
        assert!(matches!(event.kind, WebhookKind::Unknown));
        let event = parse(&json!({"event": "payment.captured",
            "payload": {"payment": payment("on_the_moon")}}))
        .unwrap();
        let WebhookKind::Payment(payment) = event.kind else { panic!("not a payment") };
        assert_eq!(payment.status, PaymentStatus::Other("on_the_moon".into()));
        assert!(matches!(
            parse(&json!({"event": "order.paid", "payload": {}})),
            Err(WebhookError::Incomplete { entity: "order", .. })
        ));
        assert!(matches!(parse_webhook(b"[]"), Err(WebhookError::NotAnEvent)));
        assert!(matches!(parse_webhook(b""), Err(WebhookError::NotAnEvent)));
    }
}
