//! Refunds, with their idempotency keys.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::HeaderMap,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    error::RazorpayError,
    events::Outgoing,
    model::{RazorpayState, Refund, RefundKey, RefundStatus},
    wire::{self, ListQuery, collection},
};
use crate::{
    faults::Kind,
    random,
    state::{App, Shared},
};

/// Long enough that a second request with the same key finds the first one at work.
const WORK: Duration = Duration::from_millis(30);

type Answer = Result<Json<Value>, RazorpayError>;

/// How a pending refund may end.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    Processed,
    Failed,
}

impl From<Ended> for RefundStatus {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Processed => Self::Processed,
            Ended::Failed => Self::Failed,
        }
    }
}

/// `POST /payments/{id}/refund`. Goes on when the caller has left, as the real one would.
pub(super) async fn create(State(app): State<Shared>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    wire::check_id(&id, "pay_")?;
    let fields = wire::object(&body, &["amount", "speed", "notes", "receipt"])?;
    let key = idempotency_key(&headers)?;
    match tokio::spawn(run(app, id, fields, key)).await {
        Ok(answer) => answer.map(Json),
        Err(_) => Err(RazorpayError::bad("The refund could not be served.")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, RazorpayError> {
    let Some(value) = headers.get("x-refund-idempotency") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.len() < 10 {
        return Err(RazorpayError::bad("The idempotency key must be at least 10 characters."));
    }
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Err(RazorpayError::bad("The idempotency key may only contain letters, digits, hyphens and underscores."));
    }
    Ok(Some(key.to_owned()))
}

async fn run(app: Shared, payment_id: String, fields: Map<String, Value>, key: Option<String>) -> Result<Value, RazorpayError> {
    if let Some(key) = &key {
        let replay = app.world.razorpay.lock().begin(key, &payment_id, &fields, app.clock.now().timestamp())?;
        if let Some(entity) = replay {
            return Ok(entity);
        }
        tokio::time::sleep(WORK).await;
    }
    let opened = app.open(&payment_id, &fields);
    if let Some(key) = key {
        let mut state = app.world.razorpay.lock();
        match &opened {
            Ok((refund_id, _)) => {
                if let Some(record) = state.refund_keys.get_mut(&key) {
                    record.refund_id = Some(refund_id.clone());
                }
            }
            Err(_) => {
                state.refund_keys.remove(&key);
            }
        }
    }
    let (refund_id, outgoing) = opened?;
    app.emit(outgoing);
    app.process_refund(refund_id.clone());
    let state = app.world.razorpay.lock();
    let refund = state.refunds.get(&refund_id).ok_or_else(RazorpayError::unknown_id)?;
    Ok(refund.entity(app.clock.now().timestamp()))
}

impl RazorpayState {
    /// Claims the key, or gives the refund it already made.
    fn begin(
        &mut self,
        key: &str,
        payment_id: &str,
        fields: &Map<String, Value>,
        now: i64,
    ) -> Result<Option<Value>, RazorpayError> {
        let request = Value::Object(fields.clone());
        let Some(record) = self.refund_keys.get(key) else {
            let record = RefundKey { payment_id: payment_id.to_owned(), request, refund_id: None };
            self.refund_keys.insert(key.to_owned(), record);
            return Ok(None);
        };
        if record.payment_id != payment_id || record.request != request {
            return Err(RazorpayError::conflict("Different request with the same idempotency key has already been processed."));
        }
        match record.refund_id.as_ref().and_then(|id| self.refunds.get(id)) {
            Some(refund) => Ok(Some(refund.entity(now))),
            None => Err(RazorpayError::conflict("Request with the same idempotency key is still in progress. Try again later.")),
        }
    }
}

impl App {
    fn open(&self, payment_id: &str, fields: &Map<String, Value>) -> Result<(String, Vec<Outgoing>), RazorpayError> {
        let now = self.clock.now().timestamp();
        let speed_requested = wire::text(fields, "speed", 10)?.unwrap_or_else(|| "normal".into());
        if !matches!(speed_requested.as_str(), "normal" | "optimum") {
            return Err(RazorpayError::field("speed", "The speed must be normal or optimum."));
        }
        let mut state = self.world.razorpay.lock();
        let payment = state.payments.get(payment_id).ok_or_else(RazorpayError::unknown_id)?;
        let remaining = payment.amount - payment.amount_refunded;
        let refund = Refund {
            id: format!("rfnd_{}", random::alphanumeric(14)),
            amount: wire::amount(fields)?.unwrap_or(remaining),
            currency: payment.currency.clone(),
            payment_id: payment_id.to_owned(),
            notes: wire::notes(fields)?,
            receipt: wire::text(fields, "receipt", 40)?,
            created_at: now,
            status: RefundStatus::Pending,
            speed_requested,
            reference: random::digits(23),
        };
        let id = refund.id.clone();
        let outgoing = state.open_refund(refund, false, now)?;
        Ok((id, outgoing))
    }

    /// Processes a refund at once, or as the faults say: later, or in vain.
    pub(super) fn process_refund(self: &Shared, id: String) {
        let fails = self.faults.take("razorpay", "refund_processing", Kind::Status).is_some();
        let wait = self.faults.take("razorpay", "refund_processing", Kind::Latency);
        let status = if fails { RefundStatus::Failed } else { RefundStatus::Processed };
        let wait = match wait {
            Some(fault) => Duration::from_millis(fault.value.unwrap_or(1_000)),
            None if fails => Duration::from_millis(100),
            None => return self.end_refund(&id, status),
        };
        let app = self.clone();
        tokio::spawn(async move {
            app.sleeps(wait).await;
            app.end_refund(&id, status);
        });
    }

    fn end_refund(self: &Shared, id: &str, status: RefundStatus) {
        if let Err(error) = self.settle_refund(id, status) {
            tracing::debug!(?error, id, "the refund had ended already");
        }
    }

    /// Ends a pending refund and tells about it.
    pub(crate) fn settle_refund(self: &Shared, id: &str, status: RefundStatus) -> Result<Value, RazorpayError> {
        let now = self.clock.now().timestamp();
        let (entity, outgoing) = {
            let mut state = self.world.razorpay.lock();
            let outgoing = state.settle_refund(id, status, now)?;
            (state.refunds.get(id).map(|refund| refund.entity(now)), outgoing)
        };
        self.emit(outgoing);
        entity.ok_or_else(RazorpayError::unknown_id)
    }
}

/// `GET /refunds`
pub(super) async fn list(State(app): State<Shared>, Query(query): Query<ListQuery>) -> Answer {
    page(&app, &query, |refund| query.payment_id.as_ref().is_none_or(|id| &refund.payment_id == id))
}

/// `GET /payments/{id}/refunds`
pub(super) async fn of_payment(State(app): State<Shared>, Path(id): Path<String>, Query(query): Query<ListQuery>) -> Answer {
    wire::check_id(&id, "pay_")?;
    if app.world.razorpay.lock().payments.get(&id).is_none() {
        return Err(RazorpayError::unknown_id());
    }
    page(&app, &query, |refund| refund.payment_id == id)
}

fn page(app: &App, query: &ListQuery, wanted: impl Fn(&Refund) -> bool) -> Answer {
    let now = app.clock.now().timestamp();
    let state = app.world.razorpay.lock();
    let refunds = state.refunds.newest().filter(|refund| wanted(refund)).map(|refund| (refund.created_at, refund.entity(now)));
    Ok(Json(collection(query.page(refunds)?)))
}

/// `GET /refunds/{id}`
pub(super) async fn get(State(app): State<Shared>, Path(id): Path<String>) -> Answer {
    wire::check_id(&id, "rfnd_")?;
    let state = app.world.razorpay.lock();
    let refund = state.refunds.get(&id).ok_or_else(RazorpayError::unknown_id)?;
    Ok(Json(refund.entity(app.clock.now().timestamp())))
}

/// `GET /payments/{id}/refunds/{refund}`
pub(super) async fn one_of_payment(State(app): State<Shared>, Path((id, refund)): Path<(String, String)>) -> Answer {
    wire::check_id(&id, "pay_")?;
    wire::check_id(&refund, "rfnd_")?;
    let state = app.world.razorpay.lock();
    let refund = state.refunds.get(&refund).filter(|refund| refund.payment_id == id).ok_or_else(RazorpayError::unknown_id)?;
    Ok(Json(refund.entity(app.clock.now().timestamp())))
}

/// `PATCH /refunds/{id}`
pub(super) async fn update(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Answer {
    wire::check_id(&id, "rfnd_")?;
    let notes = wire::changed_notes(&body)?;
    let mut state = app.world.razorpay.lock();
    let refund = state.refunds.get_mut(&id).ok_or_else(RazorpayError::unknown_id)?;
    refund.notes = notes;
    Ok(Json(refund.entity(app.clock.now().timestamp())))
}
