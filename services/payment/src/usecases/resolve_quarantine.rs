//! Finance decides on money that is not what an order waits for (rule 28).

use ::domain::events::PaymentCaptured;
use ::domain::{Actor, Money, PaymentState, UserId};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::record_observation::Source;
use super::request_refund::refund_stray;
use super::take_in::{Arrival, take_in};
use super::{PaymentError, audit::audit, post_movement::post_movement};
use crate::App;
use crate::domain::movements;
use crate::domain::online::CURRENCY;
use crate::store::changes::{self, Captured};
use crate::store::payments::{self, LogLine, PaymentRow};
use crate::store::refunds::QUARANTINED;
use crate::store::strays::{self, StrayRow};

/// What becomes of held money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It pays the order after all; what is over goes back.
    Release,
    /// All of it goes back.
    Refund,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "released",
            Self::Refund => "refunded",
        }
    }
}

/// Held money, newest first.
pub(crate) async fn held(
    app: &App,
    resolved: Option<bool>,
    after: Option<strays::StrayPlace>,
    limit: i64,
) -> Result<Vec<StrayRow>, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(strays::list(&mut conn, resolved, after, limit).await?)
}

/// Carries out a decision, once; the same decision again answers the same.
pub(crate) async fn resolve_quarantine(
    app: &App,
    actor: &Actor,
    by: UserId,
    (gateway_payment, decision): (&str, Decision),
    notes: Option<&str>,
) -> Result<StrayRow, PaymentError> {
    let known = find(app, gateway_payment).await?;
    if known.captured_at.is_none() && known.resolution.is_none() {
        // It was seen while the bank held it: how does it stand now?
        let entity = app.razorpay.fetch_payment(gateway_payment).await?;
        take_in(app, actor, known.payment_id, &entity, Arrival::by(Source::Sweeper)).await?;
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = payments::lock(&mut tx, known.payment_id).await?.ok_or(PaymentError::NotFound)?;
    let Some(stray) = strays::lock(&mut tx, gateway_payment).await? else {
        return Err(PaymentError::HeldMoney("the order was edited meanwhile; this money goes back by itself"));
    };
    match stray.resolution.as_deref() {
        Some(done) if done == decision.as_str() => return Ok(stray),
        Some(_) => return Err(PaymentError::HeldMoney("finance has decided otherwise on this money")),
        None => {}
    }
    if stray.currency != CURRENCY {
        return Err(PaymentError::HeldMoney("money in another currency is decided on at the gateway itself"));
    }
    if stray.captured_at.is_none() {
        return Err(PaymentError::HeldMoney("the gateway has not taken this money; it comes free by itself"));
    }
    match decision {
        Decision::Refund => refund(app, &mut tx, &payment, &stray, now).await?,
        Decision::Release => release(app, &mut tx, actor, &payment, &stray, now).await?,
    }
    strays::resolve(&mut tx, gateway_payment, (decision.as_str(), by, notes), now).await?;
    strays::unmark(&mut tx, payment.id, now).await?;
    let what =
        json!({"gateway_payment": gateway_payment, "amount": stray.money(), "decision": decision.as_str(), "notes": notes});
    audit(app, &mut tx, actor, ("payment.quarantine_resolved", payment.id), what, now).await?;
    let stray = strays::lock(&mut tx, gateway_payment).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(stray)
}

async fn find(app: &App, gateway_payment: &str) -> Result<StrayRow, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    strays::find(&mut conn, gateway_payment).await?.ok_or(PaymentError::NotFound)
}

async fn refund(
    app: &App,
    conn: &mut PgConnection,
    payment: &PaymentRow,
    stray: &StrayRow,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    let theirs = stray.gateway_payment.as_str();
    post_movement(app, conn, &movements::quarantine_refunded(theirs, &payment.order_number, stray.money()), now).await?;
    refund_stray(app, conn, payment, (QUARANTINED, theirs), stray.money(), now).await
}

/// Only for an order that still waits, and only when it is enough.
async fn release(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    payment: &PaymentRow,
    stray: &StrayRow,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    if payment.order_cancelled_at.is_some() {
        return Err(PaymentError::OrderCancelled);
    }
    if payment.status.money_came_in() {
        return Err(PaymentError::HeldMoney("the order has been paid; this money can only go back"));
    }
    let over = stray.money().checked_sub(payment.amount)?;
    if over.is_negative() {
        return Err(PaymentError::HeldMoney("this is less than what is due; it can only go back"));
    }
    let theirs = stray.gateway_payment.as_str();
    let released = movements::quarantine_released(theirs, &payment.order_number, (payment.amount, over));
    post_movement(app, conn, &released, now).await?;
    let captured = Captured { gateway_payment: theirs, payment_type: "other", signature: None };
    if !changes::capture(conn, payment.id, payment.status, captured, now).await? {
        return Err(PaymentError::Broken("a locked payment changed its state"));
    }
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "release",
        amount: payment.amount,
        status: PaymentState::Captured.as_str(),
        source: "admin",
        gateway_id: Some(theirs),
        response: None,
    };
    payments::log(conn, line, now).await?;
    let capture = movements::capture(payment.id, &payment.order_number, payment.vendor_id, payment.amount);
    post_movement(app, conn, &capture, now).await?;
    let event = PaymentCaptured { payment: payment.facts(), gateway_payment_id: theirs.to_owned(), captured_at: now };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    if over > Money::ZERO {
        refund_stray(app, conn, payment, (QUARANTINED, theirs), over, now).await?;
    }
    Ok(())
}
