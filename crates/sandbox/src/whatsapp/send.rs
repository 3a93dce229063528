//! `POST /{number}/messages`

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    ChatMessage, DISPLAY_NUMBER, Direction, WhatsappState, check_number, check_token, error::WhatsappError, limits,
    scoped_user_id, templates,
};
use crate::{
    random,
    state::{App, Shared},
};

/// Hours after a person's last message in which anything may be said.
const WINDOW: TimeDelta = TimeDelta::hours(24);

type Answer = Result<Json<Value>, WhatsappError>;

/// Sends a message, or marks one as read.
pub(super) async fn send(
    State(app): State<Shared>,
    Path((_, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    check_token(&app, &headers)?;
    check_number(&app, &number)?;
    let message: Value = serde_json::from_slice(&body).map_err(|_| WhatsappError::new(100, "The body is not valid JSON"))?;
    if message.get("messaging_product").and_then(Value::as_str) != Some("whatsapp") {
        return Err(WhatsappError::new(100, "The parameter messaging_product is required."));
    }
    if message.get("status").and_then(Value::as_str) == Some("read") {
        return mark_read(&app, &message);
    }
    let recipient = recipient(&app, &message)?;
    if recipient.phone == format!("+{DISPLAY_NUMBER}") {
        return Err(WhatsappError::new(131_021, "Sender and recipient phone numbers are the same."));
    }
    let (kind, text) = check(&app, &message)?;
    let now = app.clock.now();
    let id = new_id();
    {
        let mut state = app.world.whatsapp.lock();
        if kind != "template" && !state.window_is_open(&recipient.phone, now) {
            return Err(WhatsappError::new(
                131_047,
                "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
            ));
        }
        state.chats.entry(recipient.phone.clone()).or_default().push(ChatMessage {
            id: id.clone(),
            direction: Direction::Outbound,
            r#type: kind,
            text,
            buttons: buttons(&message),
            at: now,
            status: None,
            message: message.clone(),
        });
    }
    app.report_delivery(recipient.phone, id.clone(), message.get("biz_opaque_callback_data").cloned());
    Ok(Json(
        json!({"messaging_product": "whatsapp", "contacts": [recipient.contact], "messages": [{"id": id, "message_status": "accepted"}]}),
    ))
}

/// A message id as Meta makes them.
pub(super) fn new_id() -> String {
    format!("wamid.{}", random::alphanumeric(44))
}

struct Recipient {
    phone: String,
    contact: Value,
}

fn recipient(app: &App, message: &Value) -> Result<Recipient, WhatsappError> {
    let field = |name: &str| message.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(to) = field("to") {
        let digits: String = to.chars().filter(char::is_ascii_digit).collect();
        let strange =
            to.chars().any(|character| !character.is_ascii_digit() && !matches!(character, '+' | ' ' | '-' | '(' | ')'));
        if strange || !(8..=15).contains(&digits.len()) {
            return Err(WhatsappError::invalid("The parameter to is not a phone number"));
        }
        return Ok(Recipient { phone: format!("+{digits}"), contact: json!({"input": to, "wa_id": digits}) });
    }
    let user = field("recipient").ok_or_else(|| WhatsappError::new(100, "The parameter to is required."))?;
    let state = app.world.whatsapp.lock();
    let phone = state.chats.keys().find(|phone| scoped_user_id(phone) == user);
    let phone = phone.cloned().ok_or_else(|| WhatsappError::invalid("The recipient is not known"))?;
    Ok(Recipient { phone, contact: json!({"input": user, "user_id": user}) })
}

/// Holds the message against Meta's limits; gives its type and what a person would read.
fn check(app: &App, message: &Value) -> Result<(String, String), WhatsappError> {
    let kind = message.get("type").and_then(Value::as_str).unwrap_or("text");
    let text = match kind {
        "text" => limits::text(message, "/text/body", 4_096)?.to_owned(),
        "template" => templates::check(message, &app.settings.whatsapp_templates)?,
        "interactive" => {
            limits::interactive(message)?;
            limits::text(message, "/interactive/body/text", 4_096)?.to_owned()
        }
        "image" | "document" | "video" | "audio" => check_media(app, message, kind)?,
        "location" => {
            let coordinate = |name: &str| message.pointer(&format!("/location/{name}")).and_then(Value::as_f64);
            match (coordinate("latitude"), coordinate("longitude")) {
                (Some(latitude), Some(longitude)) => format!("{latitude},{longitude}"),
                _ => return Err(WhatsappError::missing("location.latitude and location.longitude are required")),
            }
        }
        other => return Err(WhatsappError::new(131_051, format!("Message type {other} is not supported"))),
    };
    Ok((kind.to_owned(), text))
}

fn check_media(app: &App, message: &Value, kind: &str) -> Result<String, WhatsappError> {
    let field = |name: &str| message.pointer(&format!("/{kind}/{name}")).and_then(Value::as_str);
    match (field("id"), field("link")) {
        (Some(id), None) => {
            if !app.world.whatsapp.lock().media.contains_key(id) {
                return Err(WhatsappError::invalid(format!("Media with id {id} does not exist")));
            }
        }
        (None, Some(link)) if link.starts_with("http") => {}
        _ => return Err(WhatsappError::missing(format!("{kind}.id or {kind}.link is required"))),
    }
    Ok(field("caption").or(field("filename")).unwrap_or_default().to_owned())
}

/// What a person could tap, as id and title.
fn buttons(message: &Value) -> Vec<Value> {
    let array = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let replies = array(message, "/interactive/action/buttons").into_iter().filter_map(|button| button.get("reply").cloned());
    let sections = array(message, "/interactive/action/sections");
    let rows = sections.iter().flat_map(|section| array(section, "/rows"));
    replies.chain(rows).collect()
}

impl WhatsappState {
    fn window_is_open(&self, phone: &str, now: DateTime<Utc>) -> bool {
        let chat = self.chats.get(phone).map_or(&[][..], Vec::as_slice);
        let last = chat.iter().rev().find(|message| message.direction == Direction::Inbound);
        last.is_some_and(|message| now - message.at < WINDOW)
    }
}

fn mark_read(app: &App, message: &Value) -> Answer {
    let id = message.get("message_id").and_then(Value::as_str).ok_or_else(|| WhatsappError::missing("message_id is required"))?;
    let state = app.world.whatsapp.lock();
    match state.find(id) {
        Some(found) if found.direction == Direction::Inbound => Ok(Json(json!({"success": true}))),
        _ => Err(WhatsappError::invalid("message_id does not exist")),
    }
}
