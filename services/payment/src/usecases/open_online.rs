//! Opening an online payment: our row first, the gateway's order after, never two of either.

use std::time::Duration;

use ::domain::events::PaymentOpened;
use ::domain::{Actor, BuyerId, OrderId, PaymentId, PaymentMethod};
use clients::payment::OpenPaymentIn;
use razorpay::{NewOrder, Notes, RazorpayError};
use uuid::Uuid;

use super::PaymentError;
use super::open_payment::{How, Written, write_down};
use crate::App;
use crate::store::payments::{self, PaymentRow};
use crate::store::retired;

/// How long one worker may be at the gateway before another goes. Longer than all its calls may take together.
pub(super) const LEASE_SECONDS: f64 = 45.0;
/// How long a second request waits for the first one's result.
const WAIT: Duration = Duration::from_secs(5);
const WAIT_STEP: Duration = Duration::from_millis(100);
/// After a time-out the gateway may still be writing the order down.
const LOOK_AGAIN: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_millis(700)];

/// What keeps a caller from going to the gateway, or lets it.
pub(super) enum Way {
    Free { payment: Box<PaymentRow>, lease: Uuid, before: i32 },
    Taken,
    Done,
}

/// Opens the payment of an order for the order service. Again for the same order: the same payment. The flag says whether
/// it is new.
pub(crate) async fn open_online(app: &App, actor: &Actor, terms: &OpenPaymentIn) -> Result<(PaymentRow, bool), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    // The way is claimed together with the row: a second request that comes right after finds it taken.
    let how = How::Online { lease: app.kit.ids.uuid(), seconds: LEASE_SECONDS };
    let (id, new, way) = match (write_down(app, &mut tx, terms, how, now).await?, how) {
        (Written::New(payment), How::Online { lease, .. }) => {
            (payment.id, true, Way::Free { payment: Box::new(payment), lease, before: 0 })
        }
        (Written::New(payment) | Written::Known(payment), _) => (payment.id, false, claim(app, &mut tx, &payment).await?),
    };
    tx.commit().await?;
    Ok((reach(app, actor, id, way).await?, new))
}

/// The gateway's order of a buyer's own order, opened if it is not.
pub(crate) async fn reopen_online(
    app: &App,
    actor: &Actor,
    buyer: BuyerId,
    order_id: OrderId,
) -> Result<PaymentRow, PaymentError> {
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = payments::lock_of_order(&mut tx, order_id).await?.filter(|payment| payment.buyer_id == buyer);
    let payment = payment.ok_or(PaymentError::NotFound)?;
    if payment.method != PaymentMethod::Online {
        return Err(PaymentError::NotOnline);
    }
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    let way = claim(app, &mut tx, &payment).await?;
    tx.commit().await?;
    reach(app, actor, payment.id, way).await
}

pub(super) async fn claim(app: &App, conn: &mut sqlx::PgConnection, payment: &PaymentRow) -> Result<Way, PaymentError> {
    if payment.razorpay_order_id.is_some() {
        return Ok(Way::Done);
    }
    let lease = app.kit.ids.uuid();
    let before = payments::lease_gateway(conn, payment.id, lease, LEASE_SECONDS).await?;
    Ok(before.map_or(Way::Taken, |before| Way::Free { payment: Box::new(payment.clone()), lease, before }))
}

/// Goes to the gateway, or waits for whoever is there.
pub(super) async fn reach(app: &App, actor: &Actor, id: PaymentId, mut way: Way) -> Result<PaymentRow, PaymentError> {
    let patience = tokio::time::Instant::now() + WAIT;
    loop {
        match way {
            Way::Free { payment, lease, before } => match go(app, actor, *payment, lease, before).await? {
                Some(payment) => return Ok(payment),
                // Another amount is due by now: whoever changed it has the way.
                None => tokio::time::sleep(WAIT_STEP).await,
            },
            Way::Taken if tokio::time::Instant::now() >= patience => return Err(PaymentError::InProgress),
            Way::Taken => tokio::time::sleep(WAIT_STEP).await,
            Way::Done => {}
        }
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        let payment = payments::find(&mut conn, id).await?.ok_or(PaymentError::NotFound)?;
        if payment.order_cancelled_at.is_some() {
            return Err(PaymentError::OrderCancelled);
        }
        if payment.razorpay_order_id.is_some() {
            return Ok(payment);
        }
        way = claim(app, &mut conn, &payment).await?;
    }
}

