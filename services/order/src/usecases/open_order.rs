//! The saga of a placed order (rule 19): its stock is reserved, its payment opened, and then it is whole. Every call can
//! be made again for the same order, so whoever takes over begins with the call that is not known to have worked.

use chrono::{DateTime, TimeDelta, Utc};
use clients::ServiceError;
use clients::catalog::{ReserveIn, WantedLine};
use clients::payment::{OpenPaymentIn, OpenedPayment};
use domain::{Actor, OrderId, OrderStatus, PaymentMethod, ServiceName};
use pg_kit::{DbError, idempotency};
use sqlx::PgConnection;

use super::Refusal;
use super::moves::By;
use super::place_order::{Answer, OPERATION};
use super::read_orders::whole;
use super::undo_order::{self, Failure};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{Line, Order, SagaStep};
use crate::http::shapes;
use crate::store::orders::{self, Reader};
use crate::store::{items, sagas};

/// Tries of one step while the buyer waits.
const TRIES: u32 = 3;

/// Takes a placed order to its end: whole, or undone. The answer is that of the request that placed it; none when somebody
/// else finished it meanwhile.
pub(crate) async fn open_order(app: &App, order_id: OrderId) -> Result<Option<Answer>, Refusal> {
    loop {
        let (saga, order, lines) = load(app, order_id).await?;
        let late = app.kit.clock.now() > saga.deadline;
        match saga.step {
            SagaStep::Done | SagaStep::Undone => return Ok(None),
            SagaStep::Undoing => return undo_order::free_stock(app, order_id).await.map(|()| None),
            // An order that somebody cancelled or paid meanwhile is not undone for being late.
            _ if late && order.status == OrderStatus::Pending => {
                return undo_order::undo_order(app, order_id, Failure::too_late(saga.step)).await;
            }
            SagaStep::Placed => match reserve(app, &order, &lines).await {
                Ok(()) => reserved(app, order_id).await?,
                Err(failure) => return undo_order::undo_order(app, order_id, failure).await,
            },
            SagaStep::StockReserved => {
                return match open_payment(app, &order).await {
                    Ok(opened) => finish(app, order_id, opened).await,
                    Err(failure) => undo_order::undo_order(app, order_id, failure).await,
                };
            }
        }
    }
}

async fn load(app: &App, order_id: OrderId) -> Result<(sagas::Saga, Order, Vec<Line>), Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let saga = sagas::find(&mut conn, order_id).await?.ok_or(Refusal::NotFound)?;
    let order = orders::find(&mut conn, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let lines = items::of_orders(&mut conn, &[order_id]).await?;
    Ok((saga, order, lines))
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

async fn reserved(app: &App, order_id: OrderId) -> Result<(), Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
    sagas::advance(&mut conn, order_id, SagaStep::Placed, SagaStep::StockReserved, lease, now).await?;
    drop(conn);
    app.crash_point(CrashPoint::Reserved);
    Ok(())
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
async fn again<T, Fut>(app: &App, order_id: OrderId, call: impl Fn() -> Fut + Send) -> Result<T, ServiceError>
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

/// The order is whole: payment, end of the saga and answer in one transaction.
async fn finish(app: &App, order_id: OrderId, opened: OpenedPayment) -> Result<Option<Answer>, Refusal> {
    let system = Actor::system(ServiceName::Order);
    let by = By { app, actor: &system, now: app.kit.clock.now() };
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
    let order = became_whole(&by, &mut tx, order, &opened).await?;
    advance_to_done(&by, &mut tx, order_id, step).await?;
    let answer = placed_answer(&by, &mut tx, order, Some(opened)).await?;
    tx.commit().await?;
    app.crash_point(CrashPoint::Done);
    Ok(Some(answer))
}

async fn became_whole(by: &By<'_>, conn: &mut PgConnection, mut order: Order, opened: &OpenedPayment) -> Result<Order, Refusal> {
    order.payment_id = Some(opened.payment_id);
    let waits_now = order.payment_method == PaymentMethod::Cod && order.status == OrderStatus::Pending;
    if waits_now {
        // Rule 16: a cash order waits for its vendor since it was placed.
        order.awaiting_since = Some(order.created_at);
    }
    let order = by.save(conn, order).await?;
    if waits_now {
        by.await_vendor(conn, &order).await?;
    }
    Ok(order)
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
