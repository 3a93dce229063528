//! How refusals are spoken.

use ::http::StatusCode;
use serde_json::json;
use service_kit::ApiError;

use crate::domain::refund::RefundRefusal;
use crate::usecases::PaymentError;
use crate::usecases::own_proof::ProofRefusal;
use crate::usecases::receive_webhook::WebhookRefusal;

impl From<PaymentError> for ApiError {
    fn from(error: PaymentError) -> Self {
        use PaymentError as E;
        match error {
            E::NotFound => Self::not_found("payment"),
            E::OrderCancelled => Self::conflict("order_cancelled", "the order has been cancelled; it is not paid any more"),
            E::TermsDiffer => Self::conflict("payment_differs", "the order already has a payment with other terms"),
            E::UnderWay(status) => {
                Self::conflict("payment_under_way", format!("the payment is {status}: its amount stays as it is"))
                    .with_details(&json!({"status": status}))
            }
            E::Replaced => Self::conflict(
                "payment_replaced",
                "the order was changed before this was paid; the money goes back, pay the new amount",
            ),
            E::InProgress => Self::request_in_progress(),
            E::KeyReused => Self::idempotency_key_reused(),
            E::GatewayUnavailable(reason) => {
                Self::unavailable("gateway_unavailable", "the payment gateway does not answer; try again in a moment")
                    .with_cause(anyhow::anyhow!(reason))
            }
            E::GatewayRefused(reason) => {
                Self::unprocessable("gateway_refused", "the payment gateway refused this").with_cause(anyhow::anyhow!(reason))
            }
            E::NotOnline => Self::conflict("not_online", "this order is paid in cash on delivery"),
            E::SignatureMismatch => {
                Self::bad_request("signature_mismatch", "the payment could not be verified: the signature does not fit")
            }
            E::Quarantined(_) => Self::conflict(
                "payment_quarantined",
                "the amount paid is not the amount due; our finance team has been told and will contact you",
            ),
            E::HeldMoney(why) => Self::conflict("held_money", why),
            E::CodLimitReached { held, limit } => {
                Self::conflict("cod_limit_reached", "this vendor takes no cash orders at the moment; pay online")
                    .with_details(&json!({"held": held, "limit": limit, "currency": "INR"}))
            }
            E::NotDelivered => Self::conflict("not_delivered", "cash is collected only after delivery"),
            E::AmountDiffers { due } => {
                Self::unprocessable("amount_differs", format!("the amount must be what is due: {due} INR"))
                    .with_details(&json!({"due": due, "currency": "INR"}))
            }
            E::NoProof => Self::conflict("no_proof", "there is no proof of collection to look at"),
            E::Illegal { from, to } => {
                Self::conflict("illegal_transition", format!("a payment that is {from} cannot become {to}"))
                    .with_details(&json!({"from": from, "to": to}))
            }
            E::OrdersUnavailable(reason) => {
                Self::unavailable("orders_unavailable", "the order cannot be looked up now; try again in a moment")
                    .with_cause(anyhow::anyhow!(reason))
            }
            E::SettlementsUnavailable(reason) => {
                Self::unavailable("settlements_unavailable", "settlements cannot be looked up now; try again in a moment")
                    .with_cause(anyhow::anyhow!(reason))
            }
            E::InvoiceFactsUnavailable(reason) | E::FilesUnavailable(reason) => {
                Self::unavailable("invoices_unavailable", "invoices cannot be reached now; try again in a moment")
                    .with_cause(anyhow::anyhow!(reason))
            }
            E::Refund(refusal) => refund(refusal),
            E::Money(error) => error.into(),
            E::Ledger(error) => Self::internal(error),
            E::Db(error) => error.into(),
            E::Broken(what) => Self::internal(anyhow::anyhow!(what)),
        }
    }
}

fn refund(refusal: RefundRefusal) -> ApiError {
    match refusal {
        RefundRefusal::NoMoney(status) => {
            ApiError::conflict("nothing_to_refund", format!("the payment is {status}: no money came in"))
                .with_details(&json!({"status": status}))
        }
        RefundRefusal::TooMuch { left } => {
            ApiError::unprocessable("refund_exceeds_payment", format!("only {left} INR can still be refunded"))
                .with_details(&json!({"left": left, "currency": "INR"}))
        }
        RefundRefusal::NotPositive => ApiError::invalid_field("amount", "must be above zero"),
        RefundRefusal::Money(error) => error.into(),
    }
}

impl From<ProofRefusal> for ApiError {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::NotYours => Self::invalid_field("proof_media_id", "no file of yours; upload it first"),
            ProofRefusal::Unavailable(error) => {
                Self::unavailable("files_unavailable", "the proof cannot be looked up now; try again in a moment")
                    .with_cause(error)
            }
        }
    }
}

impl From<WebhookRefusal> for ApiError {
    fn from(refusal: WebhookRefusal) -> Self {
        match refusal {
            WebhookRefusal::Signature => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_signature", "the signature does not fit the body")
            }
            WebhookRefusal::NotAnEvent => Self::bad_request("not_an_event", "the body is not an event"),
            WebhookRefusal::Failed(error) => error.into(),
        }
    }
}
