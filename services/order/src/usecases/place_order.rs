//! A buyer places an order: checked and priced first, written down in one statement, then made whole by the saga
//! (rules 19 and 20). No connection is held while others are asked.

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::OrderPlaced;
use domain::{Actor, Money, OrderId, OrderNumber, OrderStatus, PaymentMethod, PaymentStatus};
use pg_kit::idempotency::{self, Begin, Claim};
use serde_json::Value;

use super::checkout::{Checkout, Wanted, checkout};
use super::moves::By;
use super::{Refusal, open_order};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{HistoryEntry, Line, Order, pricing};
use crate::jobs::{PAYMENT_TIMEOUT, for_order};
use crate::store::placing::{self, NewOrder};

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
    let turn = app.turn().await.ok_or(Refusal::Busy)?;
    let now = app.kit.clock.now();
    // Asked first, so that a repeated request is answered as before whatever prices and stock are now.
    if let Some(known) = known(app, placement, now).await? {
        return answer_of(known)?.ok_or(Refusal::InProgress);
    }
    let checkout = checkout(app, &placement.wanted).await?;
    let Some(fresh) = write_down(app, actor, placement, checkout, now).await? else {
        return stored(app, placement, now).await;
    };
    app.crash_point(CrashPoint::Placed);
    // A task of its own: a caller who hangs up, or the request's time limit, leaves no half order behind.
    let (task_app, context) = (app.clone(), context::current());
    let work = tokio::spawn(context::scope(context, async move {
        let _turn = turn;
        open_order::open_placed(&task_app, fresh).await
    }));
    let done = work.await.map_err(|_| Refusal::Fault("the placing of an order was interrupted"))?;
    match done? {
        Some(answer) => Ok(answer),
        // The sweeper was faster: its answer is stored.
        None => stored(app, placement, now).await,
    }
}

async fn stored(app: &App, placement: &Placement, now: DateTime<Utc>) -> Result<Answer, Refusal> {
    known(app, placement, now).await?.map(answer_of).transpose()?.flatten().ok_or(Refusal::InProgress)
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

/// An order that was written down.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) order: Order,
    pub(crate) lines: Vec<Line>,
    pub(crate) deadline: DateTime<Utc>,
    /// The only entry of its history.
    pub(crate) history: HistoryEntry,
}

/// One statement: key, number, order, lines, history, saga, event, story, time-out. None when the key is known.
async fn write_down(
    app: &App,
    actor: &Actor,
    placement: &Placement,
    checkout: Checkout,
    now: DateTime<Utc>,
) -> Result<Option<Fresh>, Refusal> {
    let by = By { app, actor, now };
    let (mut order, lines) = new_order(app, placement, checkout, now);
    let event = OrderPlaced { order: order.facts(), lines: lines.iter().map(Line::facts).collect(), placed_at: now };
    let deadline = now + TimeDelta::seconds(i64::from(app.config.order_saga_deadline_seconds));
    let time_out = now + TimeDelta::minutes(i64::from(app.config.order_payment_timeout_minutes));
    let online = order.payment_method == PaymentMethod::Online;
    let new = NewOrder {
        claim: claim(placement, now),
        order: &order,
        lines: &lines,
        history: by.history(None),
        said: by.said(&event, String::new())?,
        saga_deadline: deadline,
        lease_seconds: app.config.lease_seconds(),
        start: online.then(|| for_order(&app.kit, PAYMENT_TIMEOUT, order.id, time_out)).into_iter().collect(),
    };
    let placed = {
        let mut conn = app.kit.pool.acquire().await?;
        placing::place(&mut conn, &new).await?
    };
    let Some(number) = placed else { return Ok(None) };
    order.order_number = number;
    let history = HistoryEntry {
        previous: None,
        new: order.status,
        notes: None,
        changed_by: actor.user_id,
        changed_by_kind: actor.kind,
        changed_via: actor.channel,
        at: now,
    };
    Ok(Some(Fresh { order, lines, deadline, history }))
}

fn new_order(app: &App, placement: &Placement, checkout: Checkout, now: DateTime<Utc>) -> (Order, Vec<Line>) {
    let Checkout { vendor, address, area, lines, price, delivery } = checkout;
    let id: OrderId = app.kit.ids.next();
    let order = Order {
        id,
        // The database gives it.
        order_number: OrderNumber::from_sequence(0),
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
    (order, lines)
}
