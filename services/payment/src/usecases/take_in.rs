//! Taking in a payment as the gateway shows it, from whomever it came: capture what may be captured, feed the machine.

use ::domain::{Actor, PaymentId};
use razorpay::{Payment, PaymentStatus, RazorpayError, RefusalKind};

use super::PaymentError;
use super::record_observation::{Sighting, Source, Taken, record_observation};
use crate::App;
use crate::domain::online::{GatewayState, Observation};

/// How the word of a payment reached us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub source: Source,
    /// What Checkout signed.
    pub signature: Option<&'a str>,
    /// Whether it pays an order of the gateway's that was replaced, as far as whoever saw it knows.
    pub retired: bool,
    /// The gateway's order, when its payment does not name it.
    pub gateway_order: Option<&'a str>,
}

impl Arrival<'_> {
    /// Of a payment on the order that is waited for.
    pub(crate) const fn by(source: Source) -> Self {
        Self { source, signature: None, retired: false, gateway_order: None }
    }
}

/// Feeds the machine with the gateway's payment. Money that the bank only holds is captured first, when it may be; that
/// happens between two transactions, and a time-out there is left to the sweeper.
pub(crate) async fn take_in(
    app: &App,
    actor: &Actor,
    id: PaymentId,
    entity: &Payment,
    arrival: Arrival<'_>,
) -> Result<Taken, PaymentError> {
    let mut seen = sighting(entity, arrival);
    let taken = record_observation(app, actor, id, &mut seen).await?;
    if !taken.payment.standing().may_capture(&seen.observation) {
        return Ok(taken);
    }
    match captured(app, entity, taken.payment.amount).await {
        Ok(now) => record_observation(app, actor, id, &mut sighting(&now, arrival)).await,
        Err(error) => {
            tracing::warn!(payment_id = %id, %error, "money that the bank holds could not be captured yet");
            Ok(taken)
        }
    }
}

/// Takes the money; somebody else may have done so already.
async fn captured(app: &App, entity: &Payment, due: ::domain::Money) -> Result<Payment, RazorpayError> {
    match app.razorpay.capture(&entity.id, due).await {
        Err(error) if error.refusal() == Some(RefusalKind::AlreadyCaptured) => app.razorpay.fetch_payment(&entity.id).await,
        Err(RazorpayError::Unknown { .. }) => app.razorpay.fetch_payment(&entity.id).await,
        other => other,
    }
}

fn sighting(entity: &Payment, arrival: Arrival<'_>) -> Sighting {
    let state = match &entity.status {
        PaymentStatus::Created | PaymentStatus::Other(_) => GatewayState::Open,
        PaymentStatus::Authorized => GatewayState::Authorized,
        PaymentStatus::Captured => GatewayState::Captured,
        PaymentStatus::Refunded => GatewayState::Refunded,
        PaymentStatus::Failed => GatewayState::Failed,
    };
    Sighting {
        observation: Observation {
            gateway_payment: entity.id.clone(),
            state,
            amount: entity.amount,
            currency: entity.currency.clone(),
            reason: entity.error_description.clone().or_else(|| entity.error_reason.clone()),
            retired: arrival.retired,
        },
        gateway_order: entity.order_id.as_deref().or(arrival.gateway_order).map(str::to_owned),
        payment_type: payment_type(entity.method.as_deref()),
        fee: entity.fee,
        signature: arrival.signature.map(str::to_owned),
        source: arrival.source,
    }
}

fn payment_type(method: Option<&str>) -> &'static str {
    match method {
        Some("upi") => "upi",
        Some("card") => "card",
        Some("wallet") => "wallet",
        Some("netbanking") => "netbanking",
        Some("emi") => "emi",
        _ => "other",
    }
}
