//! Acting as the payer, whom Checkout would let pay.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{error::RazorpayError, machine::Attempt};
use crate::{
    signing,
    state::{App, Shared},
};

/// How a payment goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The money is taken (or waits for a capture where the order asks for that).
    #[default]
    Captured,
    /// The bank agreed, nobody captured.
    Authorized,
    /// The bank refused.
    Failed,
    /// The payer closed the window.
    Abandoned,
}

/// First a failure, then success on the same payment.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum Late {
    /// At once, when true.
    Now(bool),
    /// After that many seconds.
    After(u64),
}

/// What the payer does.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pay {
    #[serde(default = "upi")]
    method: String,
    #[serde(default)]
    outcome: Outcome,
    late: Option<Late>,
    /// A payment that failed before and is tried again.
    payment_id: Option<String>,
    /// Another amount than is due, in paise.
    amount: Option<i64>,
    currency: Option<String>,
    email: Option<String>,
    contact: Option<String>,
}

fn upi() -> String {
    "upi".into()
}

impl App {
    /// Pays an order; answers what Checkout would hand to the app.
    pub(crate) fn pay_order(self: &Shared, order_id: &str, pay: Pay) -> Result<Value, RazorpayError> {
        if !matches!(pay.method.as_str(), "upi" | "card" | "netbanking" | "wallet") {
            return Err(RazorpayError::field("method", "The method is one of upi, card, netbanking, wallet."));
        }
        let payment_id = self.attempt(order_id, &pay)?;
        let outcome = match (pay.outcome, pay.late) {
            (outcome, None | Some(Late::Now(false))) => outcome,
            (outcome, Some(late)) => {
                self.advance(&payment_id, Outcome::Failed)?;
                if let Late::After(seconds) = late {
                    self.advance_later(payment_id.clone(), outcome, seconds);
                    Outcome::Failed
                } else {
                    outcome
                }
            }
        };
        if !(pay.late.is_some() && outcome == Outcome::Failed) {
            self.advance(&payment_id, outcome)?;
        }
        let answer = json!({"razorpay_order_id": order_id, "razorpay_payment_id": payment_id});
        Ok(self.handed_over(answer, outcome))
    }

    fn handed_over(&self, mut answer: Value, outcome: Outcome) -> Value {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (order, payment) = (text("razorpay_order_id"), text("razorpay_payment_id"));
        if matches!(outcome, Outcome::Captured | Outcome::Authorized) {
            answer["razorpay_signature"] =
                signing::razorpay_checkout(&self.settings.razorpay_key_secret, &order, &payment).into();
            return answer;
        }
        answer["razorpay_signature"] = Value::Null;
        answer["error"] = json!({
            "code": "BAD_REQUEST_ERROR", "description": "Payment was unsuccessful.", "source": "customer", "step": "payment_authentication",
            "reason": if outcome == Outcome::Failed { "payment_failed" } else { "payment_cancelled" },
            "metadata": {"order_id": order, "payment_id": payment},
        });
        answer
    }

    fn attempt(&self, order_id: &str, pay: &Pay) -> Result<String, RazorpayError> {
        let now = self.clock.now().timestamp();
        let mut state = self.world.razorpay.lock();
        if let Some(id) = &pay.payment_id {
            let payment = state.payments.get(id).filter(|payment| payment.order_id == order_id);
            return payment.map(|payment| payment.id.clone()).ok_or_else(RazorpayError::unknown_id);
        }
        let attempt = Attempt {
            method: pay.method.clone(),
            amount: pay.amount,
            currency: pay.currency.clone(),
            email: pay.email.clone().unwrap_or_else(|| "buyer@example.in".into()),
            contact: pay.contact.clone().unwrap_or_else(|| "+919000090000".into()),
        };
        state.attempt(order_id, attempt, now)
    }

    fn advance(self: &Shared, payment_id: &str, outcome: Outcome) -> Result<(), RazorpayError> {
        let now = self.clock.now().timestamp();
        let outgoing = {
            let mut state = self.world.razorpay.lock();
            match outcome {
                Outcome::Abandoned => Vec::new(),
                Outcome::Failed => state.fail(payment_id, now)?,
                Outcome::Authorized => state.authorize(payment_id, now)?,
                Outcome::Captured => {
                    let mut outgoing = state.authorize(payment_id, now)?;
                    let payment = state.payments.get(payment_id).ok_or_else(RazorpayError::unknown_id)?;
                    let manual = state.orders.get(&payment.order_id).is_some_and(|order| order.manual_capture);
                    if !manual {
                        outgoing.extend(state.capture(payment_id, now)?);
                    }
                    outgoing
                }
            }
        };
        self.emit(outgoing);
        Ok(())
    }

    fn advance_later(self: &Shared, payment_id: String, outcome: Outcome, seconds: u64) {
        let app = self.clone();
        tokio::spawn(async move {
            app.sleeps(Duration::from_secs(seconds)).await;
            if let Err(error) = app.advance(&payment_id, outcome) {
                tracing::warn!(?error, "the late payment did not happen");
            }
        });
    }

    /// Pays a payment link; answers the redirect's query.
    pub(crate) fn pay_link(self: &Shared, link_id: &str, pay: Pay) -> Result<Value, RazorpayError> {
        let order_id = {
            let state = self.world.razorpay.lock();
            let link = state.links.get(link_id).ok_or_else(RazorpayError::unknown_id)?;
            if link.status != super::model::LinkStatus::Created {
                return Err(RazorpayError::bad("The payment link can no longer be paid."));
            }
            link.order_id.clone()
        };
        let paid = self.pay_order(&order_id, pay)?;
        let state = self.world.razorpay.lock();
        let link = state.links.get(link_id).ok_or_else(RazorpayError::unknown_id)?;
        let payment_id = paid.get("razorpay_payment_id").and_then(Value::as_str).unwrap_or_default();
        let status = json!(link.status);
        let status = status.as_str().unwrap_or_default();
        let signature =
            signing::razorpay_payment_link(&self.settings.razorpay_key_secret, link_id, &link.reference_id, status, payment_id);
        Ok(json!({
            "razorpay_payment_id": payment_id, "razorpay_payment_link_id": link_id, "razorpay_payment_link_status": status,
            "razorpay_payment_link_reference_id": link.reference_id, "razorpay_signature": signature,
        }))
    }
}
