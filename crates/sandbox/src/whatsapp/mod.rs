//! WhatsApp Cloud API: sending within Meta's limits, media, and phones that answer.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use axum::{
    Router,
    http::{HeaderMap, header},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::{App, Shared};

mod error;
pub(crate) mod inbound;
mod limits;
mod media;
mod notify;
mod send;
mod templates;

pub(crate) use error::{WhatsappError, outage};
use media::Media;

/// The business account, as in Meta's samples.
const BUSINESS_ACCOUNT: &str = "102290129340398";
/// The number people see.
const DISPLAY_NUMBER: &str = "15550783881";

/// Which way a message went.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    /// From the phone to the business.
    Inbound,
    /// From the business to the phone.
    Outbound,
}

/// One message of a chat.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ChatMessage {
    id: String,
    direction: Direction,
    r#type: String,
    /// What a person would read.
    text: String,
    /// What a person could tap.
    buttons: Vec<Value>,
    at: DateTime<Utc>,
    /// `sent`, `delivered`, `read` or `failed`; of outbound messages only.
    status: Option<String>,
    /// The message as it went over the wire.
    message: Value,
}

/// Everything WhatsApp remembers.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct WhatsappState {
    /// By E.164, oldest message first.
    chats: BTreeMap<String, Vec<ChatMessage>>,
    media: BTreeMap<String, Media>,
    /// Download tokens, each for one medium until a time.
    downloads: BTreeMap<String, (String, i64)>,
}

impl WhatsappState {
    /// A phone's chat, oldest first.
    pub(crate) fn chat(&self, phone: &str) -> Vec<ChatMessage> {
        self.chats.get(phone).cloned().unwrap_or_default()
    }

    /// Every phone with the time and text of its newest message.
    pub(crate) fn latest(&self) -> Vec<(String, DateTime<Utc>, String)> {
        let newest = self.chats.iter().filter_map(|(phone, chat)| Some((phone, chat.last()?)));
        newest.map(|(phone, message)| (phone.clone(), message.at, message.text.clone())).collect()
    }

    fn find(&self, id: &str) -> Option<&ChatMessage> {
        self.chats.values().flatten().find(|message| message.id == id)
    }

    fn find_mut(&mut self, phone: &str, id: &str) -> Option<&mut ChatMessage> {
        self.chats.get_mut(phone)?.iter_mut().rev().find(|message| message.id == id)
    }
}

/// `/whatsapp`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/{version}/{number}/messages", post(send::send))
        .route("/{version}/{number}/media", post(media::upload))
        .route("/{version}/{media}", get(media::get).delete(media::delete))
        .route("/download/{token}", get(media::download))
}

fn check_token(app: &App, headers: &HeaderMap) -> Result<(), WhatsappError> {
    let expected = format!("Bearer {}", app.settings.whatsapp_access_token);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given == Some(expected.as_str()) { Ok(()) } else { Err(WhatsappError::unauthenticated()) }
}

fn check_number(app: &App, number: &str) -> Result<(), WhatsappError> {
    if number == app.settings.whatsapp_phone_number_id {
        return Ok(());
    }
    Err(WhatsappError::unknown_object(number))
}

/// A phone's business-scoped user id: the same every time, and no phone number.
fn scoped_user_id(phone: &str) -> String {
    let hash = digest::digest(&digest::SHA256, phone.as_bytes());
    let number = hash.as_ref().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("IN.{:016}", number % 10_000_000_000_000_000)
}

/// One change in the envelope of all notifications.
fn notification(app: &App, value: Value) -> Value {
    let mut value = value;
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": DISPLAY_NUMBER, "phone_number_id": app.settings.whatsapp_phone_number_id});
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": BUSINESS_ACCOUNT, "changes": [{"value": value, "field": "messages"}]}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scoped_user_id_is_stable_and_hides_the_phone() {
        let id = scoped_user_id("+919876543210");
        assert_eq!(id, scoped_user_id("+919876543210"));
        assert!(id.starts_with("IN.") && !id.contains("9876543210"));
    }
}
