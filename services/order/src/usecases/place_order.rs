//! A buyer places an order: checked and priced first, written down in one transaction, then made whole by the saga
//! (rules 19 and 20).

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::OrderPlaced;
use domain::{Actor, Money, OrderId, OrderStatus, PaymentMethod, PaymentStatus};
use pg_kit::idempotency::{self, Begin, Claim};
use pg_kit::{DbError, jobs};
use serde_json::Value;
use sqlx::PgConnection;

use super::checkout::{Checkout, Wanted, checkout};
use super::moves::By;
use super::{Refusal, open_order};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{Line, Order, pricing};
use crate::jobs::{PAYMENT_TIMEOUT, for_order};
use crate::store::history::{self, Changed};
use crate::store::{items, orders, sagas};

/// The operation under which keys of placed orders are kept.
pub(crate) const OPERATION: &str = "orders.place";

/// A request to place an order.
#[derive(Debug)]
pub(crate) struct Placement {
    pub(crate) wanted: Wanted,
    pub(crate) payment_method: PaymentMethod,
    pub(crate) notes: Option<String>,
    pub(crate) key: String,
    pub(crate) caller: String,
    pub(crate) body_hash: [u8; 32],
}

/// An answer as it is stored with its key: the same again, whenever the request comes again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Places it. Once it is written down it is worked on to its end, whether or not the caller still listens.
pub(crate) async fn place_order(app: &App, actor: &Actor, placement: &Placement) -> Result<Answer, Refusal> {
    let now = app.kit.clock.now();
    // Asked first, so that a repeated request is answered as before whatever prices and stock are now.
    if let Some(known) = known(app, placement, now).await? {
        return answer_of(known)?.ok_or(Refusal::InProgress);
    }
    let checkout = checkout(app, &placement.wanted).await?;
    let order_id = match write_down(app, actor, placement, checkout, now).await? {
        Written::New(order_id) => order_id,
        Written::Before(begin) => return answer_of(begin)?.ok_or(Refusal::InProgress),
    };
    app.crash_point(CrashPoint::Placed);
    // A task of its own: a caller who hangs up, or the request's time limit, leaves no half order behind.
    let (task_app, context) = (app.clone(), context::current());
    let work = tokio::spawn(context::scope(context, async move { open_order::open_order(&task_app, order_id).await }));
    let done = work.await.map_err(|_| Refusal::Fault("the placing of an order was interrupted"))?;
    match done? {
        Some(answer) => Ok(answer),
        // The sweeper was faster: its answer is stored.
        None => known(app, placement, now).await?.map(answer_of).transpose()?.flatten().ok_or(Refusal::InProgress),
    }
}

async fn known(app: &App, placement: &Placement, now: DateTime<Utc>) -> Result<Option<Begin>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(idempotency::peek(&mut conn, &claim(placement, now)).await?)
}

fn claim(placement: &Placement, now: DateTime<Utc>) -> Claim<'_> {
    Claim { caller: &placement.caller, operation: OPERATION, key: &placement.key, body_hash: placement.body_hash, now }
}

/// The stored answer; none while the request is being worked on.
fn answer_of(known: Begin) -> Result<Option<Answer>, Refusal> {
    match known {
        Begin::Replay { status, body, .. } => Ok(Some(Answer { status, body })),
        Begin::InProgress { .. } | Begin::New(_) => Ok(None),
        Begin::Reused => Err(Refusal::KeyReused),
    }
}

enum Written {
    New(OrderId),
    Before(Begin),
}

/// One transaction: key, order, lines, history, saga, event, story, time-out.
async fn write_down(
    app: &App,
    actor: &Actor,
    placement: &Placement,
    checkout: Checkout,
    now: DateTime<Utc>,
) -> Result<Written, Refusal> {
    let mut tx = app.kit.pool.begin().await?;
    let record = match idempotency::begin(&mut tx, &claim(placement, now)).await? {
        Begin::New(record) => record,
        known => return Ok(Written::Before(known)),
    };
    let (order, lines) = new_order(app, &mut tx, placement, checkout, now).await?;
    idempotency::set_resource(&mut tx, record, order.id.into()).await?;
    orders::insert(&mut tx, &order).await?;
    items::insert(&mut tx, order.id, &lines, now).await?;
    let placed =
        Changed { id: app.kit.ids.uuid(), order_id: order.id, from: None, to: order.status, notes: None, by: actor, at: now };
    history::insert(&mut tx, &placed).await?;
    let deadline = now + TimeDelta::seconds(i64::from(app.config.order_saga_deadline_seconds));
    sagas::insert(&mut tx, order.id, deadline, app.config.lease_seconds(), now).await?;
    tell_placed(&By { app, actor, now }, &mut tx, &order, &lines).await?;
    if order.payment_method == PaymentMethod::Online {
        let at = now + TimeDelta::minutes(i64::from(app.config.order_payment_timeout_minutes));
        jobs::enqueue(&mut tx, &for_order(&app.kit, PAYMENT_TIMEOUT, order.id, at)).await?;
    }
    tx.commit().await?;
    Ok(Written::New(order.id))
}

async fn tell_placed(by: &By<'_>, conn: &mut PgConnection, order: &Order, lines: &[Line]) -> Result<(), DbError> {
    let event = OrderPlaced { order: order.facts(), lines: lines.iter().map(Line::facts).collect(), placed_at: by.now };
    by.tell(conn, order.id, &event, &format!("Order {} was placed", order.order_number)).await
}

async fn new_order(
    app: &App,
    conn: &mut PgConnection,
    placement: &Placement,
    checkout: Checkout,
    now: DateTime<Utc>,
) -> Result<(Order, Vec<Line>), Refusal> {
    let Checkout { vendor, address, area, lines, price, delivery } = checkout;
    let id: OrderId = app.kit.ids.next();
    let order = Order {
        id,
        order_number: orders::next_number(conn).await?,
        buyer_id: placement.wanted.buyer_id,
        buyer_user_id: address.buyer_user_id,
        vendor_id: vendor.vendor_id,
        vendor_user_id: vendor.user_id,
        order_type: pricing::order_type(lines.iter().map(|line| line.item_type)),
        delivery_address_id: address.address_id,
        delivery_address: address.address,
        delivery_date: placement.wanted.delivery_date,
        delivery_slot: placement.wanted.delivery_slot,
        distance_metres: i32::try_from(area.distance_metres).unwrap_or(i32::MAX),
        subtotal: price.subtotal,
        delivery_charge: price.delivery_charge,
        delivery_tax_code: app.config.delivery_tax_code.clone(),
        delivery_gst_rate: delivery.gst_rate,
        delivery_tax: price.delivery_tax,
        tax: price.tax,
        discount: price.discount,
        total: price.total,
        supplier_state: vendor.state_code,
        gst_scheme: vendor.gst_scheme,
        commission_rate: vendor.commission_rate,
        payment_method: placement.payment_method,
        payment_status: PaymentStatus::Pending,
        payment_id: None,
        refunded: Money::ZERO,
        status: OrderStatus::Pending,
        buyer_notes: placement.notes.clone(),
        vendor_notes: None,
        cancellation: None,
        created_at: now,
        updated_at: now,
        awaiting_since: None,
        paid_at: None,
        confirmed_at: None,
        delivered_at: None,
        completed_at: None,
        revision: 1,
    };
    let lines = (1..).zip(lines).map(|(line_no, what)| Line { id: app.kit.ids.next(), order_id: id, line_no, what }).collect();
    Ok((order, lines))
}
