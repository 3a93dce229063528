//! Asking the gateway by ourselves: a webhook may never come, and a buyer may close the app.

use ::domain::{Actor, PaymentId, ServiceName};
use chrono::TimeDelta;

use super::PaymentError;
use super::record_observation::Source;
use super::request_refund::enqueue_refund;
use super::take_in::{Arrival, take_in};
use crate::App;
use crate::store::retired::{self, RetiredRow};
use crate::store::{payments, refunds};

const AT_ONCE: i64 = 20;

/// Asks about the open payments that are due. One that cannot be asked about is due again later.
pub(crate) async fn sweep_payments(app: &App) -> Result<(), PaymentError> {
    let due = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        payments::take_due_for_polling(&mut conn, AT_ONCE, app.kit.clock.now()).await?
    };
    for id in due {
        if let Err(error) = ask(app, id).await {
            tracing::warn!(payment_id = %id, %error, "the gateway could not be asked about a payment");
        }
    }
    Ok(())
}

/// Asks about one payment and takes in what the gateway says.
pub(super) async fn ask(app: &App, id: PaymentId) -> Result<(), PaymentError> {
    let payment = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        payments::find(&mut conn, id).await?
    };
    let Some(gateway_order) = payment.and_then(|payment| payment.razorpay_order_id) else { return Ok(()) };
    for entity in app.razorpay.fetch_order_payments(&gateway_order).await? {
        take_in(app, &Actor::system(ServiceName::Payment), id, &entity, Arrival::by(Source::Sweeper)).await?;
    }
    Ok(())
}

/// Asks about the orders that were replaced within the last day: money on one of them has to go back.
pub(crate) async fn sweep_retired(app: &App) -> Result<(), PaymentError> {
    let due = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        retired::take_due_for_polling(&mut conn, AT_ONCE, app.kit.clock.now()).await?
    };
    for order in due {
        if let Err(error) = ask_retired(app, &order).await {
            tracing::warn!(payment_id = %order.payment_id, %error, "the gateway could not be asked about a replaced order");
        }
    }
    Ok(())
}

async fn ask_retired(app: &App, order: &RetiredRow) -> Result<(), PaymentError> {
    let gateway_order = match &order.razorpay_order_id {
        Some(known) => known.clone(),
        None => {
            let Some(found) = app.razorpay.find_order_by_receipt(&order.gateway_receipt).await? else { return Ok(()) };
            let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
            retired::keep_gateway_order(&mut conn, &order.gateway_receipt, &found.id).await?;
            found.id
        }
    };
    for entity in app.razorpay.fetch_order_payments(&gateway_order).await? {
        let arrival = Arrival { retired: true, ..Arrival::by(Source::Sweeper) };
        take_in(app, &Actor::system(ServiceName::Payment), order.payment_id, &entity, arrival).await?;
    }
    Ok(())
}

/// Takes up refunds again that are neither done nor being worked on.
pub(crate) async fn sweep_refunds(app: &App) -> Result<(), PaymentError> {
    let now = app.kit.clock.now();
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    for id in refunds::waiting(&mut conn, now - TimeDelta::seconds(60), AT_ONCE).await? {
        enqueue_refund(app, &mut conn, id, now).await?;
    }
    Ok(())
}
