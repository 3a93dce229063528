//! The saga of a placed order (rule 19): its stock is reserved, its payment opened, and then it is whole. Every call can
//! be made again for the same order, so whoever takes over begins with the call that is not known to have worked.

use chrono::{DateTime, TimeDelta, Utc};
use clients::ServiceError;
use clients::catalog::{ReserveIn, WantedLine};
use clients::payment::{OpenPaymentIn, OpenedPayment};
use domain::{Actor, OrderId, OrderStatus, PaymentMethod, ServiceName};
use pg_kit::jobs::NewJob;
use pg_kit::{DbError, idempotency, jobs};
use sqlx::PgConnection;

use super::moves::By;
use super::place_order::{Answer, Fresh, OPERATION};
use super::read_orders::{WholeOrder, whole};
use super::undo_order::{self, Failure};
use super::{Refusal, carry_edit};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{HistoryEntry, Line, Order, SagaStep};
use crate::http::shapes;
use crate::store::orders::{self, Reader};
use crate::store::{items, sagas};

/// Tries of one step while the buyer waits.
const TRIES: u32 = 3;

/// An order on its way, as far as it is known here.
struct Work {
    order: Order,
    lines: Vec<Line>,
    step: SagaStep,
    deadline: DateTime<Utc>,
    /// The whole history, where it is known without asking.
    history: Option<HistoryEntry>,
}

/// Takes a placed order to its end: whole, or undone. The answer is that of the request that placed it; none when somebody
/// else finished it meanwhile.
pub(crate) async fn open_order(app: &App, order_id: OrderId) -> Result<Option<Answer>, Refusal> {
    let work = load(app, order_id).await?;
    open(app, work).await
}

/// The same for an order that was written down a moment ago: nothing is read that is known.
pub(crate) async fn open_placed(app: &App, fresh: Fresh) -> Result<Option<Answer>, Refusal> {
    let Fresh { order, lines, deadline, history } = fresh;
    open(app, Work { order, lines, step: SagaStep::Placed, deadline, history: Some(history) }).await
}

async fn open(app: &App, mut work: Work) -> Result<Option<Answer>, Refusal> {
    let order_id = work.order.id;
    loop {
        let late = app.kit.clock.now() > work.deadline;
        match work.step {
            SagaStep::Done | SagaStep::Undone => return Ok(None),
            SagaStep::Editing | SagaStep::EditReserved | SagaStep::EditUndoing | SagaStep::EditSettling => {
                carry_edit::carry_edit(app, order_id).await?;
                return Ok(None);
            }
            SagaStep::Undoing => return undo_order::free_stock(app, order_id).await.map(|()| None),
            // An order that somebody cancelled or paid meanwhile is not undone for being late.
            _ if late && work.order.status == OrderStatus::Pending => {
                return undo_order::undo_order(app, order_id, Failure::too_late(work.step)).await;
            }
            SagaStep::Placed => match reserve(app, &work.order, &work.lines).await {
                Ok(()) if reserved(app, order_id).await? => work.step = SagaStep::StockReserved,
                // Somebody else works on it as well.
                Ok(()) => work = load(app, order_id).await?,
                Err(failure) => return undo_order::undo_order(app, order_id, failure).await,
            },
            SagaStep::StockReserved => {
                return match open_payment(app, &work.order).await {
                    Ok(opened) => finish(app, work, opened).await,
                    Err(failure) => undo_order::undo_order(app, order_id, failure).await,
                };
            }
        }
    }
}

async fn load(app: &App, order_id: OrderId) -> Result<Work, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let saga = sagas::find(&mut conn, order_id).await?.ok_or(Refusal::NotFound)?;
    let order = orders::find(&mut conn, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let lines = items::of_orders(&mut conn, &[order_id]).await?;
    Ok(Work { order, lines, step: saga.step, deadline: saga.deadline, history: None })
}

async fn reserve(app: &App, order: &Order, lines: &[Line]) -> Result<(), Failure> {
    let reservation = ReserveIn {
        order_id: order.id,
        vendor_id: order.vendor_id,
        lines: lines
            .iter()
            .map(|Line { what, .. }| WantedLine {
                item_type: what.item_type,
                item_id: what.item_id,
                quantity: what.quantity,
                unit: Some(what.unit),
            })
            .collect(),
        expires_at: expiry(app, order.created_at),
    };
    let done = again(app, order.id, || app.neighbours.catalog.reserve(&reservation)).await;
    app.crash_point(CrashPoint::ReserveCalled);
    done.map(|_| ()).map_err(|error| Failure::of_stock(&error, lines))
}

/// The same whoever asks and whenever: part of a call that is made again.
fn expiry(app: &App, placed: DateTime<Utc>) -> DateTime<Utc> {
    placed + TimeDelta::days(i64::from(app.config.order_reservation_days))
}

/// Writes down that the stock is kept; false when somebody else moved the saga meanwhile.
async fn reserved(app: &App, order_id: OrderId) -> Result<bool, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
    let moved = sagas::advance(&mut conn, order_id, SagaStep::Placed, SagaStep::StockReserved, lease, now).await?;
    drop(conn);
    app.crash_point(CrashPoint::Reserved);
    Ok(moved)
}

