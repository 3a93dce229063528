//! `/payment_links`

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
};
use serde_json::{Map, Value, json};

use super::{
    error::RazorpayError,
    model::{Link, LinkStatus, Order, OrderStatus, RazorpayState},
    wire::{self, ListQuery},
};
use crate::{random, state::Shared};

const FIELDS: &[&str] = &[
    "amount",
    "currency",
    "accept_partial",
    "first_min_partial_amount",
    "expire_by",
    "reference_id",
    "description",
    "customer",
    "notify",
    "reminder_enable",
    "notes",
    "callback_url",
    "callback_method",
    "upi_link",
    "options",
];
const SOONEST: i64 = 15 * 60;
const LATEST: i64 = 183 * 24 * 60 * 60;

type Answer = Result<Json<Value>, RazorpayError>;

fn expire_by(fields: &Map<String, Value>, now: i64) -> Result<Option<i64>, RazorpayError> {
    let Some(value) = fields.get("expire_by").filter(|value| !value.is_null()) else { return Ok(None) };
    match value.as_i64() {
        Some(0) => Ok(Some(0)),
        Some(at) if at < now + SOONEST => {
            Err(RazorpayError::field("expire_by", "expire_by should be at least 15 minutes after the current time"))
        }
        Some(at) if at > now + LATEST => Err(RazorpayError::field("expire_by", "expire_by should be within six months")),
        Some(at) => Ok(Some(at)),
        None => Err(RazorpayError::field("expire_by", "The expire_by must be an integer.")),
    }
}

impl RazorpayState {
    fn check_reference(&self, reference: &str, own: Option<&str>) -> Result<(), RazorpayError> {
        let taken = self.links.newest().any(|link| link.reference_id == reference && own != Some(link.id.as_str()));
        if taken && !reference.is_empty() {
            return Err(RazorpayError::bad(format!("payment link creation with reference ID already attempted: {reference}")));
        }
        Ok(())
    }
}

/// `POST /payment_links`
pub(super) async fn create(State(app): State<Shared>, body: Bytes) -> Answer {
    let fields = wire::object(&body, FIELDS)?;
    let now = app.clock.now().timestamp();
    let amount = wire::required_amount(&fields)?;
    let reference_id = wire::text(&fields, "reference_id", 40)?.unwrap_or_default();
    let object = |name: &str| fields.get(name).cloned().unwrap_or_else(|| json!({}));
    let id = format!("plink_{}", random::alphanumeric(14));
    let order = Order {
        id: format!("order_{}", random::alphanumeric(14)),
        amount,
        amount_paid: 0,
        currency: "INR".into(),
        receipt: Some(reference_id.clone()).filter(|reference| !reference.is_empty()),
        status: OrderStatus::Created,
        attempts: 0,
        notes: wire::notes(&fields)?,
        created_at: now,
        manual_capture: false,
        link_id: Some(id.clone()),
    };
    let link = Link {
        order_id: order.id.clone(),
        amount,
        currency: "INR".into(),
        status: LinkStatus::Created,
        reference_id,
        description: wire::text(&fields, "description", 2_048)?.unwrap_or_default(),
        customer: object("customer"),
        notify: object("notify"),
        reminder_enable: fields.get("reminder_enable").and_then(Value::as_bool).unwrap_or(false),
        notes: order.notes.clone(),
        callback_url: wire::text(&fields, "callback_url", 2_048)?.unwrap_or_default(),
        expire_by: expire_by(&fields, now)?.unwrap_or(0),
        expired_at: 0,
        cancelled_at: 0,
        created_at: now,
        updated_at: now,
        payment_id: None,
        short_url: format!("https://rzp.io/i/{}", random::alphanumeric(8)),
        id,
    };
    let mut state = app.world.razorpay.lock();
    state.check_reference(&link.reference_id, None)?;
    let entity = link.entity();
    state.orders.insert(order);
    state.links.insert(link);
    Ok(Json(entity))
}

/// `GET /payment_links`
pub(super) async fn list(State(app): State<Shared>, Query(query): Query<ListQuery>) -> Answer {
    let state = app.world.razorpay.lock();
    let links = state
        .links
        .newest()
        .filter(|link| query.reference_id.as_ref().is_none_or(|wanted| &link.reference_id == wanted))
        .filter(|link| query.payment_id.is_none() || link.payment_id == query.payment_id)
        .map(|link| (link.created_at, link.entity()));
    Ok(Json(json!({"payment_links": query.page(links)?})))
}

/// `GET /payment_links/{id}`
pub(super) async fn get(State(app): State<Shared>, Path(id): Path<String>) -> Answer {
    wire::check_id(&id, "plink_")?;
    let state = app.world.razorpay.lock();
    Ok(Json(state.links.get(&id).ok_or_else(RazorpayError::unknown_id)?.entity()))
}

/// `PATCH /payment_links/{id}`
pub(super) async fn update(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Answer {
    wire::check_id(&id, "plink_")?;
    let fields = wire::object(&body, &["accept_partial", "reference_id", "expire_by", "reminder_enable", "notes"])?;
    let now = app.clock.now().timestamp();
    let expire_by = expire_by(&fields, now)?;
    let reference = wire::text(&fields, "reference_id", 40)?;
    let notes = fields.contains_key("notes").then(|| wire::notes(&fields)).transpose()?;
    let mut state = app.world.razorpay.lock();
    if let Some(reference) = &reference {
        state.check_reference(reference, Some(&id))?;
    }
    let link = state.links.get_mut(&id).ok_or_else(RazorpayError::unknown_id)?;
    if link.status != LinkStatus::Created {
        return Err(RazorpayError::bad("Update can only be done in created or partially paid state"));
    }
    link.reference_id = reference.unwrap_or_else(|| link.reference_id.clone());
    link.expire_by = expire_by.unwrap_or(link.expire_by);
    link.notes = notes.unwrap_or_else(|| link.notes.clone());
    link.reminder_enable = fields.get("reminder_enable").and_then(Value::as_bool).unwrap_or(link.reminder_enable);
    link.updated_at = now;
    Ok(Json(link.entity()))
}

/// `POST /payment_links/{id}/cancel`
pub(super) async fn cancel(State(app): State<Shared>, Path(id): Path<String>) -> Answer {
    wire::check_id(&id, "plink_")?;
    let now = app.clock.now().timestamp();
    let (entity, event) = {
        let mut state = app.world.razorpay.lock();
        let link = state.links.get_mut(&id).ok_or_else(RazorpayError::unknown_id)?;
        if link.status != LinkStatus::Created {
            return Err(RazorpayError::bad("Payment Link cannot be cancelled: it is paid, expired or cancelled"));
        }
        link.status = LinkStatus::Cancelled;
        link.cancelled_at = now;
        link.updated_at = now;
        let link = link.clone();
        (link.entity(), state.link_event("payment_link.cancelled", &link, now))
    };
    app.emit(vec![event]);
    Ok(Json(entity))
}

/// `POST /payment_links/{id}/notify_by/{medium}`
pub(super) async fn notify(State(app): State<Shared>, Path((id, medium)): Path<(String, String)>) -> Answer {
    wire::check_id(&id, "plink_")?;
    if !matches!(medium.as_str(), "sms" | "email") {
        return Err(RazorpayError::bad("Not a valid notification medium"));
    }
    let state = app.world.razorpay.lock();
    if state.links.get(&id).is_none() {
        return Err(RazorpayError::unknown_id());
    }
    Ok(Json(json!({"success": true})))
}
