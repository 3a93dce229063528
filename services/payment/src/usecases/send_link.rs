//! A buyer who lost the app pays by a link.

use std::collections::BTreeMap;

use ::domain::{Actor, NotificationChannel, OrderId, PaymentId, PaymentMethod, PaymentState};
use chrono::TimeDelta;
use clients::notification::SendIn;
use razorpay::{Customer, NewPaymentLink, Notes, PaymentLink, RazorpayError};
use serde_json::json;

use super::{PaymentError, audit::audit};
use crate::App;
use crate::store::links::{self, LinkRow};
use crate::store::payments::{self, LogLine, PaymentRow};

/// How long a link can be paid. An unpaid order ends after half an hour anyway, and the gateway wants at least 15 minutes.
const VALID: TimeDelta = TimeDelta::minutes(30);
/// A link that has less left than this is not handed out again.
const WORTH_SENDING: TimeDelta = TimeDelta::minutes(10);

/// Which payment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Order(OrderId),
    Payment(PaymentId),
}

/// Makes the link of an unpaid online order, or finds the good one, and sends it to the buyer. Again within its time: the
/// same link, sent once.
pub(crate) async fn send_link(app: &App, actor: &Actor, of: Of) -> Result<(PaymentRow, LinkRow), PaymentError> {
    let (payment, link) = written(app, actor, of).await?;
    let link = match link.url {
        Some(_) => link,
        None => made(app, &payment, link).await?,
    };
    tell_buyer(app, &payment, &link).await;
    Ok((payment, link))
}

/// Our row first: what the gateway makes after a time-out is found by its reference.
async fn written(app: &App, actor: &Actor, of: Of) -> Result<(PaymentRow, LinkRow), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = match of {
        Of::Order(id) => payments::lock_of_order(&mut tx, id).await?,
        Of::Payment(id) => payments::lock(&mut tx, id).await?,
    };
    let payment = payment.ok_or(PaymentError::NotFound)?;
    may_be_paid(&payment)?;
    if let Some(known) = links::good(&mut tx, payment.id).await? {
        if known.revision == payment.revision && known.expires_at > now + WORTH_SENDING {
            return Ok((payment, known));
        }
        links::retire(&mut tx, known.id, now).await?;
    }
    let id = app.kit.ids.uuid();
    let link = LinkRow {
        id,
        payment_id: payment.id,
        revision: payment.revision,
        reference_id: id.simple().to_string(),
        amount: payment.amount,
        expires_at: now + VALID,
        gateway_link_id: None,
        razorpay_order_id: None,
        url: None,
    };
    links::insert(&mut tx, &link, now).await?;
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "link",
        amount: payment.amount,
        status: payment.status.as_str(),
        source: "api",
        gateway_id: None,
        response: None,
    };
    payments::log(&mut tx, line, now).await?;
    let what = json!({"amount": payment.amount, "expires_at": link.expires_at});
    audit(app, &mut tx, actor, ("payment.link_sent", payment.id), what, now).await?;
    tx.commit().await?;
    Ok((payment, link))
}

fn may_be_paid(payment: &PaymentRow) -> Result<(), PaymentError> {
    if payment.method != PaymentMethod::Online {
        return Err(PaymentError::NotOnline);
    }
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    match payment.status {
        PaymentState::Pending | PaymentState::Failed => Ok(()),
        status => Err(PaymentError::UnderWay(status)),
    }
}

async fn made(app: &App, payment: &PaymentRow, link: LinkRow) -> Result<LinkRow, PaymentError> {
    let theirs = at_gateway(app, payment, &link).await?;
    let url = theirs.short_url.ok_or(PaymentError::Broken("a payment link without an address"))?;
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    links::made(&mut conn, link.id, &theirs.id, theirs.order_id.as_deref(), &url).await?;
    Ok(LinkRow { gateway_link_id: Some(theirs.id), razorpay_order_id: theirs.order_id, url: Some(url), ..link })
}

/// Looked up by our reference when somebody may have made it, made otherwise (rule 29).
async fn at_gateway(app: &App, payment: &PaymentRow, link: &LinkRow) -> Result<PaymentLink, PaymentError> {
    if let Some(known) = app.razorpay.find_payment_link(&link.reference_id).await? {
        return Ok(known);
    }
    let new = NewPaymentLink {
        amount: link.amount,
        reference_id: link.reference_id.clone(),
        description: format!("RealServ order {}", payment.order_number),
        customer: Customer::default(),
        // We send it ourselves, in the buyer's language and by the channels the buyer allows.
        notify: false,
        expire_by: Some(link.expires_at),
        callback_url: None,
        notes: Notes::default().with("order_number", payment.order_number.as_str()).with("payment_id", payment.id.to_string()),
    };
    match app.razorpay.create_payment_link(&new).await {
        Ok(made) => Ok(made),
        Err(RazorpayError::Unknown { reason }) => {
            tracing::warn!(payment_id = %payment.id, %reason, "the gateway may have made a link; looking it up");
            let known = app.razorpay.find_payment_link(&link.reference_id).await?;
            known.ok_or(PaymentError::GatewayUnavailable(reason))
        }
        Err(error) => Err(error.into()),
    }
}

/// Each channel once for a link. Best effort: whoever asked has the link as well.
async fn tell_buyer(app: &App, payment: &PaymentRow, link: &LinkRow) {
    let variables = BTreeMap::from([
        ("order_number".to_owned(), payment.order_number.to_string()),
        ("amount".to_owned(), link.amount.to_string()),
        ("link".to_owned(), link.url.clone().unwrap_or_default()),
    ]);
    for channel in [NotificationChannel::Sms, NotificationChannel::Whatsapp] {
        let message = SendIn {
            user_id: payment.buyer_user_id,
            template: "payment_link".to_owned(),
            variables: variables.clone(),
            order_id: Some(payment.order_id),
            dedupe_key: Some(format!("payment_link:{}:{channel}", link.id)),
        };
        if let Err(error) = app.notifications.send(channel, &message).await {
            tracing::warn!(payment_id = %payment.id, %channel, %error, "a payment link could not be sent");
        }
    }
}
