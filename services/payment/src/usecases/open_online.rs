//! Opening an online payment: our row first, the gateway's order after, never two of either.

use std::time::Duration;

use ::domain::events::PaymentOpened;
use ::domain::{Actor, BuyerId, OrderId, PaymentId, PaymentMethod};
use clients::payment::OpenPaymentIn;
use razorpay::{NewOrder, Notes, RazorpayError};
use uuid::Uuid;

use super::PaymentError;
use super::open_payment::write_down;
use crate::App;
use crate::store::payments::{self, LogLine, PaymentRow};

/// How long one worker may be at the gateway before another goes. Longer than all its calls may take together.
const LEASE_SECONDS: f64 = 45.0;
/// How long a second request waits for the first one's result.
const WAIT: Duration = Duration::from_secs(5);
const WAIT_STEP: Duration = Duration::from_millis(100);
/// After a time-out the gateway may still be writing the order down.
const LOOK_AGAIN: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_millis(700)];

/// What keeps a caller from going to the gateway, or lets it.
enum Way {
    Free { lease: Uuid, before: i32 },
    Taken,
    Done,
}

/// Opens the payment of an order for the order service. Again for the same order: the same payment. The flag says whether
/// it is new.
pub(crate) async fn open_online(app: &App, actor: &Actor, terms: &OpenPaymentIn) -> Result<(PaymentRow, bool), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let written = write_down(app, &mut tx, terms, PaymentMethod::Online, now).await?;
    // The way is claimed together with the row: a second request that comes right after finds it taken.
    let way = claim(app, &mut tx, &written.payment).await?;
    tx.commit().await?;
    Ok((reach(app, actor, written.payment.id, way).await?, written.new))
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

async fn claim(app: &App, conn: &mut sqlx::PgConnection, payment: &PaymentRow) -> Result<Way, PaymentError> {
    if payment.razorpay_order_id.is_some() {
        return Ok(Way::Done);
    }
    let lease = app.kit.ids.uuid();
    let before = payments::lease_gateway(conn, payment.id, lease, LEASE_SECONDS).await?;
    Ok(before.map_or(Way::Taken, |before| Way::Free { lease, before }))
}

/// Goes to the gateway, or waits for whoever is there.
async fn reach(app: &App, actor: &Actor, id: PaymentId, mut way: Way) -> Result<PaymentRow, PaymentError> {
    let patience = tokio::time::Instant::now() + WAIT;
    loop {
        match way {
            Way::Free { lease, before } => return go(app, actor, id, lease, before).await,
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

/// On a task of its own: whoever asked may hang up, what was begun at the gateway is still written down.
async fn go(app: &App, actor: &Actor, id: PaymentId, lease: Uuid, before: i32) -> Result<PaymentRow, PaymentError> {
    let (app, actor) = (app.clone(), actor.clone());
    let work = context::scope(context::current(), async move {
        let result = match gateway_order(&app, id, before).await {
            Ok(gateway_order) => keep(&app, &actor, id, &gateway_order).await,
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
async fn gateway_order(app: &App, id: PaymentId, before: i32) -> Result<String, PaymentError> {
    let payment = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        payments::find(&mut conn, id).await?.ok_or(PaymentError::NotFound)?
    };
    let receipt = payment.gateway_receipt.clone().ok_or(PaymentError::NotOnline)?;
    if before > 0
        && let Some(known) = look_up(app, &payment, &receipt).await?
    {
        return Ok(known);
    }
    let notes = Notes::default().with("order_number", payment.order_number.as_str()).with("payment_id", payment.id.to_string());
    match app.razorpay.create_order(&NewOrder { amount: payment.amount, receipt: receipt.clone(), notes }).await {
        Ok(order) => Ok(order.id),
        Err(RazorpayError::Unknown { reason }) => {
            tracing::warn!(payment_id = %id, %reason, "the gateway may have made an order; looking it up");
            for pause in LOOK_AGAIN {
                tokio::time::sleep(pause).await;
                if let Some(known) = look_up(app, &payment, &receipt).await? {
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
/// which still comes is recognised, but nobody is handed it.
async fn keep(app: &App, actor: &Actor, id: PaymentId, gateway_order: &str) -> Result<PaymentRow, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = payments::lock(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let first = payments::store_gateway_order(&mut tx, id, gateway_order, now).await?;
    if first {
        let line = LogLine {
            id: app.kit.ids.uuid(),
            payment_id: id,
            kind: "order_created",
            amount: payment.amount,
            status: payment.status.as_str(),
            source: "api",
            gateway_id: Some(gateway_order),
            response: None,
        };
        payments::log(&mut tx, line, now).await?;
        if payment.order_cancelled_at.is_none() {
            let opened = PaymentOpened { payment: payment.facts(), gateway_order_id: Some(gateway_order.to_owned()) };
            pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &opened).await?;
        }
    }
    let payment = payments::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    if payment.order_cancelled_at.is_some() { Err(PaymentError::OrderCancelled) } else { Ok(payment) }
}
