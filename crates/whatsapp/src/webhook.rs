//! Webhook bodies: several entries, changes, messages and statuses at once. One that cannot be read
//! does not take the others with it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::{DeliveryState, InboundMessage, MediaRef, MessageKind, RepliedTo, Status, StatusError};

/// The body is not a webhook of Meta's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a WhatsApp webhook")]
pub struct MalformedWebhook;

/// What a webhook brings, in the order it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Webhook {
    /// What people wrote.
    pub messages: Vec<InboundMessage>,
    /// What became of ours.
    pub statuses: Vec<Status>,
    /// Troubles Meta reports by itself: code and words.
    pub errors: Vec<StatusError>,
}

/// Reads a body whose signature was checked.
pub fn parse_webhook(raw: &[u8]) -> Result<Webhook, MalformedWebhook> {
    let mut body: Value = serde_json::from_slice(raw).map_err(|_| MalformedWebhook)?;
    outbound::strip_nul(&mut body);
    if body["object"] != "whatsapp_business_account" {
        return Err(MalformedWebhook);
    }
    let mut webhook = Webhook::default();
    for change in each(&body["entry"]).flat_map(|entry| each(&entry["changes"])) {
        if change["field"] != "messages" {
            continue;
        }
        let value = &change["value"];
        for message in each(&value["messages"]) {
            match read_message(message, value) {
                Some(message) => webhook.messages.push(message),
                None => tracing::warn!("a WhatsApp message without an id was left out"),
            }
        }
        webhook.statuses.extend(each(&value["statuses"]).filter_map(read_status));
        webhook.errors.extend(each(&value["errors"]).filter_map(read_error));
    }
    Ok(webhook)
}

fn read_message(message: &Value, value: &Value) -> Option<InboundMessage> {
    let from = text(&message["from"]);
    let contact = contact(value, from.as_deref(), message["from_user_id"].as_str());
    let context = &message["context"];
    let flag = |name: &str| context[name].as_bool().unwrap_or_default();
    Some(InboundMessage {
        id: text(&message["id"])?,
        phone_number_id: text(&value["metadata"]["phone_number_id"]),
        from: from.or_else(|| text(&contact["wa_id"])),
        user_id: text(&message["from_user_id"]).or_else(|| text(&contact["user_id"])),
        profile_name: text(&contact["profile"]["name"]),
        at: time(&message["timestamp"]),
        replied_to: text(&context["id"]).map(|message_id| RepliedTo { message_id }),
        forwarded: flag("forwarded") || flag("frequently_forwarded"),
        kind: read_kind(message),
    })
}

fn read_kind(message: &Value) -> MessageKind {
    let name = message["type"].as_str().unwrap_or("unknown");
    let content = &message[name];
    let media = || MediaRef::deserialize(content).ok();
    let known = match name {
        "text" => text(&content["body"]).map(|body| MessageKind::Text { body }),
        "image" => media().map(MessageKind::Image),
        "document" => media().map(MessageKind::Document),
        "audio" | "voice" => media().map(MessageKind::Audio),
        "video" => media().map(MessageKind::Video),
        "location" => content["latitude"]
            .as_f64()
            .zip(content["longitude"].as_f64())
            .map(|(latitude, longitude)| MessageKind::Location { latitude, longitude, name: text(&content["name"]) }),
        "interactive" => read_interactive(content),
        "button" => text(&content["payload"])
            .map(|payload| MessageKind::TemplateButton { payload, text: text(&content["text"]).unwrap_or_default() }),
        "reaction" => {
            text(&content["message_id"]).map(|message_id| MessageKind::Reaction { message_id, emoji: text(&content["emoji"]) })
        }
        "system" => Some(MessageKind::UserChanged {
            wa_id: text(&content["wa_id"]),
            user_id: text(&content["user_id"]),
            previous_user_id: text(&content["previous_user_id"]),
        }),
        _ => None,
    };
    known.unwrap_or_else(|| MessageKind::Unsupported { name: name.to_owned() })
}

