//! Webhook bodies, made from what is true at that moment.

use serde_json::{Map, Value, json};

use super::model::{Link, Order, Payment, RazorpayState, Refund};

/// The merchant.
pub(super) const ACCOUNT: &str = "acc_RSvTest0000001";

/// An event and what it is about, so that events of one order keep their order.
pub(crate) struct Outgoing {
    pub(crate) key: String,
    pub(crate) body: Value,
}

fn envelope(event: &str, key: &str, parts: Vec<(&str, Value)>, now: i64) -> Outgoing {
    let contains: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    let payload: Map<String, Value> =
        parts.iter().map(|(name, entity)| ((*name).to_owned(), json!({"entity": entity}))).collect();
    let body = json!({
        "entity": "event", "account_id": ACCOUNT, "event": event, "contains": contains, "payload": payload, "created_at": now,
    });
    Outgoing { key: key.to_owned(), body }
}

/// `payment.*`
pub(super) fn payment(event: &str, payment: &Payment, now: i64) -> Outgoing {
    envelope(event, &payment.order_id, vec![("payment", payment.entity())], now)
}

/// `order.paid`
pub(super) fn order_paid(order: &Order, payment: &Payment, now: i64) -> Outgoing {
    envelope("order.paid", &order.id, vec![("payment", payment.entity()), ("order", order.entity())], now)
}

/// `refund.*`
pub(super) fn refund(event: &str, refund: &Refund, payment: &Payment, now: i64) -> Outgoing {
    envelope(event, &payment.order_id, vec![("refund", refund.entity(now)), ("payment", payment.entity())], now)
}

impl RazorpayState {
    /// `payment_link.*`, with the order as this event alone has it: its id without prefix, among inner fields.
    pub(super) fn link_event(&self, event: &str, link: &Link, now: i64) -> Outgoing {
        let mut parts = vec![("payment_link", link.entity())];
        if let Some(order) = self.orders.get(&link.order_id) {
            let mut entity = order.entity();
            entity["id"] = json!(order.id.trim_start_matches("order_"));
            entity["merchant_id"] = json!(ACCOUNT.trim_start_matches("acc_"));
            entity["public_key"] = json!("rzp_test_public");
            parts.push(("order", entity));
        }
        if let Some(payment) = link.payment_id.as_ref().and_then(|id| self.payments.get(id)) {
            parts.push(("payment", payment.entity()));
        }
        envelope(event, &link.order_id, parts, now)
    }
}
