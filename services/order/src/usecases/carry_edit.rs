//! The saga of an edit. Every call can be made again for the same revision of the items, so whoever takes over begins with
//! the call that is not known to have worked:
//!
//! `editing`: catalog is to keep enough for the items before and after → `edit_reserved`: payment is to ask for the new
//! total; then the order is changed in one transaction → `edit_settling`: catalog is to keep what the order says → `done`.
//! What cannot be finished goes back by `edit_undoing`, where payment is to ask for the old total again.
//!
//! The order stays what it was until payment has agreed, so money that comes in meanwhile is money for the old items, or
//! for the new ones if payment had agreed: [`paid_while_editing`].

use clients::ServiceError;
use clients::catalog::ReplaceReservationIn;
use clients::payment::{OpenedPayment, ReplacePaymentIn};
use domain::events::OrderItemsChanged;
use domain::{Money, OrderId};
use sqlx::PgConnection;

use super::Refusal;
use super::edit_items::as_wanted;
use super::moves::By;
use super::open_order::again;
use super::undo_order::Failure;
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{Edit, Line, Order, SagaStep, WantedItem, edit};
use crate::store::edits::{self, Open};
use crate::store::orders::{self, Reader};
use crate::store::{items, sagas};

/// How an edit ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The order is what was wanted; its payment as it stands.
    Edited(Box<OpenedPayment>),
    /// The order is what it was.
    GivenUp(Failure),
    /// By whom else it was ended, or is being ended.
    Elsewhere,
}

/// An edit as it stands.
struct Work {
    order: Order,
    lines: Vec<Line>,
    open: Open,
}

impl Work {
    /// Whether it is still worth going on: nobody paid, confirmed or cancelled, and there is time left.
    fn goes_on(&self, app: &App) -> Result<(), Failure> {
        if !self.order.is_editable() {
            return Err(Failure::edit_overtaken(self.order.status));
        }
        if app.kit.clock.now() > self.open.deadline { Err(Failure::edit_unavailable("stock_unavailable")) } else { Ok(()) }
    }
}

/// Takes an edit to its end. What cannot be ended now is left to the sweeper, with the failure as the answer.
pub(crate) async fn carry_edit(app: &App, order_id: OrderId) -> Result<Ended, Refusal> {
    let mut ended = Ended::Elsewhere;
    loop {
        let work = load(app, order_id).await?;
        let done = match work.open.step {
            SagaStep::Editing => reserve(app, &work).await?,
            SagaStep::EditReserved => replace_payment(app, &work).await?,
            SagaStep::EditUndoing => payment_back(app, &work).await?,
            SagaStep::EditSettling => {
                // Decided already: what is left is no matter of the buyer's.
                if let Err(error) = settle(app, &work).await {
                    tracing::warn!(%order_id, %error, "the stock of an edited order is settled later");
                }
                return Ok(ended);
            }
            _ => return Ok(ended),
        };
        match done {
            Next::Go => {}
            Next::Ended(how) => ended = how,
            Next::Later => return Ok(ended),
        }
    }
}

enum Next {
    Go,
    Ended(Ended),
    Later,
}

