//! Acting as a phone: typing, tapping, sending a picture.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ChatMessage, DISPLAY_NUMBER, Direction, WhatsappState, notification, scoped_user_id, send::new_id};
use crate::state::Shared;

/// A tap on something that was offered.
#[derive(Deserialize)]
struct Tap {
    id: String,
    title: String,
}

/// A file from the phone.
#[derive(Deserialize)]
struct File {
    base64: String,
    mime: String,
    caption: Option<String>,
    filename: Option<String>,
}

/// What the person does: one of text, button, image, document, location.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inbound {
    text: Option<String>,
    button: Option<Tap>,
    image: Option<File>,
    document: Option<File>,
    location: Option<Value>,
    /// The profile's name.
    name: Option<String>,
    /// The message this one answers.
    reply_to: Option<String>,
    #[serde(default)]
    forwarded: bool,
    /// The person has a username: no phone number is told, only the scoped user id.
    #[serde(default)]
    hide_phone: bool,
    /// An id of one's own, to send the same message again.
    message_id: Option<String>,
}

/// What goes over the wire, and what a person would read.
struct Content {
    kind: &'static str,
    body: Value,
    text: String,
    context: Option<String>,
}

impl Inbound {
    fn content(&self, state: &mut WhatsappState, phone: &str) -> Result<Content, String> {
        let given =
            [self.text.is_some(), self.button.is_some(), self.image.is_some(), self.document.is_some(), self.location.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            return Err("give exactly one of text, button, image, document, location".into());
        }
        let plain = |kind, body, text| Ok(Content { kind, body, text, context: None });
        if let Some(text) = &self.text {
            return plain("text", json!({"body": text}), text.clone());
        }
        if let Some(tap) = &self.button {
            return Ok(state.tapped(phone, tap));
        }
        if let Some(image) = &self.image {
            return plain("image", keep(state, image)?, image.caption.clone().unwrap_or_default());
        }
        if let Some(document) = &self.document {
            return plain("document", keep(state, document)?, document.caption.clone().unwrap_or_default());
        }
        plain("location", self.location.clone().unwrap_or_default(), String::new())
    }
}

fn keep(state: &mut WhatsappState, file: &File) -> Result<Value, String> {
    let bytes = STANDARD.decode(&file.base64).map_err(|_| "base64 is not base64".to_owned())?;
    let (id, sha256) = state.keep(&bytes, &file.mime);
    let mut body = json!({"id": id, "mime_type": file.mime, "sha256": sha256});
    for (name, value) in [("caption", &file.caption), ("filename", &file.filename)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    Ok(body)
}

impl WhatsappState {
    /// The answer that the newest message offering this gives: a button, a list's row or a template's quick reply.
    fn tapped(&self, phone: &str, tap: &Tap) -> Content {
        let chat = self.chats.get(phone).map_or(&[][..], Vec::as_slice);
        let offers = |message: &&ChatMessage| {
            let named = message.buttons.iter().any(|button| button.get("id").and_then(Value::as_str) == Some(&tap.id));
            message.direction == Direction::Outbound && (named || message.r#type == "template")
        };
        let source = chat.iter().rev().find(offers);
        let (kind, body) = match source {
            Some(message) if message.r#type == "template" => ("button", json!({"payload": tap.id, "text": tap.title})),
            Some(message) if message.message.pointer("/interactive/type") == Some(&json!("list")) => {
                ("interactive", json!({"type": "list_reply", "list_reply": {"id": tap.id, "title": tap.title}}))
            }
            _ => ("interactive", json!({"type": "button_reply", "button_reply": {"id": tap.id, "title": tap.title}})),
        };
        Content { kind, body, text: tap.title.clone(), context: source.map(|message| message.id.clone()) }
    }
}

impl crate::state::App {
    /// Lets a phone say something to the business; gives the message as it goes to the webhook.
    pub(crate) fn type_as(self: &Shared, phone: &str, inbound: Inbound) -> Result<Value, String> {
        let now = self.clock.now();
        let user_id = scoped_user_id(phone);
        let digits = phone.trim_start_matches('+');
        let message = {
            let mut state = self.world.whatsapp.lock();
            let content = inbound.content(&mut state, phone)?;
            let id = inbound.message_id.clone().unwrap_or_else(new_id);
            let mut message = json!({
                "from": digits, "from_user_id": user_id, "id": id, "timestamp": now.timestamp().to_string(), "type": content.kind,
            });
            message[content.kind] = content.body;
            if let Some(answered) = inbound.reply_to.clone().or(content.context) {
                message["context"] = json!({"from": DISPLAY_NUMBER, "id": answered});
            }
            if inbound.forwarded {
                message["context"]["forwarded"] = json!(true);
            }
            if inbound.hide_phone
                && let Some(fields) = message.as_object_mut()
            {
                fields.remove("from");
            }
            let chat = state.chats.entry(phone.to_owned()).or_default();
            if !chat.iter().any(|known| known.id == id) {
                chat.push(ChatMessage {
                    id,
                    direction: Direction::Inbound,
                    r#type: content.kind.to_owned(),
                    text: content.text,
                    buttons: Vec::new(),
                    at: now,
                    status: None,
                    message: message.clone(),
                });
            }
            message
        };
        let name = inbound.name.unwrap_or_else(|| "Sandbox".into());
        let mut contact = json!({"profile": {"name": name}, "wa_id": digits, "user_id": user_id});
        if inbound.hide_phone
            && let Some(fields) = contact.as_object_mut()
        {
            fields.remove("wa_id");
        }
        self.report_read(phone);
        self.whatsapp_webhook(phone, &notification(self, json!({"contacts": [contact], "messages": [message]})));
        self.touch();
        Ok(message)
    }
}
