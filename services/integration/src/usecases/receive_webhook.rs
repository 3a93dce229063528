//! Takes a webhook of WhatsApp's: everything in it is written down in one transaction, and worked on afterwards.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use domain::events::MessageStatusChanged;
use domain::{Actor, ServiceName};
use pg_kit::{DbError, jobs, outbox};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;
use whatsapp::{DeliveryState, InboundMessage, MessageKind, Status, Webhook};

use crate::App;
use crate::jobs::ANSWER_MESSAGE;
use crate::store::conversations::{self, Sender};
use crate::store::messages::{self, NewInbound};
use crate::store::statuses;

/// Writes it down.
pub(crate) async fn receive(app: &App, webhook: Webhook) -> Result<(), DbError> {
    let own = app.whatsapp.phone_number_id();
    let mut mine: Vec<InboundMessage> =
        webhook.messages.into_iter().filter(|message| message.phone_number_id.as_deref().is_none_or(|id| id == own)).collect();
    for error in &webhook.errors {
        tracing::warn!(code = error.code, detail = %error.detail, "WhatsApp reports trouble");
    }
    if mine.is_empty() && webhook.statuses.is_empty() {
        return Ok(());
    }
    let mut tx = app.kit.pool.begin().await?;
    // Everybody takes the senders in the same order: two webhooks never wait for each other.
    let mut keys: Vec<&str> = mine.iter().flat_map(|m| [m.from.as_deref(), m.user_id.as_deref()]).flatten().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        conversations::queue_up(&mut tx, key).await?;
    }
    mine.sort_by_key(|message| message.at);
    for message in &mine {
        take(&mut tx, app, message).await?;
    }
    let mut told = webhook.statuses;
    told.sort_by(|a, b| (&a.message_id, a.state.rank()).cmp(&(&b.message_id, b.state.rank())));
    for status in &told {
        note(&mut tx, app, status).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn take(conn: &mut PgConnection, app: &App, message: &InboundMessage) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    if let MessageKind::UserChanged { user_id, previous_user_id: Some(previous), .. } = &message.kind {
        conversations::moved(conn, previous, user_id.as_deref(), now).await?;
        return Ok(());
    }
    if matches!(message.kind, MessageKind::Reaction { .. }) {
        return Ok(());
    }
    let sender = Sender {
        phone: message.from.as_deref().filter(|digits| is_number(digits)).map(|digits| format!("+{digits}")),
        bsuid: message.user_id.clone().filter(|id| !id.is_empty()),
        profile_name: message.profile_name.clone(),
    };
    if sender.phone.is_none() && sender.bsuid.is_none() {
        tracing::warn!(message_id = %message.id, "a WhatsApp message from nobody was left out");
        return Ok(());
    }
    let conversation_id = conversations::of_sender(conn, app.kit.ids.uuid(), &sender, now).await?;
    let sent_at = message.at.unwrap_or(now);
    let id = app.kit.ids.uuid();
    let (kind, text, media) = words(&message.kind);
    let content = serde_json::to_value(message)?;
    let new = NewInbound { id, conversation_id, wamid: &message.id, kind, text, media, content: &content, sent_at };
    if !messages::receive(conn, &new, now).await? {
        metrics::counter!("whatsapp_redelivered_total").increment(1);
        return Ok(());
    }
    conversations::heard(conn, conversation_id, sent_at, now).await?;
    enqueue(conn, app, ANSWER_MESSAGE, id, now).await
}

fn is_number(digits: &str) -> bool {
    (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Adds a job about one message.
pub(crate) async fn enqueue(
    conn: &mut PgConnection,
    app: &App,
    kind: &'static str,
    message_id: Uuid,
    run_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let job = jobs::NewJob {
        id: app.kit.ids.uuid(),
        kind,
        payload: json!({ "message_id": message_id }),
        run_at,
        dedupe_key: Some(format!("{kind}:{message_id}")),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

fn words(kind: &MessageKind) -> (&'static str, Option<&str>, Option<&str>) {
    match kind {
        MessageKind::Text { body } => ("text", Some(body), None),
        MessageKind::Image(file) => ("image", file.caption.as_deref(), Some(&file.id)),
        MessageKind::Document(file) => ("document", file.caption.as_deref(), Some(&file.id)),
        MessageKind::Audio(file) => ("audio", None, Some(&file.id)),
        MessageKind::Video(file) => ("video", file.caption.as_deref(), Some(&file.id)),
        MessageKind::Location { name, .. } => ("location", name.as_deref(), None),
        MessageKind::ButtonReply { title, .. } | MessageKind::ListReply { title, .. } => ("interactive", Some(title), None),
        MessageKind::TemplateButton { text, .. } => ("button", Some(text), None),
        MessageKind::Reaction { emoji, .. } => ("reaction", emoji.as_deref(), None),
        MessageKind::UserChanged { .. } => ("system", None, None),
        MessageKind::Unsupported { .. } => ("unsupported", None, None),
    }
}

async fn note(conn: &mut PgConnection, app: &App, status: &Status) -> Result<(), DbError> {
    let now = app.kit.clock.now();
    let word = match &status.state {
        DeliveryState::Sent => "sent",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Read | DeliveryState::Played => "read",
        DeliveryState::Failed => "failed",
        DeliveryState::Other(_) => return Ok(()),
    };
    let at = status.at.unwrap_or(now);
    let failure = status.errors.first().filter(|_| word == "failed");
    let error_code = failure.and_then(|failure| i32::try_from(failure.code).ok());
    let error = failure.map(|failure| failure.detail.clone());
    if !statuses::note(conn, &status.message_id, word, at, (error_code, error.as_deref())).await? {
        return Ok(());
    }
    let own_key = status.opaque.as_deref().and_then(|key| key.parse().ok());
    messages::progress(conn, &status.message_id, own_key, word, error.as_deref(), now).await?;
    let event = MessageStatusChanged {
        message_key: message_key(&status.message_id),
        provider_message_id: status.message_id.clone(),
        status: word.to_owned(),
        error_code,
        error,
        at,
    };
    outbox::append(conn, now, &*app.kit.ids, &Actor::system(ServiceName::Integration), &event).await?;
    Ok(())
}

/// The same key for the same message of Meta's, wherever it is made.
fn message_key(wamid: &str) -> Uuid {
    let hash = digest(&SHA256, wamid.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