async fn load(app: &App, order_id: OrderId) -> Result<Work, Refusal> {
    let mut conn = app.kit.pool.begin().await?;
    let order = orders::find(&mut conn, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let open = edits::lock(&mut conn, order_id).await?;
    let lines = items::of_orders(&mut conn, &[order_id]).await?;
    conn.commit().await?;
    Ok(Work { order, lines, open })
}

fn held(lines: &[Line]) -> Vec<WantedItem> {
    lines.iter().map(WantedItem::from).collect()
}

async fn reserve(app: &App, work: &Work) -> Result<Next, Refusal> {
    let Some((wants, _)) = &work.open.wants else { return Err(Refusal::Fault("an edit that wants nothing")) };
    let order_id = work.order.id;
    if let Err(failure) = work.goes_on(app) {
        decide(app, order_id, SagaStep::Editing).await?;
        return Ok(Next::Ended(Ended::GivenUp(failure)));
    }
    let both = edit::either(&held(&work.lines), &held(&wants.lines));
    let keep = ReplaceReservationIn { revision: work.open.revision - 1, lines: as_wanted(&both) };
    let done = again(app, order_id, || app.neighbours.catalog.replace(order_id, &keep)).await;
    app.crash_point(CrashPoint::EditReserveCalled);
    match done {
        Ok(_) => {
            let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
            let mut conn = app.kit.pool.acquire().await?;
            sagas::advance(&mut conn, order_id, SagaStep::Editing, SagaStep::EditReserved, lease, now).await?;
            drop(conn);
            app.crash_point(CrashPoint::EditReserved);
            Ok(Next::Go)
        }
        // Also after a refusal the stock is settled: an earlier try whose answer was lost may still be on its way, and is
        // late then.
        Err(error) => {
            decide(app, order_id, SagaStep::Editing).await?;
            Ok(Next::Ended(Ended::GivenUp(Failure::of_edit_stock(&error, &wants.lines))))
        }
    }
}

async fn replace_payment(app: &App, work: &Work) -> Result<Next, Refusal> {
    let Some((wants, _)) = &work.open.wants else { return Err(Refusal::Fault("an edit that wants nothing")) };
    let order_id = work.order.id;
    if let Err(failure) = work.goes_on(app) {
        return give_up(app, order_id, failure).await;
    }
    let terms = ReplacePaymentIn { amount: wants.total, revision: work.open.revision - 1 };
    let done = again(app, order_id, || app.neighbours.payment.replace(order_id, &terms)).await;
    app.crash_point(CrashPoint::EditPaymentCalled);
    match done {
        Ok(opened) => apply_edit(app, order_id, opened).await,
        Err(error) => give_up(app, order_id, Failure::of_edit_payment(&error)).await,
    }
}

/// The edit goes back; whether payment has heard of it does not matter.
async fn give_up(app: &App, order_id: OrderId, failure: Failure) -> Result<Next, Refusal> {
    let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
    let mut conn = app.kit.pool.acquire().await?;
    sagas::advance(&mut conn, order_id, SagaStep::EditReserved, SagaStep::EditUndoing, lease, now).await?;
    drop(conn);
    app.crash_point(CrashPoint::EditUndoing);
    Ok(Next::Ended(Ended::GivenUp(failure)))
}

/// Payment agreed: order, lines, event and the end of the edit in one transaction.
async fn apply_edit(app: &App, order_id: OrderId, opened: OpenedPayment) -> Result<Next, Refusal> {
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let open = edits::lock(&mut tx, order_id).await?;
    let (SagaStep::EditReserved, Some((edit, by))) = (open.step, open.wants) else { return Ok(Next::Go) };
    if !order.is_editable() {
        let failure = Failure::edit_overtaken(order.status);
        drop(tx);
        return give_up(app, order_id, failure).await;
    }
    let by = By { app, actor: &by, now: app.kit.clock.now() };
    write(&by, &mut tx, order, &edit, SagaStep::EditReserved).await?;
    tx.commit().await?;
    app.crash_point(CrashPoint::EditDone);
    Ok(Next::Ended(Ended::Edited(Box::new(opened))))
}

async fn write(by: &By<'_>, conn: &mut PgConnection, order: Order, edit: &Edit, from: SagaStep) -> Result<Order, Refusal> {
    let mut order = order.edited(edit);
    order.updated_at = by.now;
    items::remove(conn, order.id).await?;
    items::insert(conn, order.id, &edit.lines, by.now).await?;
    order.revision = orders::reprice(conn, &order).await?;
    let event = OrderItemsChanged { order: order.facts(), lines: edit.lines.iter().map(Line::facts).collect() };
    let summary = format!("The items were changed: {} for ₹{} in all", count(edit.lines.len()), order.total);
    by.tell(conn, order.id, &event, summary).await?;
    if !edits::settle(conn, order.id, from, by.app.config.lease_seconds(), by.now).await? {
        return Err(Refusal::Fault("an edit changed although its order was locked"));
    }
    Ok(order)
}

fn count(lines: usize) -> String {
    if lines == 1 { "one item".to_owned() } else { format!("{lines} items") }
}

/// Money came in that is not what the order costs. If it is what an edit wants that payment has heard of, the edit comes
/// true first; the order as it is then. `None`: no edit explains it.
pub(crate) async fn paid_while_editing(
    by: &By<'_>,
    conn: &mut PgConnection,
    order: &Order,
    amount: Money,
) -> Result<Option<Order>, Refusal> {
    let open = edits::lock(conn, order.id).await?;
    let (step @ (SagaStep::EditReserved | SagaStep::EditUndoing), Some((edit, editor))) = (open.step, open.wants) else {
        return Ok(None);
    };
    if edit.total != amount || !order.is_editable() {
        return Ok(None);
    }
    let by = By { actor: &editor, ..*by };
    Ok(Some(write(&by, conn, order.clone(), &edit, step).await?))
}

/// Payment is to ask for what the order costs. Money that is on its way decides first: then this is asked again later.
async fn payment_back(app: &App, work: &Work) -> Result<Next, Refusal> {
    let (order, order_id) = (&work.order, work.order.id);
    // Paid or cancelled: payment has heard of that itself, and asks for nothing more.
    let asks_for_money = order.cancellation.is_none() && order.paid_at.is_none();
    if asks_for_money {
        let terms = ReplacePaymentIn { amount: order.total, revision: work.open.revision };
        match again(app, order_id, || app.neighbours.payment.replace(order_id, &terms)).await {
            Ok(_) => {}
            Err(ServiceError::Refused { code, .. }) if code == "order_cancelled" => {}
            Err(error) => {
                tracing::warn!(%order_id, %error, "the payment of an order that was not edited is put back later");
                return Ok(Next::Later);
            }
        }
        app.crash_point(CrashPoint::EditPaymentBack);
    }
    decide(app, order_id, SagaStep::EditUndoing).await?;
    Ok(Next::Go)
}

async fn decide(app: &App, order_id: OrderId, from: SagaStep) -> Result<(), Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    edits::settle(&mut conn, order_id, from, app.config.lease_seconds(), app.kit.clock.now()).await?;
    Ok(())
}

