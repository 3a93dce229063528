//! Sends a message on WhatsApp: written down first, sent by a job, once.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{Actor, Phone, UserId};
use pg_kit::DbError;
use pg_kit::jobs::JobError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use whatsapp::{Button, Message, Outgoing, Recipient, Template, WhatsappError};

use super::audit;
use super::receive_webhook::enqueue;
use crate::App;
use crate::jobs::SEND_MESSAGE;
use crate::store::contacts;
use crate::store::conversations::{self, Sender};
use crate::store::messages::{self, NewOutbound};

/// How long Meta lets us speak freely after somebody wrote.
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// How long a call whose end we did not see may take to show up as a status.
const SETTLING: TimeDelta = TimeDelta::seconds(15);

/// A message as it is kept until it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Kept {
    Text { body: String },
    Buttons { body: String, buttons: Vec<(String, String)> },
    Template { name: String, language: String, body: Vec<String> },
}

impl Kept {
    /// What it says, for people who read the chat later.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text { body } | Self::Buttons { body, .. } => body,
            Self::Template { name, .. } => name,
        }
    }

    /// Its kind as stored.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Buttons { .. } => "interactive",
            Self::Template { .. } => "template",
        }
    }

    fn message(self) -> Message {
        match self {
            Self::Text { body } => Message::text(body),
            Self::Buttons { body, buttons } => {
                let buttons = buttons.into_iter().map(|(id, title)| Button { id, title }).collect();
                Message::Buttons { body, footer: None, buttons }
            }
            Self::Template { name, language, body } => {
                Message::Template(Template { name, language, body, ..Template::default() })
            }
        }
    }
}

/// Why a message is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("no phone is known of this user")]
    NoPhone,
    #[error("more than 24 hours since they wrote: only a template goes out")]
    WindowClosed,
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<sqlx::Error> for SendError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// To whom.
#[derive(Debug, Clone)]
pub(crate) enum To {
    Phone(Phone),
    User(UserId),
}

/// Takes a message to be sent; the id and status of the one taken earlier under the same key.
pub(crate) async fn send(
    app: &App,
    actor: &Actor,
    to: &To,
    message: &Kept,
    dedupe_key: Option<&str>,
) -> Result<(Uuid, String), SendError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if let Some(key) = dedupe_key
        && let Some(earlier) = messages::by_dedupe_key(&mut tx, key).await?
    {
        return Ok(earlier);
    }
    let phone = match to {
        To::Phone(phone) => phone.clone(),
        To::User(user_id) => contacts::phone_of(&mut tx, *user_id).await?.ok_or(SendError::NoPhone)?,
    };
    conversations::queue_up(&mut tx, phone.digits()).await?;
    let sender = Sender { phone: Some(phone.to_string()), bsuid: None, profile_name: None };
    let conversation_id = conversations::of_sender(&mut tx, app.kit.ids.uuid(), &sender, now).await?;
    let conversation = conversations::one(&mut tx, conversation_id).await?;
    let open = conversation.and_then(|c| c.last_inbound_at).is_some_and(|at| now - at < WINDOW);
    if !open && !matches!(message, Kept::Template { .. }) {
        return Err(SendError::WindowClosed);
    }
    let content = serde_json::to_value(message).map_err(DbError::from)?;
    let new = NewOutbound {
        id: app.kit.ids.uuid(),
        conversation_id,
        kind: message.kind(),
        text: message.text(),
        content: &content,
        in_reply_to: None,
        dedupe_key,
    };
    let Some(id) = messages::queue(&mut tx, &new, now).await? else {
        // Somebody else took the same key a moment ago.
        let key = dedupe_key.unwrap_or_default();
        let earlier = messages::by_dedupe_key(&mut tx, key).await?;
        return earlier.ok_or(SendError::Database(DbError::State("a message neither new nor there")));
    };
    enqueue(&mut tx, app, SEND_MESSAGE, id, now).await?;
    let deed = ("whatsapp.message_sent", "whatsapp_message", id);
    audit::record(app, &mut tx, actor, deed, None, audited(conversation_id, to, message)).await?;
    tx.commit().await?;
    Ok((id, "queued".to_owned()))
}

/// What the audit log keeps of a message: neither the words nor the phone, which stay with the conversation.
fn audited(conversation_id: Uuid, to: &To, message: &Kept) -> Value {
    let user_id = if let To::User(user_id) = to { Some(user_id) } else { None };
    let template = if let Kept::Template { name, .. } = message { Some(name) } else { None };
    json!({"conversation_id": conversation_id, "user_id": user_id, "kind": message.kind(), "template": template})
}

/// Sends a message that was taken. There is no idempotency key at WhatsApp: after a call whose end we did not see, the
/// status webhook tells by our own key whether it went out, and only when nothing comes it is sent again.
pub(crate) async fn deliver(app: &App, id: Uuid) -> Result<(), JobError> {
    let now = app.kit.clock.now();
    let mut conn = app.kit.pool.acquire().await?;
    let Some(outbound) = messages::outbound(&mut conn, id).await? else {
        return Err(JobError::fail("no such message"));
    };
    if outbound.whatsapp_message_id.is_some() || !matches!(outbound.status.as_str(), "queued" | "sending") {
        return Ok(());
    }
    let to = match (outbound.phone_number, outbound.bsuid) {
        (Some(phone), _) => Recipient::WaId(phone.trim_start_matches('+').to_owned()),
        (None, Some(bsuid)) => Recipient::UserId(bsuid),
        (None, None) => {
            messages::failed(&mut conn, id, "the conversation has neither phone nor id", now).await?;
            return Ok(());
        }
    };
    let kept: Kept = serde_json::from_value(outbound.content).map_err(JobError::fail)?;
    if !messages::sending(&mut conn, id, now).await? {
        return Ok(());
    }
    drop(conn);
    let outgoing = Outgoing { to, message: kept.message(), reply_to: outbound.answers, opaque: Some(id.to_string()) };
    let result = app.whatsapp.send(&outgoing).await;
    let now = app.kit.clock.now();
    let mut conn = app.kit.pool.acquire().await?;
    match result {
        Ok(sent) => {
            messages::accepted(&mut conn, id, &sent.message_id, now).await?;
            Ok(())
        }
        Err(WhatsappError::Retry { reason, after }) => {
            messages::requeue(&mut conn, id, &reason, now).await?;
            Err(JobError::Retry { after, reason })
        }
        Err(WhatsappError::Unknown { reason }) => {
            Err(JobError::retry_after(SETTLING.to_std().unwrap_or(Duration::from_secs(15)), reason))
        }
        Err(error) => {
            tracing::warn!(%error, message_id = %id, "a WhatsApp message will not go out");
            messages::failed(&mut conn, id, &error.to_string(), now).await?;
            Ok(())
        }
    }
}

/// What a job about a message carries.
#[derive(Debug, Deserialize)]
pub(crate) struct AboutMessage {
    pub(crate) message_id: Uuid,
}

/// For the conversation's log: a kept message as JSON.
pub(crate) fn content(message: &Kept) -> Result<Value, DbError> {
    Ok(serde_json::to_value(message)?)
}
