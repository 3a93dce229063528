//! An order's items were edited before it was paid: another amount is due, and online another order of the gateway's.

use ::domain::{Actor, OrderId, PaymentMethod};
use clients::payment::ReplacePaymentIn;
use serde_json::json;
use uuid::Uuid;

use super::PaymentError;
use super::open_online::{LEASE_SECONDS, Way, claim, reach};
use super::sweep::ask;
use crate::App;
use crate::domain::replace::{Due, ReplaceRefusal, Replacing};
use crate::store::payments::{self, LogLine, PaymentRow};
use crate::store::{one_at_a_time, retired};

/// What a transaction decided.
struct Decided {
    payment: PaymentRow,
    way: Way,
}

/// Puts another amount in the place of what was due. Idempotent by revision: an older one answers the newest. What was
/// made at the gateway for the old amount is retired in the same transaction, so that money on it never counts.
pub(crate) async fn replace_payment(
    app: &App,
    actor: &Actor,
    order_id: OrderId,
    asked: &ReplacePaymentIn,
) -> Result<PaymentRow, PaymentError> {
    let wanted = Due { amount: asked.amount, revision: asked.revision };
    look_first(app, order_id, wanted).await?;
    let Decided { payment, way } = decide(app, order_id, wanted).await?;
    if payment.method == PaymentMethod::Cod {
        return Ok(payment);
    }
    reach(app, actor, payment.id, way).await
}

/// The buyer may just have paid without our knowing: then the amount stays.
async fn look_first(app: &App, order_id: OrderId, wanted: Due) -> Result<(), PaymentError> {
    let payment = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        payments::of_order(&mut conn, order_id).await?.ok_or(PaymentError::NotFound)?
    };
    let open = payment.razorpay_order_id.is_some() && !payment.status.money_came_in() && payment.order_cancelled_at.is_none();
    if open && wanted.revision > payment.revision {
        ask(app, payment.id).await?;
    }
    Ok(())
}

async fn decide(app: &App, order_id: OrderId, wanted: Due) -> Result<Decided, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    one_at_a_time(&mut tx, order_id).await?;
    let payment = payments::lock_of_order(&mut tx, order_id).await?.ok_or(PaymentError::NotFound)?;
    let replacing = payment.due().replace(payment.status, payment.order_cancelled_at.is_some(), wanted)?;
    if replacing == Replacing::Known {
        let way = if payment.method == PaymentMethod::Online { claim(app, &mut tx, &payment).await? } else { Way::Done };
        tx.commit().await?;
        return Ok(Decided { payment, way });
    }
    let online = payment.method == PaymentMethod::Online;
    let receipt = online.then(|| format!("{}-{}", order_id.as_uuid().simple(), wanted.revision));
    let lease: Uuid = app.kit.ids.uuid();
    if !retired::replace(&mut tx, payment.id, wanted, (receipt.as_deref(), lease, LEASE_SECONDS), now).await? {
        return Err(PaymentError::Broken("a locked payment changed its amount"));
    }
    let before = json!({"amount": payment.amount, "revision": payment.revision});
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "replacement",
        amount: wanted.amount,
        status: payment.status.as_str(),
        source: "api",
        gateway_id: payment.razorpay_order_id.as_deref(),
        response: Some(&before),
    };
    payments::log(&mut tx, line, now).await?;
    let payment = payments::find(&mut tx, payment.id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    let way = Way::Free { payment: Box::new(payment.clone()), lease, before: 0 };
    Ok(Decided { payment, way })
}

impl From<ReplaceRefusal> for PaymentError {
    fn from(refusal: ReplaceRefusal) -> Self {
        match refusal {
            ReplaceRefusal::OrderCancelled => Self::OrderCancelled,
            ReplaceRefusal::UnderWay(status) => Self::UnderWay(status),
            ReplaceRefusal::Differs => Self::TermsDiffer,
        }
    }
}