/// Catalog is to keep what the order says, no more. An order that ended meanwhile keeps nothing.
async fn settle(app: &App, work: &Work) -> Result<(), Refusal> {
    let order_id = work.order.id;
    let keep = ReplaceReservationIn { revision: work.open.revision, lines: as_wanted(&held(&work.lines)) };
    match again(app, order_id, || app.neighbours.catalog.replace(order_id, &keep)).await {
        Ok(_) => {}
        Err(error @ ServiceError::Refused { .. }) if !error.is_transient() => unsettled(app, work, &error).await?,
        Err(error) => return Err(error.into()),
    }
    app.crash_point(CrashPoint::EditSettled);
    let mut conn = app.kit.pool.acquire().await?;
    let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
    sagas::advance(&mut conn, order_id, SagaStep::EditSettling, SagaStep::Done, lease, now).await?;
    Ok(())
}

/// Catalog refused for good. An order that was cancelled keeps nothing, as it should; of any other what left or is kept may
/// be more than it says, which somebody has to look into.
async fn unsettled(app: &App, work: &Work, error: &ServiceError) -> Result<(), Refusal> {
    let order_id = work.order.id;
    let released = matches!(error, ServiceError::Refused { details: Some(details), .. } if details["status"] == "released");
    if released || work.order.cancellation.is_some() {
        tracing::warn!(%order_id, %error, "catalog keeps nothing for an edited order any more");
        return Ok(());
    }
    tracing::error!(%order_id, %error, "the stock of an edited order could not be settled and may not be what the order says");
    let mut conn = app.kit.pool.acquire().await?;
    Ok(sagas::note_error(&mut conn, order_id, &error.to_string()).await?)
}
