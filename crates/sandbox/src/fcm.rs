//! Firebase Cloud Messaging, HTTP v1.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{faults::google_status, firebase::require_scope, random, state::Shared};

const SCOPES: &[&str] = &["https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"];
const LONGEST: usize = 4_096;
const LONGEST_TOPIC: usize = 2_048;
const TARGETS: [&str; 4] = ["token", "fid", "topic", "condition"];

/// What devices received, and which are gone.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct PushState {
    received: BTreeMap<String, Vec<Value>>,
    unregistered: BTreeSet<String>,
}

impl PushState {
    /// A device's messages, oldest first.
    pub(crate) fn received(&self, token: &str) -> Vec<Value> {
        self.received.get(token).cloned().unwrap_or_default()
    }

    /// Every device with the number of its messages and the newest one's text.
    pub(crate) fn devices(&self) -> Vec<Value> {
        let devices = self.received.iter().map(|(token, messages)| {
            let last = messages.last().and_then(|message| message.get("notification")?.get("body"));
            json!({"token": token, "count": messages.len(), "last": last})
        });
        devices.collect()
    }

    /// The app was removed from the device.
    pub(crate) fn unregister(&mut self, token: String) {
        self.unregistered.insert(token);
    }
}

/// `/fcm`.
pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/v1/projects/{project}/messages:send", post(send))
}

/// FCM's error body for a status.
pub(crate) fn outage(status: u16, code: Option<&str>) -> Value {
    let code = code.unwrap_or(match status {
        400 => "INVALID_ARGUMENT",
        401 => "THIRD_PARTY_AUTH_ERROR",
        403 => "SENDER_ID_MISMATCH",
        404 => "UNREGISTERED",
        429 => "QUOTA_EXCEEDED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    });
    error_body(status, code, "The request was not served.")
}

fn error_body(status: u16, code: &str, message: &str) -> Value {
    json!({"error": {
        "code": status, "message": message, "status": google_status(status),
        "details": [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}],
    }})
}

fn invalid(field: &str, description: &str) -> Response {
    let body = json!({"error": {
        "code": 400, "message": description, "status": "INVALID_ARGUMENT",
        "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field, "description": description}]}],
    }});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

#[derive(Deserialize)]
struct Send {
    #[serde(default, alias = "validateOnly")]
    validate_only: bool,
    message: Map<String, Value>,
}

async fn send(State(app): State<Shared>, Path(project): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = require_scope(&app, &headers, SCOPES) {
        return refusal.into_response();
    }
    if project != app.settings.firebase_project_id {
        return (StatusCode::FORBIDDEN, Json(error_body(403, "SENDER_ID_MISMATCH", "SenderId mismatch"))).into_response();
    }
    let Ok(request) = serde_json::from_slice::<Send>(&body) else {
        return invalid("message", "Invalid JSON payload received.");
    };
    let target = match check(&request.message) {
        Ok(target) => target,
        Err(refusal) => return *refusal,
    };
    let id = random::hexadecimal(16);
    let mut state = app.world.push.lock();
    if state.unregistered.contains(&target) {
        return (StatusCode::NOT_FOUND, Json(error_body(404, "UNREGISTERED", "Requested entity was not found."))).into_response();
    }
    if !request.validate_only {
        let mut message = request.message;
        message.insert("message_id".into(), json!(id));
        message.insert("received_at".into(), json!(app.clock.now().to_rfc3339()));
        state.received.entry(target).or_default().push(Value::Object(message));
    }
    Json(json!({"name": format!("projects/{project}/messages/{id}")})).into_response()
}

/// The one target of a message that is well formed.
fn check(message: &Map<String, Value>) -> Result<String, Box<Response>> {
    let refuse = |field: &str, description: &str| Err(Box::new(invalid(field, description)));
    let mut targets = TARGETS.iter().filter_map(|name| message.get(*name).map(|value| (*name, value)));
    let (Some((name, Value::String(target))), None) = (targets.next(), targets.next()) else {
        return refuse("message", "Exactly one of token, fid, topic or condition must be given.");
    };
    if target.is_empty() {
        return refuse("message.token", "The registration token is not a valid FCM registration token");
    }
    if let Some(data) = message.get("data") {
        let Some(data) = data.as_object() else { return refuse("message.data", "Invalid value") };
        for (key, value) in data {
            if !value.is_string() {
                return refuse(&format!("message.data[{key}]"), "Invalid value (TYPE_STRING)");
            }
            if key == "from" || key.starts_with("gcm") || key.starts_with("google") {
                return refuse("message.data", &format!("Invalid data payload key: {key}"));
            }
        }
    }
    let content: usize =
        ["notification", "data"].iter().filter_map(|part| message.get(*part)).map(|part| part.to_string().len()).sum();
    if content > if name == "topic" { LONGEST_TOPIC } else { LONGEST } {
        return refuse("message", "Android message is too big");
    }
    Ok(if name == "token" { target.clone() } else { format!("{name}:{target}") })
}
