//! The sandbox's page for people, and the lists that only it needs.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    razorpay::model::{LinkStatus, OrderStatus},
    state::Shared,
};

/// As many orders and links as somebody looks through.
const NEWEST: usize = 60;
const MAIL_TIMEOUT: Duration = Duration::from_secs(2);

/// The page itself.
pub(crate) fn pages() -> Router<Shared> {
    let page = |kind: &'static str, text: &'static str| get(move || async move { asset(kind, text) });
    Router::new()
        .route("/", page("text/html; charset=utf-8", include_str!("../face/index.html")))
        .route("/face.css", page("text/css; charset=utf-8", include_str!("../face/face.css")))
        .route("/face.js", page("text/javascript; charset=utf-8", include_str!("../face/face.js")))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// What only the page asks for, under `/_sandbox`.
pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/people", get(people)).route("/mail", get(mail)).route("/razorpay/bills", get(bills))
}

/// Every phone and device that was ever written to, the latest first.
async fn people(State(app): State<Shared>) -> Json<Value> {
    let mut phones = app.world.whatsapp.lock().latest();
    for (phone, at, text) in app.world.sms.lock().latest() {
        match phones.iter_mut().find(|(known, ..)| *known == phone) {
            Some(known) if known.1 < at => *known = (phone, at, text),
            Some(_) => {}
            None => phones.push((phone, at, text)),
        }
    }
    phones.sort_by_key(|(_, at, _): &(String, DateTime<Utc>, String)| std::cmp::Reverse(*at));
    let phones: Vec<Value> =
        phones.into_iter().map(|(phone, at, last)| json!({"phone": phone, "at": at, "last": last})).collect();
    let devices: Vec<Value> = app.world.push.lock().devices();
    Json(json!({"data": {"phones": phones, "devices": devices}}))
}

/// Orders and links as somebody could pay them, the newest first. A link's own order is not listed beside it.
async fn bills(State(app): State<Shared>) -> Json<Value> {
    let state = app.world.razorpay.lock();
    let payments_of = |order_id: &str| -> Vec<Value> {
        let of_order = state.payments.newest().filter(|payment| payment.order_id == order_id);
        of_order.map(|payment| json!({"id": payment.id, "method": payment.method, "status": payment.status})).collect()
    };
    let orders = state.orders.newest().filter(|order| order.link_id.is_none()).take(NEWEST).map(|order| {
        let bill = json!({
            "kind": "orders", "id": order.id, "amount": order.amount, "status": order.status, "about": order.receipt,
            "payable": order.status != OrderStatus::Paid, "payments": payments_of(&order.id),
        });
        (order.created_at, bill)
    });
    let links = state.links.newest().take(NEWEST).map(|link| {
        let bill = json!({
            "kind": "payment_links", "id": link.id, "amount": link.amount, "status": link.status, "about": link.description,
            "payable": link.status == LinkStatus::Created, "payments": payments_of(&link.order_id),
        });
        (link.created_at, bill)
    });
    let mut bills: Vec<(i64, Value)> = orders.chain(links).collect();
    bills.sort_by_key(|(created_at, _)| std::cmp::Reverse(*created_at));
    let bills: Vec<Value> = bills.into_iter().map(|(_, bill)| bill).collect();
    Json(json!({"data": bills}))
}

/// The stand-in's record of what SES was asked to send.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentMail {
    message_id: String,
    source: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    timestamp: Value,
}

/// What SES was asked to send, the newest first; nothing when no mailbox is configured.
async fn mail(State(app): State<Shared>) -> Response {
    let Some(url) = &app.settings.mailbox_url else {
        return Json(json!({"data": []})).into_response();
    };
    match fetch(app.webhooks.client(), url).await {
        Ok(mails) => Json(json!({"data": mails})).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, Json(json!({"error": format!("the mailbox: {error:#}")}))).into_response(),
    }
}

async fn fetch(http: &reqwest::Client, url: &str) -> anyhow::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Mailbox {
        messages: std::collections::BTreeMap<String, Vec<SentMail>>,
    }
    let mailbox: Mailbox = http.get(url).timeout(MAIL_TIMEOUT).send().await?.error_for_status()?.json().await?;
    let mut mails: Vec<Value> = mailbox.messages.into_values().flatten().map(shown).collect();
    mails.reverse();
    Ok(mails)
}

fn shown(mail: SentMail) -> Value {
    json!({
        "id": mail.message_id, "from": mail.source, "to": mail.to, "subject": mail.subject, "text": mail.body_text,
        "html": mail.body_html, "at": mail.timestamp,
    })
}
