//! `/_sandbox`: the other side of every system. Reads what phones and devices got, acts as their owners,
//! switches faults on. Answers are `{"data": …}`, refusals `{"error": "…"}`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    faults::{Fault, OPERATIONS},
    razorpay::{RazorpayError, checkout::Pay, refunds},
    state::Shared,
    webhooks::Source,
    whatsapp::inbound::Inbound,
};

/// A refusal of the control API.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Answer = Result<Json<Value>, Refusal>;

fn data(value: impl serde::Serialize) -> Answer {
    Ok(Json(json!({"data": value})))
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, message.into())
}

fn missing(message: &str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, message.to_owned())
}

/// A JSON body; an empty one counts as `{}`.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let text = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| bad(error.to_string()))
}

/// A phone as people write it in a path: E.164, ten digits, with or without plus.
fn phone(text: &str) -> Result<String, Refusal> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        10 => Ok(format!("+91{digits}")),
        11..=15 => Ok(format!("+{digits}")),
        _ => Err(bad("not a phone number")),
    }
}

/// `/_sandbox`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/health", get(|| async { Json(json!({"data": {"status": "ok"}})) }))
        .route("/phones/{phone}/sms", get(sms))
        .route("/phones/{phone}/otp", get(otp))
        .route("/phones/{phone}/whatsapp", get(chat).post(type_as))
        .route("/devices/{token}/push", get(push))
        .route("/devices/{token}", delete(unregister))
        .route("/razorpay/orders/{id}/pay", post(pay))
        .route("/razorpay/payment_links/{id}/pay", post(pay_link))
        .route("/razorpay/refunds/{id}/settle", post(settle_refund))
        .route("/{system}/webhooks/release", post(release))
        .route("/whatsapp/verify", post(verify_webhook))
        .route("/firebase/keys/rotate", post(rotate_keys))
        .route("/service-account", get(service_account))
        .route("/webhooks", get(webhooks).put(send_webhooks_to))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/operations", get(|| async { data(OPERATIONS) }))
        .route("/calls", get(calls))
        .route("/reset", post(reset))
        .route("/state", get(state))
        .route("/save", put(save))
}

async fn sms(State(app): State<Shared>, Path(number): Path<String>) -> Answer {
    data(app.world.sms.lock().inbox(&phone(&number)?))
}

async fn otp(State(app): State<Shared>, Path(number): Path<String>) -> Answer {
    let number = phone(&number)?;
    match app.world.firebase.lock().newest_code(&number) {
        Some(sent) => data(json!({"phone": number, "code": sent.code, "session_info": sent.session_info, "at": sent.sent_at})),
        None => Err(missing("no code was sent to that phone")),
    }
}

async fn chat(State(app): State<Shared>, Path(number): Path<String>) -> Answer {
    data(app.world.whatsapp.lock().chat(&phone(&number)?))
}

async fn type_as(State(app): State<Shared>, Path(number): Path<String>, body: Bytes) -> Answer {
    let inbound: Inbound = read(&body)?;
    data(app.type_as(&phone(&number)?, inbound).map_err(bad)?)
}

async fn push(State(app): State<Shared>, Path(token): Path<String>) -> Answer {
    data(app.world.push.lock().received(&token))
}

async fn unregister(State(app): State<Shared>, Path(token): Path<String>) -> StatusCode {
    app.world.push.lock().unregister(token);
    app.touch();
    StatusCode::NO_CONTENT
}

/// Answers bare, as Checkout hands it to the app.
async fn pay(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    paid(&app, &body, |app, pay| app.pay_order(&id, pay))
}

async fn pay_link(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    paid(&app, &body, |app, pay| app.pay_link(&id, pay))
}

fn paid(app: &Shared, body: &[u8], act: impl FnOnce(&Shared, Pay) -> Result<Value, RazorpayError>) -> Response {
    match read::<Pay>(body) {
        Ok(pay) => act(app, pay).map(Json).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Deserialize)]
struct Settle {
    status: refunds::Ended,
}

async fn settle_refund(State(app): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    match read::<Settle>(&body) {
        Ok(settle) => app.settle_refund(&id, settle.status.into()).map(Json).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn source(system: &str) -> Result<Source, Refusal> {
    match system {
        "razorpay" => Ok(Source::Razorpay),
        "whatsapp" => Ok(Source::Whatsapp),
        _ => Err(missing("razorpay and whatsapp have webhooks")),
    }
}

async fn release(State(app): State<Shared>, Path(system): Path<String>) -> Answer {
    data(json!({"released": app.release_webhooks(source(&system)?)}))
}

/// Does Meta's handshake with the webhook, as when it is registered.
async fn verify_webhook(State(app): State<Shared>) -> Answer {
    let outcome = app.webhooks.handshake(&app.settings.whatsapp_verify_token).await;
    data(outcome.map_err(|error| Refusal(StatusCode::BAD_GATEWAY, error))?)
}

async fn rotate_keys(State(app): State<Shared>) -> Answer {
    match app.rotate_keys().await {
        Ok(()) => data(json!({"keys": app.id_keys().iter().map(crate::keys::RsaKey::jwk).collect::<Vec<_>>()})),
        Err(error) => Err(Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

/// The service account to configure services with: the one given at start, or the one made.
async fn service_account(State(app): State<Shared>) -> Json<Value> {
    Json(json!(app.service_account))
}

async fn webhooks(State(app): State<Shared>) -> Answer {
    data(app.webhooks.report())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Targets {
    razorpay: Option<String>,
    whatsapp: Option<String>,
}

async fn send_webhooks_to(State(app): State<Shared>, body: Bytes) -> Answer {
    let targets: Targets = read(&body)?;
    app.webhooks.send_to(Source::Razorpay, targets.razorpay);
    app.webhooks.send_to(Source::Whatsapp, targets.whatsapp);
    data(json!({}))
}

async fn faults(State(app): State<Shared>) -> Answer {
    data(app.faults.all())
}

async fn add_fault(State(app): State<Shared>, body: Bytes) -> Result<(StatusCode, Json<Value>), Refusal> {
    let fault: Fault = read(&body)?;
    if let Some(problem) = fault.problem() {
        return Err(bad(problem));
    }
    app.faults.add(fault.clone());
    Ok((StatusCode::CREATED, Json(json!({"data": fault}))))
}

async fn clear_faults(State(app): State<Shared>) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}

async fn calls(State(app): State<Shared>) -> Answer {
    data(app.faults.calls())
}

async fn reset(State(app): State<Shared>) -> StatusCode {
    app.reset();
    StatusCode::NO_CONTENT
}

async fn state(State(app): State<Shared>) -> Answer {
    data(json!({"now": app.clock.now(), "world": app.world, "faults": app.faults.all(), "webhooks": app.webhooks.report()}))
}

async fn save(State(app): State<Shared>) -> Answer {
    app.save().await.map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    data(json!({}))
}