fn read_interactive(content: &Value) -> Option<MessageKind> {
    let reply = |name: &str| {
        let reply = &content[name];
        Some((text(&reply["id"])?, text(&reply["title"]).unwrap_or_default()))
    };
    match content["type"].as_str()? {
        "button_reply" => reply("button_reply").map(|(id, title)| MessageKind::ButtonReply { id, title }),
        "list_reply" => reply("list_reply").map(|(id, title)| MessageKind::ListReply { id, title }),
        _ => None,
    }
}

fn read_status(status: &Value) -> Option<Status> {
    Some(Status {
        message_id: text(&status["id"])?,
        state: DeliveryState::deserialize(&status["status"]).ok()?,
        at: time(&status["timestamp"]),
        recipient_id: text(&status["recipient_id"]),
        recipient_user_id: text(&status["recipient_user_id"]),
        opaque: text(&status["biz_opaque_callback_data"]),
        errors: each(&status["errors"]).filter_map(read_error).collect(),
    })
}

fn read_error(error: &Value) -> Option<StatusError> {
    let detail = text(&error["error_data"]["details"])
        .or_else(|| text(&error["message"]))
        .or_else(|| text(&error["title"]))
        .unwrap_or_default();
    Some(StatusError { code: error["code"].as_i64()?, detail })
}

