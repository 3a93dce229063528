//! The buyer's app says that Checkout went through.

use std::time::Duration;

use ::domain::{Actor, BuyerId, PaymentState};
use clients::order::MarkPaidIn;

use super::PaymentError;
use super::record_observation::{Source, Taken};
use super::take_in::{Arrival, take_in};
use crate::App;
use crate::domain::online::Meaning;
use crate::store::changes;
use crate::store::payments::{self, PaymentRow};
use crate::store::retired;

/// How long the buyer waits for the order service, which hears of it by the event as well.
const TELLING: Duration = Duration::from_secs(3);

/// What Checkout handed to the app.
#[derive(Debug, Clone)]
pub(crate) struct CheckoutAnswer {
    pub gateway_order: String,
    pub gateway_payment: String,
    pub signature: String,
}

/// Checks Checkout's signature against the order **we** stored, asks the gateway how the payment stands, and feeds the
/// machine with its answer: the browser's word is never proof.
pub(crate) async fn verify_payment(
    app: &App,
    actor: &Actor,
    buyer: BuyerId,
    answer: &CheckoutAnswer,
) -> Result<PaymentRow, PaymentError> {
    let (payment, stored, retired) = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        let (payment, stored, retired) = behind(&mut conn, &answer.gateway_order).await?;
        (payment.filter(|payment| payment.buyer_id == buyer).ok_or(PaymentError::NotFound)?, stored, retired)
    };
    let stored = stored.as_deref().ok_or(PaymentError::NotFound)?;
    if !app.razorpay.verify_checkout_signature(stored, &answer.gateway_payment, &answer.signature) {
        return Err(mismatch(&payment));
    }
    if !retired {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        changes::keep_signature(&mut conn, payment.id, &answer.signature).await?;
    }
    let entity = app.razorpay.fetch_payment(&answer.gateway_payment).await?;
    if entity.order_id.as_deref() != Some(stored) {
        return Err(mismatch(&payment));
    }
    let arrival = Arrival { signature: Some(&answer.signature), retired, ..Arrival::by(Source::Verify) };
    let Taken { payment, meaning, retired } = take_in(app, actor, payment.id, &entity, arrival).await?;
    if retired {
        return Err(PaymentError::Replaced);
    }
    if let Meaning::Quarantined { reason } = meaning {
        return Err(PaymentError::Quarantined(reason));
    }
    tell_order(app, &payment).await;
    Ok(payment)
}

/// The payment behind an order of the gateway's, the order as **we** stored it, and whether it was replaced.
async fn behind(
    conn: &mut sqlx::PgConnection,
    gateway_order: &str,
) -> Result<(Option<PaymentRow>, Option<String>, bool), PaymentError> {
    if let Some(payment) = payments::of_gateway_order(conn, gateway_order).await? {
        let stored = payment.razorpay_order_id.clone();
        return Ok((Some(payment), stored, false));
    }
    let Some(order) = retired::of_gateway_order(conn, gateway_order).await? else { return Ok((None, None, true)) };
    Ok((payments::find(conn, order.payment_id).await?, order.razorpay_order_id, true))
}

fn mismatch(payment: &PaymentRow) -> PaymentError {
    metrics::counter!("payment_signature_mismatch_total", "source" => "verify").increment(1);
    tracing::warn!(payment_id = %payment.id, "a checkout signature does not fit");
    PaymentError::SignatureMismatch
}

/// Best effort: the event says the same a moment later.
async fn tell_order(app: &App, payment: &PaymentRow) {
    let (PaymentState::Captured, Some(captured_at), None) = (payment.status, payment.captured_at, payment.order_cancelled_at)
    else {
        return;
    };
    let paid = MarkPaidIn { payment_id: payment.id, amount: payment.amount, captured_at };
    match tokio::time::timeout(TELLING, app.orders.mark_paid(payment.order_id, &paid)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(order_id = %payment.order_id, %error, "the order will hear of its payment by event"),
        Err(_) => tracing::warn!(order_id = %payment.order_id, "the order service takes its time; it will hear by event"),
    }
}
