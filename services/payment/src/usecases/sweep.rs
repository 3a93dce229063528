//! Asking the gateway by ourselves: a webhook may never come, and a buyer may close the app.

use ::domain::{Actor, PaymentId, ServiceName};
use chrono::TimeDelta;
use razorpay::RefusalKind;

use super::PaymentError;
use super::record_observation::Source;
use super::request_refund::enqueue_refund;
use super::take_in::{Arrival, take_in};
use crate::App;
use crate::store::links::{self, LinkRow};
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
    let (payment, links) = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        (payments::find(&mut conn, id).await?, links::made_for(&mut conn, id).await?)
    };
    let revision = payment.as_ref().map(|payment| payment.revision);
    for link in links {
        ask_link(app, &link, revision != Some(link.revision)).await?;
    }
    let Some(gateway_order) = payment.and_then(|payment| payment.razorpay_order_id) else { return Ok(()) };
    for entity in app.razorpay.fetch_order_payments(&gateway_order).await? {
        take_in(app, &Actor::system(ServiceName::Payment), id, &entity, Arrival::by(Source::Sweeper)).await?;
    }
    Ok(())
}

async fn ask_link(app: &App, link: &LinkRow, retired: bool) -> Result<(), PaymentError> {
    let Some(gateway_link) = &link.gateway_link_id else { return Ok(()) };
    let theirs = app.razorpay.fetch_payment_link(gateway_link).await?;
    for paid in theirs.payments.unwrap_or_default() {
        let entity = app.razorpay.fetch_payment(&paid.payment_id).await?;
        if let Some(order) = &entity.order_id {
            let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
            links::keep_order(&mut conn, gateway_link, order).await?;
        }
        let arrival = Arrival { retired, ..Arrival::by(Source::Sweeper) };
        take_in(app, &Actor::system(ServiceName::Payment), link.payment_id, &entity, arrival).await?;
    }
    Ok(())
}

/// Takes links back that nobody should pay any more. One that was paid meanwhile cannot be: its money goes back by itself.
/// A gateway that does not answer is asked again until it has.
pub(crate) async fn sweep_links(app: &App) -> Result<(), PaymentError> {
    let gone = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        links::take_superfluous(&mut conn, AT_ONCE, app.kit.clock.now()).await?
    };
    for link in gone {
        if let Err(error) = app.razorpay.cancel_payment_link(&link).await {
            tracing::info!(%link, %error, "a payment link could not be taken back");
            // Wrong credentials say nothing about the link.
            if error.refusal().is_none_or(|kind| kind == RefusalKind::Unauthorized) {
                continue;
            }
        }
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        links::taken_back(&mut conn, &link, app.kit.clock.now()).await?;
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