/// The contact that sent a message: the one that matches, or the only one there is.
fn contact<'a>(value: &'a Value, from: Option<&str>, user_id: Option<&str>) -> &'a Value {
    let contacts = value["contacts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let same = |field: &Value, wanted: Option<&str>| wanted.is_some() && field.as_str() == wanted;
    let matching = contacts.iter().find(|contact| same(&contact["user_id"], user_id) || same(&contact["wa_id"], from));
    match (matching, contacts) {
        (Some(contact), _) => contact,
        (None, [only]) if from.is_none() && user_id.is_none() => only,
        _ => &Value::Null,
    }
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Unix seconds, sent as text and sometimes as a number.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Meaning;

    fn webhook(value: &Value) -> Webhook {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1",
            "changes": [{"field": "messages", "value": value}]}]});
        parse_webhook(body.to_string().as_bytes()).unwrap()
    }

    fn message(message: &Value) -> InboundMessage {
        let mut value = json!({"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106"},
            "contacts": [{"profile": {"name": "Ravi"}, "wa_id": "919876543210", "user_id": "IN.1"}],
            "messages": [{"from": "919876543210", "id": "wamid.1", "timestamp": "1767225600"}]});
        for (name, field) in message.as_object().unwrap() {
            value["messages"][0][name] = field.clone();
        }
        webhook(&value).messages.remove(0)
    }

    #[test]
    fn a_text_is_read_with_its_sender() {
        let seen = message(&json!({"type": "text", "text": {"body": "50 bags cement"}}));
        assert_eq!(seen.kind, MessageKind::Text { body: "50 bags cement".into() });
        assert_eq!(seen.phone().unwrap().as_str(), "+919876543210");
        assert_eq!(seen.sender_key(), Some("IN.1"));
        assert_eq!(seen.profile_name.as_deref(), Some("Ravi"));
        assert_eq!(seen.at.unwrap().timestamp(), 1_767_225_600);
        assert!(!seen.forwarded);
    }

    #[test]
    fn a_text_with_a_nul_is_read_without_it() {
        let seen = message(&json!({"type": "text", "text": {"body": "Confirm\u{0} ORD1"}}));
        assert_eq!(seen.kind, MessageKind::Text { body: "Confirm ORD1".into() });
    }

    #[test]
    fn buttons_rows_pictures_and_quick_replies_are_read() {
        let button = json!({"type": "interactive", "context": {"from": "1", "id": "wamid.0"},
            "interactive": {"type": "button_reply", "button_reply": {"id": "confirm:1", "title": "Confirm"}}});
        let seen = message(&button);
        assert_eq!(seen.kind, MessageKind::ButtonReply { id: "confirm:1".into(), title: "Confirm".into() });
        assert_eq!(seen.replied_to, Some(RepliedTo { message_id: "wamid.0".into() }));
        let row = json!({"type": "interactive",
            "interactive": {"type": "list_reply", "list_reply": {"id": "r", "title": "R", "description": "d"}}});
        assert_eq!(message(&row).kind, MessageKind::ListReply { id: "r".into(), title: "R".into() });
        let quick = json!({"type": "button", "button": {"payload": "P", "text": "T"}});
        assert_eq!(message(&quick).kind, MessageKind::TemplateButton { payload: "P".into(), text: "T".into() });
        let picture = json!({"type": "image",
            "image": {"id": "77", "mime_type": "image/jpeg", "sha256": "x=", "caption": "ORD1"}});
        let MessageKind::Image(media) = message(&picture).kind else { panic!("not a picture") };
        assert_eq!((media.id.as_str(), media.caption.as_deref()), ("77", Some("ORD1")));
    }

    #[test]
    fn a_sender_may_have_no_phone() {
        let seen = webhook(&json!({"contacts": [{"profile": {"name": "R", "username": "ravi"}, "user_id": "IN.9"}],
            "messages": [{"from_user_id": "IN.9", "id": "wamid.2", "timestamp": "1", "type": "text",
                "text": {"body": "hi"}}]}));
        assert_eq!(seen.messages[0].from, None);
        assert_eq!(seen.messages[0].sender_key(), Some("IN.9"));
    }

    #[test]
    fn what_we_do_not_know_is_kept_as_unsupported() {
        for kind in ["sticker", "order", "unsupported", "hologram"] {
            let seen = message(&json!({"type": kind}));
            assert_eq!(seen.kind, MessageKind::Unsupported { name: kind.into() });
        }
        let broken = message(&json!({"type": "image", "image": {"no": "id"}}));
        assert_eq!(broken.kind, MessageKind::Unsupported { name: "image".into() });
    }

    #[test]
    fn forwarded_words_are_marked() {
        let text = json!({"type": "text", "text": {"body": "x"}, "context": {"frequently_forwarded": true}});
        assert!(message(&text).forwarded);
    }

    #[test]
    fn a_broken_message_does_not_take_the_others_with_it() {
        let seen = webhook(&json!({"messages": [17, {"type": "text"},
            {"id": "wamid.3", "from": "919876543210", "type": "text", "text": {"body": "ok"}}]}));
        assert_eq!(seen.messages.len(), 1);
    }

    #[test]
    fn a_failed_status_says_why() {
        let seen = webhook(&json!({"statuses": [
            {"id": "wamid.1", "status": "failed", "timestamp": "1767225600", "recipient_id": "919876543210",
             "biz_opaque_callback_data": "n-1",
             "errors": [{"code": 131_047, "title": "Re-engagement", "error_data": {"details": "24 hours"}}]},
            {"id": "wamid.2", "status": "read", "timestamp": "1767225601"},
            {"id": "wamid.3", "status": "teleported"}]}));
        assert_eq!(seen.statuses[0].meaning(), Some(Meaning::TemplateNeeded));
        assert_eq!(seen.statuses[0].opaque.as_deref(), Some("n-1"));
        assert!(seen.statuses[1].state.rank() > DeliveryState::Delivered.rank());
        assert_eq!(seen.statuses[2].state, DeliveryState::Other("teleported".into()));
    }

    #[test]
    fn bodies_that_are_not_metas_are_refused() {
        for raw in ["", "[]", "{}", r#"{"object":"page"}"#, "nonsense"] {
            assert_eq!(parse_webhook(raw.as_bytes()), Err(MalformedWebhook), "{raw}");
        }
        let empty = br#"{"object":"whatsapp_business_account","entry":[]}"#;
        assert_eq!(parse_webhook(empty), Ok(Webhook::default()));
    }
}
