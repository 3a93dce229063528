//! `/orders`

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
};
use serde_json::{Value, json};

use super::{
    error::RazorpayError,
    model::{Order, OrderStatus, PaymentStatus, RazorpayState},
    wire::{self, ListQuery, collection},
};
use crate::{random, state::Shared};

const FIELDS: &[&str] = &[
    "amount",
    "currency",
    "receipt",
    "notes",
    "partial_payment",
    "first_payment_min_amount",
    "payment",
    "payment_capture",
    "transfers",
    "customer_id",
    "customer_details",
    "method",
    "offers",
    "discount",
];

type Answer = Result<Json<Value>, RazorpayError>;

/// `POST /orders`. There is no idempotency here: the same receipt twice makes two orders.
pub(super) async fn create(State(app): State<Shared>, body: Bytes) -> Answer {
    let fields = wire::object(&body, FIELDS)?;
    let capture = fields.get("payment").and_then(|payment| payment.get("capture")).and_then(Value::as_str);
    let legacy_manual =
        matches!(fields.get("payment_capture"), Some(Value::Bool(false))) || fields.get("payment_capture") == Some(&json!(0));
    let manual_capture = match capture {
        None => legacy_manual,
        Some("automatic") => false,
        Some("manual") => true,
        Some(_) => return Err(RazorpayError::field("capture", "The capture must be automatic or manual.")),
    };
    let order = Order {
        id: format!("order_{}", random::alphanumeric(14)),
        amount: wire::required_amount(&fields)?,
        amount_paid: 0,
        currency: wire::currency(&fields)?,
        receipt: wire::text(&fields, "receipt", 40)?,
        status: OrderStatus::Created,
        attempts: 0,
        notes: wire::notes(&fields)?,
        created_at: app.clock.now().timestamp(),
        manual_capture,
        link_id: None,
    };
    let entity = order.entity();
    app.world.razorpay.lock().orders.insert(order);
    Ok(Json(entity))
}

impl RazorpayState {
    fn payments_of<'a>(&'a self, order_id: &'a str) -> impl Iterator<Item = &'a super::model::Payment> {
        self.payments.newest().filter(move |payment| payment.order_id == order_id)
    }

    fn shown(&self, order: &Order, expand: Option<&str>) -> Value {
        let mut entity = order.entity();
        if expand == Some("payments") {
            entity["payments"] = collection(self.payments_of(&order.id).map(super::model::Payment::entity).collect());
        }
        entity
    }
}

/// `GET /orders`
pub(super) async fn list(State(app): State<Shared>, Query(query): Query<ListQuery>) -> Answer {
    let state = app.world.razorpay.lock();
    let authorized = |order: &Order| state.payments_of(&order.id).any(|payment| payment.status == PaymentStatus::Authorized);
    let orders = state
        .orders
        .newest()
        .filter(|order| query.receipt.is_none() || order.receipt == query.receipt)
        .filter(|order| query.authorized.is_none_or(|wanted| (wanted == 1) == authorized(order)))
        .map(|order| (order.created_at, state.shown(order, query.expand.as_deref())));
    Ok(Json(collection(query.page(orders)?)))
}

/// `GET /orders/{id}`
pub(super) async fn get(State(app): State<Shared>, Path(id): Path<String>, Query(query): Query<ListQuery>) -> Answer {
    wire::check_id(&id, "order_")?;
    let state = app.world.razorpay.lock();
    let order = state.orders.get(&id).ok_or_else(RazorpayError::unknown_id)?;
    Ok(Json(state.shown(order, query.expand.as_deref())))
}

/// `PATCH /orders/{id}`
pub(super) async fn update(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Answer {
    wire::check_id(&id, "order_")?;
    let notes = wire::changed_notes(&body)?;
    let mut state = app.world.razorpay.lock();
    let order = state.orders.get_mut(&id).ok_or_else(RazorpayError::unknown_id)?;
    order.notes = notes;
    Ok(Json(order.entity()))
}

/// `GET /orders/{id}/payments`
pub(super) async fn payments(State(app): State<Shared>, Path(id): Path<String>) -> Answer {
    wire::check_id(&id, "order_")?;
    let state = app.world.razorpay.lock();
    if state.orders.get(&id).is_none() {
        return Err(RazorpayError::unknown_id());
    }
    Ok(Json(collection(state.payments_of(&id).map(super::model::Payment::entity).collect())))
}
