//! Giving money back, and writing down what became of it.

use ::domain::events::{RefundFailed, RefundProcessed};
use ::domain::{Actor, PaymentMethod, RefundId, RefundStatus as OurStatus, ServiceName};
use chrono::{DateTime, Utc};
use razorpay::{NewRefund, Notes, Refund, RefundStatus};
use sqlx::PgConnection;

use super::issue_credit_note::enqueue_credit_note;
use super::record_observation::Source;
use super::{PaymentError, post_movement::post_movement};
use crate::App;
use crate::domain::movements;
use crate::store::payments::{self, LogLine, PaymentRow};
use crate::store::refunds::{self, RefundRow};
use crate::store::{changes, invoices};

/// What became of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Processed,
    Failed(String),
}

/// Carries out one refund: at the gateway under our own id as its key, so that doing it twice is doing it once; cash is
/// paid out from the bank. Again does nothing. What the gateway still works on is looked at later.
pub(crate) async fn carry_out_refund(app: &App, id: RefundId) -> Result<(), PaymentError> {
    let (refund, payment) = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        let refund = refunds::find(&mut conn, id).await?.ok_or(PaymentError::NotFound)?;
        if refund.status != OurStatus::Pending {
            return Ok(());
        }
        refunds::taken_up(&mut conn, id, app.kit.clock.now()).await?;
        let payment = payments::find(&mut conn, refund.payment_id).await?.ok_or(PaymentError::NotFound)?;
        (refund, payment)
    };
    if payment.method == PaymentMethod::Cod {
        return settle(app, id, &Fate::Processed, "api").await;
    }
    match at_gateway(app, &refund, &payment).await {
        Ok(done) => keep_and_settle(app, id, &done, "api").await,
        Err(PaymentError::GatewayRefused(reason)) => settle(app, id, &Fate::Failed(reason), "api").await,
        Err(error) => Err(error),
    }
}

async fn at_gateway(app: &App, refund: &RefundRow, payment: &PaymentRow) -> Result<Refund, PaymentError> {
    if let Some(known) = &refund.razorpay_refund_id {
        return Ok(app.razorpay.fetch_refund(known).await?);
    }
    let gateway_payment = refund.razorpay_payment_id.as_deref();
    let gateway_payment = gateway_payment.ok_or(PaymentError::Broken("an online refund without the gateway's payment"))?;
    let new = NewRefund {
        amount: refund.amount,
        key: refund.id.to_string(),
        receipt: refund.id.as_uuid().simple().to_string(),
        notes: Notes::default()
            .with("refund_id", refund.id.to_string())
            .with("order_number", payment.order_number.as_str())
            .with("reason", refund.reason.as_str()),
    };
    Ok(app.razorpay.create_refund(gateway_payment, &new).await?)
}

/// Takes in a refund as the gateway shows it. The remark says why it is none of ours.
pub(crate) async fn take_in_refund(app: &App, seen: &Refund, source: Source) -> Result<Option<String>, PaymentError> {
    let known = {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        match refunds::by_gateway_id(&mut conn, &seen.id).await? {
            Some(refund) => Some(refund),
            // It may come before the answer to our call did.
            None => match seen.notes.get("refund_id").and_then(|id| id.parse::<RefundId>().ok()) {
                Some(id) => refunds::find(&mut conn, id).await?,
                None => None,
            },
        }
    };
    let ours = known
        .filter(|refund| refund.razorpay_payment_id.as_deref() == Some(seen.payment_id.as_str()) && refund.amount == seen.amount);
    let Some(refund) = ours else {
        tracing::error!(gateway_refund = %seen.id, "a refund at the gateway that we did not ask for");
        metrics::counter!("refunds_foreign_total").increment(1);
        return Ok(Some(format!("{} is no refund of ours", seen.id)));
    };
    keep_and_settle(app, refund.id, seen, source.as_str()).await?;
    Ok(None)
}

async fn keep_and_settle(app: &App, id: RefundId, seen: &Refund, source: &str) -> Result<(), PaymentError> {
    {
        let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
        refunds::keep_gateway_id(&mut conn, id, &seen.id).await?;
    }
    match seen.status {
        RefundStatus::Processed => settle(app, id, &Fate::Processed, source).await,
        RefundStatus::Failed => settle(app, id, &Fate::Failed("the gateway could not give the money back".into()), source).await,
        RefundStatus::Pending | RefundStatus::Other(_) => Ok(()),
    }
}

/// Writes down what became of it, once.
async fn settle(app: &App, id: RefundId, fate: &Fate, source: &str) -> Result<(), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let refund = refunds::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    // The payment before the refund, as everywhere.
    let payment = payments::lock(&mut tx, refund.payment_id).await?.ok_or(PaymentError::NotFound)?;
    let refund = refunds::lock(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    if refund.status != OurStatus::Pending {
        return Ok(());
    }
    match fate {
        Fate::Processed => processed(app, &mut tx, &payment, &refund, now).await?,
        Fate::Failed(reason) => failed(app, &mut tx, &payment, &refund, reason, now).await?,
    }
    let line = LogLine {
        id: app.kit.ids.uuid(),
        payment_id: payment.id,
        kind: "refund",
        amount: refund.amount,
        status: if *fate == Fate::Processed { "processed" } else { "failed" },
        source,
        gateway_id: refund.razorpay_refund_id.as_deref(),
        response: None,
    };
    payments::log(&mut tx, line, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn processed(
    app: &App,
    conn: &mut PgConnection,
    payment: &PaymentRow,
    refund: &RefundRow,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    expect(refunds::processed(conn, refund.id, now).await?)?;
    let posting = movements::refund_processed(refund.id, &payment.order_number, payment.method, refund.amount);
    post_movement(app, conn, &posting, now).await?;
    if refund.is_of_stray() {
        return Ok(());
    }
    let (status, total) = payment.refundable().processed(refund.amount)?;
    expect(changes::refunded(conn, payment.id, (payment.refund_amount, total), status, now).await?)?;
    let event = RefundProcessed {
        payment: payment.facts(),
        refund_id: refund.id,
        refund_amount: refund.amount,
        refunded_total: total,
        processed_at: now,
    };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, &Actor::system(ServiceName::Payment), &event).await?;
    // Without an invoice yet there is nothing to correct; the invoice asks for its credit notes itself.
    if invoices::is_issued(conn, payment.order_id).await? {
        enqueue_credit_note(app, conn, refund.id, now).await?;
    }
    Ok(())
}

async fn failed(
    app: &App,
    conn: &mut PgConnection,
    payment: &PaymentRow,
    refund: &RefundRow,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    expect(refunds::failed(conn, refund.id, reason).await?)?;
    metrics::counter!("refunds_failed_total").increment(1);
    tracing::error!(refund_id = %refund.id, payment_id = %payment.id, reason, "a refund failed for good");
    let event =
        RefundFailed { payment: payment.facts(), refund_id: refund.id, refund_amount: refund.amount, reason: reason.to_owned() };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, &Actor::system(ServiceName::Payment), &event).await?;
    if refund.is_of_stray() {
        // It stays among the refunds: it is still the buyer's.
        return Ok(());
    }
    changes::add_refund_requested(conn, payment.id, refund.amount.negated(), now).await?;
    let posting = movements::refund_failed(refund.id, &payment.order_number, payment.vendor_id, refund.amount);
    post_movement(app, conn, &posting, now).await?;
    Ok(())
}

fn expect(changed: bool) -> Result<(), PaymentError> {
    if changed { Ok(()) } else { Err(PaymentError::Broken("a locked refund changed its state")) }
}
