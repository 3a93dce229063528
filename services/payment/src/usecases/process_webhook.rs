//! What a kept webhook says, taken in.

use ::domain::{Actor, PaymentId, ServiceName};
use razorpay::{Payment, PaymentStatus, WebhookKind, parse_webhook};
use uuid::Uuid;

use super::PaymentError;
use super::carry_out_refund::take_in_refund;
use super::record_observation::Source;
use super::take_in::{Arrival, take_in};
use crate::App;
use crate::store::{links, payments, retired, webhooks};

/// Works on one webhook. Again does nothing. A webhook that is about nothing of ours is kept with a remark.
pub(crate) async fn process_webhook(app: &App, id: Uuid) -> Result<(), PaymentError> {
    let payload = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        webhooks::waiting(&mut conn, id).await?
    };
    let Some(payload) = payload else { return Ok(()) };
    let remark = match parse_webhook(payload.to_string().as_bytes()).map(|event| event.kind) {
        Ok(WebhookKind::Payment(payment) | WebhookKind::OrderPaid { payment, .. }) => about_payment(app, &payment, None).await?,
        Ok(WebhookKind::PaymentLink { link, payment: Some(payment), order_id }) => {
            if let Some(order) = &order_id {
                let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
                let known = links::by_gateway_id(&mut conn, &link.id).await?;
                if known.is_some_and(|link| link.razorpay_order_id.is_none()) {
                    links::keep_order(&mut conn, &link.id, order).await?;
                }
            }
            about_payment(app, &payment, order_id.as_deref()).await?
        }
        Ok(WebhookKind::Refund { refund, .. }) => take_in_refund(app, &refund, Source::Webhook).await?,
        Ok(WebhookKind::PaymentLink { payment: None, .. } | WebhookKind::Unknown) => Some("of no consequence".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    webhooks::processed(&mut conn, id, remark.as_deref(), app.kit.clock.now()).await?;
    Ok(())
}

async fn about_payment(app: &App, entity: &Payment, order: Option<&str>) -> Result<Option<String>, PaymentError> {
    let Some(gateway_order) = entity.order_id.as_deref().or(order) else {
        return Ok(Some(format!("{} is for no order", entity.id)));
    };
    let known = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        match payments::of_gateway_order(&mut conn, gateway_order).await? {
            Some(payment) => Some((payment.id, false)),
            None => match retired::of_gateway_order(&mut conn, gateway_order).await? {
                Some(order) => Some((order.payment_id, true)),
                None => behind_link(&mut conn, gateway_order).await?,
            },
        }
    };
    let Some((id, retired)) = known else {
        return Ok(Some(format!("{gateway_order} is no order of ours")));
    };
    // An event is a snapshot; one whose state says nothing to us is looked up.
    let doubtful = matches!(entity.status, PaymentStatus::Created | PaymentStatus::Other(_));
    let fetched = if doubtful { Some(app.razorpay.fetch_payment(&entity.id).await?) } else { None };
    let entity = fetched.as_ref().unwrap_or(entity);
    let arrival = Arrival { retired, gateway_order: Some(gateway_order), ..Arrival::by(Source::Webhook) };
    take_in(app, &Actor::system(ServiceName::Payment), id, entity, arrival).await?;
    Ok(None)
}

/// The payment that a link was made for, and whether another amount is due by now.
async fn behind_link(conn: &mut sqlx::PgConnection, gateway_order: &str) -> Result<Option<(PaymentId, bool)>, PaymentError> {
    let Some(link) = links::of_gateway_order(conn, gateway_order).await? else { return Ok(None) };
    let payment = payments::find(conn, link.payment_id).await?.ok_or(PaymentError::NotFound)?;
    Ok(Some((payment.id, payment.revision != link.revision)))
}