/// On a task of its own: whoever asked may hang up, what was begun at the gateway is still written down. `None` when
/// another amount became due meanwhile.
async fn go(app: &App, actor: &Actor, payment: PaymentRow, lease: Uuid, before: i32) -> Result<Option<PaymentRow>, PaymentError> {
    let (app, actor) = (app.clone(), actor.clone());
    let work = context::scope(context::current(), async move {
        let id = payment.id;
        let result = match gateway_order(&app, &payment, before).await {
            Ok(gateway_order) => keep(&app, &actor, payment, &gateway_order).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
            payments::release_gateway(&mut conn, id, lease).await?;
        }
        result
    });
    tokio::spawn(work).await.map_err(|_| PaymentError::Broken("opening a payment panicked"))?
}

/// The gateway's order for our receipt: looked up when somebody may have made one, made otherwise (rule 29).
async fn gateway_order(app: &App, payment: &PaymentRow, before: i32) -> Result<String, PaymentError> {
    let receipt = payment.gateway_receipt.clone().ok_or(PaymentError::NotOnline)?;
    if before > 0
        && let Some(known) = look_up(app, payment, &receipt).await?
    {
        return Ok(known);
    }
    let notes = Notes::default().with("order_number", payment.order_number.as_str()).with("payment_id", payment.id.to_string());
    match app.razorpay.create_order(&NewOrder { amount: payment.amount, receipt: receipt.clone(), notes }).await {
        Ok(order) => Ok(order.id),
        Err(RazorpayError::Unknown { reason }) => {
            tracing::warn!(payment_id = %payment.id, %reason, "the gateway may have made an order; looking it up");
            for pause in LOOK_AGAIN {
                tokio::time::sleep(pause).await;
                if let Some(known) = look_up(app, payment, &receipt).await? {
                    return Ok(known);
                }
            }
            Err(PaymentError::GatewayUnavailable(reason))
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_up(app: &App, payment: &PaymentRow, receipt: &str) -> Result<Option<String>, PaymentError> {
    let known = app.razorpay.find_order_by_receipt(receipt).await?;
    Ok(known.filter(|order| order.amount == payment.amount && order.currency == crate::domain::online::CURRENCY).map(|o| o.id))
}

/// Stores the gateway's order once and says so. For an order that ended meanwhile it is stored as well, so that money
/// which still comes is recognised, but nobody is handed it; the same when another amount is due by now.
async fn keep(app: &App, actor: &Actor, payment: PaymentRow, gateway_order: &str) -> Result<Option<PaymentRow>, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let asked = (payment.id, payment.revision);
    let kept = payments::store_gateway_order(&mut tx, asked, gateway_order, app.kit.ids.uuid(), now).await?;
    let Some(kept) = kept else {
        let newest = payments::lock(&mut tx, payment.id).await?.ok_or(PaymentError::NotFound)?;
        if newest.revision != payment.revision
            && let Some(receipt) = &payment.gateway_receipt
        {
            retired::keep_gateway_order(&mut tx, receipt, gateway_order).await?;
            tx.commit().await?;
            return Ok(None);
        }
        return if newest.order_cancelled_at.is_some() { Err(PaymentError::OrderCancelled) } else { Ok(Some(newest)) };
    };
    if kept.first && !kept.cancelled {
        let opened = PaymentOpened { payment: payment.facts(), gateway_order_id: Some(gateway_order.to_owned()) };
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &opened).await?;
    }
    tx.commit().await?;
    if kept.cancelled {
        return Err(PaymentError::OrderCancelled);
    }
    Ok(Some(PaymentRow { razorpay_order_id: Some(gateway_order.to_owned()), updated_at: now, ..payment }))
}