async fn open_payment(app: &App, order: &Order) -> Result<OpenedPayment, Failure> {
    let payment = OpenPaymentIn {
        order_id: order.id,
        order_number: order.order_number.clone(),
        buyer_id: order.buyer_id,
        buyer_user_id: order.buyer_user_id,
        vendor_id: order.vendor_id,
        amount: order.total,
    };
    let done = match order.payment_method {
        PaymentMethod::Online => again(app, order.id, || app.neighbours.payment.open_online(&payment)).await,
        PaymentMethod::Cod => again(app, order.id, || app.neighbours.payment.open_cod(&payment)).await,
    };
    app.crash_point(CrashPoint::PaymentOpened);
    done.map_err(|error| Failure::of_payment(&error))
}

/// Makes a call that may be made again, a few times. Nobody knowing whether it worked is no reason to stop.
pub(crate) async fn again<T, Fut>(app: &App, order_id: OrderId, call: impl Fn() -> Fut + Send) -> Result<T, ServiceError>
where
    T: Send,
    Fut: Future<Output = Result<T, ServiceError>> + Send,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(%order_id, attempt, %error, "a step of placing an order did not work");
                note(app, order_id, &error).await;
                if attempt == TRIES {
                    return Err(error);
                }
                attempt += 1;
                tokio::time::sleep(app.config.pause_before(attempt)).await;
            }
            done => return done,
        }
    }
}

/// For whoever looks into it later; not worth failing for.
async fn note(app: &App, order_id: OrderId, error: &ServiceError) {
    let noted = async {
        let mut conn = app.kit.pool.acquire().await?;
        sagas::note_error(&mut conn, order_id, &error.to_string()).await
    };
    if let Err(error) = noted.await {
        tracing::debug!(%error, "the error of a saga could not be noted");
    }
}

/// The order is whole. Of one that nobody touched meanwhile that is one statement; otherwise it is looked at again.
async fn finish(app: &App, work: Work, opened: OpenedPayment) -> Result<Option<Answer>, Refusal> {
    let system = Actor::system(ServiceName::Order);
    let by = By { app, actor: &system, now: app.kit.clock.now() };
    let order_id = work.order.id;
    if let (Some(history), OrderStatus::Pending) = (work.history, work.order.status) {
        let (order, start) = opened_now(&by, work.order, &opened);
        let whole = WholeOrder { order, lines: work.lines, history: vec![history] };
        let body = shapes::placed_body(&whole, Some(opened.clone())).map_err(DbError::from)?;
        let answer = Answer { status: 201, body };
        let end = sagas::Whole { order: &whole.order, operation: OPERATION, status: answer.status, body: &answer.body, start };
        let ended = {
            let mut conn = app.kit.pool.acquire().await?;
            sagas::end(&mut conn, &end).await?
        };
        if ended {
            app.crash_point(CrashPoint::Done);
            return Ok(Some(answer));
        }
    }
    finish_changed(&by, order_id, opened).await
}

/// The same for an order that is read anew: payment, end of the saga and answer in one transaction.
async fn finish_changed(by: &By<'_>, order_id: OrderId, opened: OpenedPayment) -> Result<Option<Answer>, Refusal> {
    let app = by.app;
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let step = sagas::lock(&mut tx, order_id).await?;
    if step != SagaStep::StockReserved {
        return Ok(None);
    }
    if order.status == OrderStatus::Cancelled {
        drop(tx);
        return undo_order::undo_order(app, order_id, Failure::cancelled()).await;
    }
    let (order, start) = opened_now(by, order, &opened);
    let order = by.save(&mut tx, order).await?;
    for job in &start {
        jobs::enqueue(&mut tx, job).await?;
    }
    advance_to_done(by, &mut tx, order_id, step).await?;
    let answer = placed_answer(by, &mut tx, order, Some(opened)).await?;
    tx.commit().await?;
    app.crash_point(CrashPoint::Done);
    Ok(Some(answer))
}

/// The order with its payment, and the jobs that begin with it.
fn opened_now(by: &By<'_>, mut order: Order, opened: &OpenedPayment) -> (Order, Vec<NewJob>) {
    order.payment_id = Some(opened.payment_id);
    order.updated_at = by.now;
    if order.payment_method == PaymentMethod::Cod && order.status == OrderStatus::Pending {
        // Rule 16: a cash order waits for its vendor since it was placed.
        order.awaiting_since = Some(order.created_at);
        let start = by.waiting_for_vendor(&order);
        return (order, start);
    }
    (order, Vec::new())
}

/// Ends the saga of an order that is whole.
pub(crate) async fn advance_to_done(
    by: &By<'_>,
    conn: &mut PgConnection,
    order_id: OrderId,
    from: SagaStep,
) -> Result<(), DbError> {
    let moved = sagas::advance(conn, order_id, from, SagaStep::Done, by.app.config.lease_seconds(), by.now).await?;
    if moved { Ok(()) } else { Err(DbError::State("a saga changed although its order was locked")) }
}

/// The answer of a request that placed an order, stored with its key.
pub(crate) async fn placed_answer(
    by: &By<'_>,
    conn: &mut PgConnection,
    order: Order,
    opened: Option<OpenedPayment>,
) -> Result<Answer, Refusal> {
    let order_id = order.id;
    let body = shapes::placed_body(&whole(conn, order).await?, opened).map_err(DbError::from)?;
    let answer = Answer { status: 201, body };
    idempotency::complete_for_resource(conn, OPERATION, order_id.into(), answer.status, &answer.body, by.now).await?;
    Ok(answer)
}
