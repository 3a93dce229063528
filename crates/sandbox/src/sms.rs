//! SMS: Twilio's and MSG91's APIs, and every phone's inbox.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    random,
    state::{App, Shared},
};

const LONGEST: usize = 1_600;

/// Who sent an SMS.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    Firebase,
    Twilio,
    Msg91,
}

/// One SMS as its receiver sees it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sms {
    to: String,
    body: String,
    at: DateTime<Utc>,
    provider: Provider,
    /// Template variables, where the provider works with templates.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    variables: Value,
}

/// The inboxes by E.164.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct SmsState {
    inboxes: BTreeMap<String, Vec<Sms>>,
}

impl SmsState {
    /// A phone's SMS, oldest first.
    pub(crate) fn inbox(&self, phone: &str) -> Vec<Sms> {
        self.inboxes.get(phone).cloned().unwrap_or_default()
    }
}

impl SmsState {
    /// Every phone with the time and text of its newest SMS.
    pub(crate) fn latest(&self) -> Vec<(String, DateTime<Utc>, String)> {
        let newest = self.inboxes.iter().filter_map(|(phone, inbox)| Some((phone, inbox.last()?)));
        newest.map(|(phone, sms)| (phone.clone(), sms.at, sms.body.clone())).collect()
    }
}

impl App {
    /// Puts an SMS into a phone's inbox.
    pub(crate) fn deliver_sms(&self, provider: Provider, phone: &str, body: String, variables: Value) {
        let sms = Sms { to: phone.to_owned(), body, at: self.clock.now(), provider, variables };
        self.world.sms.lock().inboxes.entry(phone.to_owned()).or_default().push(sms);
    }
}

/// `/twilio`.
pub(crate) fn twilio_router() -> Router<Shared> {
    Router::new().route("/2010-04-01/Accounts/{sid}/Messages.json", post(twilio_send))
}

/// `/msg91`.
pub(crate) fn msg91_router() -> Router<Shared> {
    Router::new().route("/api/v5/flow", post(msg91_send)).route("/api/v5/flow/", post(msg91_send))
}

fn twilio_error(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({
        "code": code, "message": message, "status": status.as_u16(),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
    });
    (status, Json(body)).into_response()
}

/// Plus and eight to fifteen digits.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

async fn twilio_send(State(app): State<Shared>, Path(sid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let credentials = format!("{}:{}", app.settings.twilio_account_sid, app.settings.twilio_auth_token);
    let expected = format!("Basic {}", STANDARD.encode(credentials));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(expected.as_str()) || sid != app.settings.twilio_account_sid {
        return twilio_error(StatusCode::UNAUTHORIZED, 20_003, "Authenticate");
    }
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.get(name).filter(|value| !value.is_empty());
    let bad = |code, message: &str| twilio_error(StatusCode::BAD_REQUEST, code, message);
    let Some(to) = field("To") else { return bad(21_604, "A 'To' phone number is required.") };
    if !is_e164(to) {
        return bad(21_211, &format!("The 'To' number {to} is not a valid phone number."));
    }
    let Some(from) = field("From").or(field("MessagingServiceSid")) else {
        return bad(21_603, "A 'From' phone number is required.");
    };
    let Some(text) = field("Body") else { return bad(21_602, "Message body is required.") };
    if text.chars().count() > LONGEST {
        return bad(21_617, "The concatenated message body exceeds the 1600 character limit");
    }
    app.deliver_sms(Provider::Twilio, to, text.clone(), Value::Null);
    let message = format!("SM{}", random::hexadecimal(32));
    let date = app.clock.now().to_rfc2822();
    let answer = json!({
        "sid": message, "account_sid": sid, "api_version": "2010-04-01", "status": "queued", "to": to, "from": from, "body": text,
        "num_segments": text.chars().count().div_ceil(160).to_string(), "num_media": "0", "direction": "outbound-api",
        "price": null, "price_unit": "USD", "error_code": null, "error_message": null,
        "messaging_service_sid": fields.get("MessagingServiceSid"), "date_created": date, "date_updated": date, "date_sent": null,
        "uri": format!("/2010-04-01/Accounts/{sid}/Messages/{message}.json"), "subresource_uris": {},
    });
    (StatusCode::CREATED, Json(answer)).into_response()
}

#[derive(Deserialize)]
struct Flow {
    #[serde(alias = "flow_id")]
    template_id: Option<String>,
    #[serde(default)]
    recipients: Vec<Map<String, Value>>,
}

/// An error, with the 200 that MSG91 gives it.
fn msg91_error(message: &str) -> Response {
    Json(json!({"type": "error", "message": message})).into_response()
}

async fn msg91_send(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get("authkey").and_then(|value| value.to_str().ok());
    if key != Some(app.settings.msg91_auth_key.as_str()) {
        let refusal = json!({"type": "error", "message": "Unauthorized", "status": "fail", "code": "201"});
        return (StatusCode::UNAUTHORIZED, Json(refusal)).into_response();
    }
    let Ok(flow) = serde_json::from_slice::<Flow>(&body) else { return msg91_error("Invalid JSON") };
    let Some(template) = flow.template_id.filter(|id| !id.is_empty()) else { return msg91_error("template id missing") };
    if flow.recipients.is_empty() {
        return msg91_error("recipients missing");
    }
    let mobile_of =
        |recipient: &Map<String, Value>| recipient.get("mobiles").and_then(Value::as_str).unwrap_or_default().to_owned();
    if flow.recipients.iter().any(|recipient| !is_e164(&format!("+{}", mobile_of(recipient)))) {
        return msg91_error("Invalid mobile number");
    }
    for recipient in flow.recipients {
        let phone = format!("+{}", mobile_of(&recipient));
        let variables: Map<String, Value> = recipient.into_iter().filter(|(name, _)| name != "mobiles").collect();
        app.deliver_sms(Provider::Msg91, &phone, flow_text(&template, &variables), Value::Object(variables));
    }
    Json(json!({"type": "success", "message": random::hexadecimal(24)})).into_response()
}

/// The template's text is the operator's; here its variables are shown by name.
fn flow_text(template: &str, variables: &Map<String, Value>) -> String {
    let mut text = template.to_owned();
    for (name, value) in variables {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!(" {name}={shown}"));
    }
    text
}
