//! `/payments`

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
};
use serde_json::Value;

use super::{
    error::RazorpayError,
    wire::{self, ListQuery, collection},
};
use crate::state::Shared;

type Answer = Result<Json<Value>, RazorpayError>;

/// `GET /payments`
pub(super) async fn list(State(app): State<Shared>, Query(query): Query<ListQuery>) -> Answer {
    let state = app.world.razorpay.lock();
    let payments = state.payments.newest().map(|payment| (payment.created_at, payment.entity()));
    Ok(Json(collection(query.page(payments)?)))
}

/// `GET /payments/{id}`
pub(super) async fn get(State(app): State<Shared>, Path(id): Path<String>) -> Answer {
    wire::check_id(&id, "pay_")?;
    let state = app.world.razorpay.lock();
    let payment = state.payments.get(&id).ok_or_else(RazorpayError::unknown_id)?;
    Ok(Json(payment.entity()))
}

/// `PATCH /payments/{id}`
pub(super) async fn update(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Answer {
    wire::check_id(&id, "pay_")?;
    let notes = wire::changed_notes(&body)?;
    let mut state = app.world.razorpay.lock();
    let payment = state.payments.get_mut(&id).ok_or_else(RazorpayError::unknown_id)?;
    payment.notes = notes;
    Ok(Json(payment.entity()))
}

/// `POST /payments/{id}/capture`
pub(super) async fn capture(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Answer {
    wire::check_id(&id, "pay_")?;
    let fields = wire::object(&body, &["amount", "currency"])?;
    let amount = wire::required_amount(&fields)?;
    let currency = wire::currency(&fields)?;
    let now = app.clock.now().timestamp();
    let (entity, outgoing) = {
        let mut state = app.world.razorpay.lock();
        let payment = state.payments.get(&id).ok_or_else(RazorpayError::unknown_id)?;
        if payment.amount != amount || payment.currency != currency {
            return Err(RazorpayError::field("amount", "Capture amount must be equal to the amount authorized"));
        }
        let outgoing = state.capture(&id, now)?;
        let payment = state.payments.get(&id).ok_or_else(RazorpayError::unknown_id)?;
        (payment.entity(), outgoing)
    };
    app.emit(outgoing);
    Ok(Json(entity))
}
