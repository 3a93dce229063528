//! Orders, cash, refunds and disputes as settlements need them.

use bus::Outcome;
use domain::events::{CodCollected, DisputeRaised, DisputeResolved, Envelope, OrderCompleted, RefundProcessed};

use super::{Failed, is_new};
use crate::App;
use crate::domain::settlement::refund_adjustment;
use crate::store::{performance, settlement_feed as feed, vendors};

/// An order may be settled.
pub(super) async fn completed(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: OrderCompleted = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    // The vendor first, then the order: the order in which a settlement run holds them.
    vendors::count_completed(&mut tx, event.order.vendor_id, event.order.total).await?;
    feed::completed(&mut tx, &event, app.kit.clock.now()).await?;
    performance::completed(&mut tx, event.order.order_id, event.order.vendor_id, event.completed_at).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// The vendor has the cash of an order.
pub(super) async fn cash_collected(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: CodCollected = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    feed::cash_collected(&mut tx, &event.payment, app.kit.clock.now()).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Money went back. Before the settlement it lowers the order's line; after it, it becomes an adjustment of the next one
/// (rule 34). The row of the order decides which: a run that settles it at this moment holds it.
pub(super) async fn refunded(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: RefundProcessed = envelope.parse()?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    let payment = &event.payment;
    if feed::refunded(&mut tx, payment, event.refunded_total, now).await?.is_some()
        && let Some(settled) = feed::settled_order(&mut tx, payment.order_id).await?
        && let Some(adjustment) = refund_adjustment(&settled, event.refund_amount, event.refunded_total)?
    {
        let id = app.kit.ids.uuid();
        feed::adjust_for_refund(&mut tx, id, payment.vendor_id, payment.order_id, event.refund_id, &adjustment, now).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// A dispute holds its order back (rule 32).
pub(super) async fn disputed(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: DisputeRaised = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    feed::hold(&mut tx, event.dispute_id, event.order_id, app.kit.clock.now()).await?;
    // What the vendor disputes does not count against the vendor.
    if event.raised_by == event.buyer_user_id {
        performance::disputed(&mut tx, event.order_id, event.vendor_id, envelope.occurred_at).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// A dispute is over.
pub(super) async fn dispute_resolved(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: DisputeResolved = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    feed::release(&mut tx, event.dispute_id, event.order_id, app.kit.clock.now()).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
