//! Messages of conversations, both ways.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A message that came in.
#[derive(Debug)]
pub(crate) struct NewInbound<'a> {
    pub(crate) id: Uuid,
    pub(crate) conversation_id: Uuid,
    pub(crate) wamid: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) text: Option<&'a str>,
    pub(crate) media: Option<&'a str>,
    pub(crate) content: &'a Value,
    pub(crate) sent_at: DateTime<Utc>,
}

/// A message on its way out.
#[derive(Debug)]
pub(crate) struct NewOutbound<'a> {
    pub(crate) id: Uuid,
    pub(crate) conversation_id: Uuid,
    pub(crate) kind: &'a str,
    pub(crate) text: &'a str,
    pub(crate) content: &'a Value,
    pub(crate) in_reply_to: Option<Uuid>,
    pub(crate) dedupe_key: Option<&'a str>,
}

/// A message to be answered.
#[derive(Debug, Clone)]
pub(crate) struct Unanswered {
    pub(crate) id: Uuid,
    pub(crate) whatsapp_message_id: Option<String>,
    pub(crate) content: Value,
    pub(crate) progress: Value,
    pub(crate) attempts: i32,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    pub(crate) status: String,
    pub(crate) content: Value,
    pub(crate) whatsapp_message_id: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) bsuid: Option<String>,
    pub(crate) answers: Option<String>,
}

/// A message as support reads it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    pub(crate) direction: String,
    pub(crate) message_type: String,
    pub(crate) message_text: Option<String>,
    pub(crate) status: String,
    pub(crate) detected_intent: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Keeps a message that came in; false when it was there.
pub(crate) async fn receive(conn: &mut PgConnection, message: &NewInbound<'_>, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        "INSERT INTO whatsapp_messages (id, conversation_id, whatsapp_message_id, direction, message_type, message_text,
                                        media_url, content, status, sent_at, created_at, updated_at)
         VALUES ($1, $2, $3, 'inbound', $4, $5, $6, $7, 'received', $8, $9, $9)
         ON CONFLICT ON CONSTRAINT messages_once DO NOTHING",
        message.id,
        message.conversation_id,
        message.wamid,
        message.kind,
        message.text,
        message.media,
        message.content,
        message.sent_at,
        now,
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Keeps a message that is to go out; the one kept under the same key or reply earlier, if there is one.
pub(crate) async fn queue(conn: &mut PgConnection, message: &NewOutbound<'_>, now: DateTime<Utc>) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "INSERT INTO whatsapp_messages (id, conversation_id, direction, message_type, message_text, content, status,
                                        in_reply_to, dedupe_key, created_at, updated_at)
         VALUES ($1, $2, 'outbound', $3, $4, $5, 'queued', $6, $7, $8, $8)
         ON CONFLICT DO NOTHING
         RETURNING id",
        message.id,
        message.conversation_id,
        message.kind,
        message.text,
        message.content,
        message.in_reply_to,
        message.dedupe_key,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// The message kept under a key.
pub(crate) async fn by_dedupe_key(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<(Uuid, String)>> {
    let found = sqlx::query!("SELECT id, status FROM whatsapp_messages WHERE dedupe_key = $1", key).fetch_optional(conn).await?;
    Ok(found.map(|row| (row.id, row.status)))
}

/// The conversation that a message belongs to, with whether it still waits for an answer.
pub(crate) async fn conversation_of(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<(Uuid, bool)>> {
    let found =
        sqlx::query!(r#"SELECT conversation_id, status = 'received' as "waits!" FROM whatsapp_messages WHERE id = $1"#, id,)
            .fetch_optional(conn)
            .await?;
    Ok(found.map(|row| (row.conversation_id, row.waits)))
}

/// The oldest message of a conversation that waits for an answer, counted as tried once more.
pub(crate) async fn try_oldest(conn: &mut PgConnection, conversation_id: Uuid) -> sqlx::Result<Option<Unanswered>> {
    sqlx::query_as!(
        Unanswered,
        "UPDATE whatsapp_messages SET attempts = attempts + 1
          WHERE id = (SELECT id FROM whatsapp_messages WHERE conversation_id = $1 AND status = 'received'
                       ORDER BY sent_at, position LIMIT 1)
         RETURNING id, whatsapp_message_id, content, progress, attempts",
        conversation_id,
    )
    .fetch_optional(conn)
    .await
}

/// An inbound message of a conversation by our id.
pub(crate) async fn inbound(conn: &mut PgConnection, conversation_id: Uuid, id: Uuid) -> sqlx::Result<Option<Value>> {
    sqlx::query_scalar!(
        "SELECT content FROM whatsapp_messages WHERE id = $1 AND conversation_id = $2 AND direction = 'inbound'",
        id,
        conversation_id,
    )
    .fetch_optional(conn)
    .await
}

/// Notes what has been done for a message so far.
pub(crate) async fn note_progress(conn: &mut PgConnection, id: Uuid, progress: &Value) -> sqlx::Result<()> {
    sqlx::query!("UPDATE whatsapp_messages SET progress = $2 WHERE id = $1 AND status = 'received'", id, progress)
        .execute(conn)
        .await?;
    Ok(())
}

/// A message has its answer. False when somebody else gave it.
pub(crate) async fn answered(
    conn: &mut PgConnection,
    id: Uuid,
    intent: &str,
    confidence: f64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "UPDATE whatsapp_messages SET status = 'answered', detected_intent = $2, confidence = ($3::float8)::numeric(3,2),
                updated_at = $4
          WHERE id = $1 AND status = 'received'",
        id,
        intent,
        confidence,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// A message to be sent.
pub(crate) async fn outbound(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<Outbound>> {
    sqlx::query_as!(
        Outbound,
        r#"SELECT m.status, m.content, m.whatsapp_message_id, c.phone_number, c.bsuid,
                  answered.whatsapp_message_id as "answers?"
             FROM whatsapp_messages m JOIN whatsapp_conversations c ON c.id = m.conversation_id
             LEFT JOIN whatsapp_messages answered ON answered.id = m.in_reply_to
            WHERE m.id = $1 AND m.direction = 'outbound'"#,
        id,
    )
    .fetch_optional(conn)
    .await
}

/// A try to send begins. False when the message is out or given up.
pub(crate) async fn sending(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "UPDATE whatsapp_messages SET status = 'sending', attempts = attempts + 1, sent_at = $2, updated_at = $2
          WHERE id = $1 AND status IN ('queued', 'sending') AND whatsapp_message_id IS NULL",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// It did not go out and may be tried again.
pub(crate) async fn requeue(conn: &mut PgConnection, id: Uuid, error: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_messages SET status = 'queued', error = $2, updated_at = $3 WHERE id = $1 AND status = 'sending'",
        id,
        error,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// WhatsApp has accepted it under this id; what was told of that id before already counts.
pub(crate) async fn accepted(conn: &mut PgConnection, id: Uuid, wamid: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_messages m SET whatsapp_message_id = coalesce(whatsapp_message_id, $2), error = NULL, updated_at = $3,
                status = coalesce((SELECT s.status FROM whatsapp_statuses s
                                    WHERE s.whatsapp_message_id = $2 AND s.status IN ('sent', 'delivered', 'read', 'failed')
                                    ORDER BY array_position(ARRAY['read', 'delivered', 'failed', 'sent'], s.status) LIMIT 1), 'sent')
          WHERE id = $1 AND status IN ('queued', 'sending')",
        id,
        wamid,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It will never go out.
pub(crate) async fn failed(conn: &mut PgConnection, id: Uuid, error: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_messages SET status = 'failed', error = $2, updated_at = $3
          WHERE id = $1 AND status IN ('queued', 'sending')",
        id,
        error,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What Meta told of a message of ours, named by its id or by our own key; only forwards.
pub(crate) async fn progress(
    conn: &mut PgConnection,
    wamid: &str,
    own_key: Option<Uuid>,
    status: &str,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_messages SET status = $3, whatsapp_message_id = $1, error = $4, updated_at = $5
          WHERE direction = 'outbound' AND (whatsapp_message_id = $1 OR (id = $2 AND whatsapp_message_id IS NULL))
            AND array_position(ARRAY['queued', 'sending', 'sent', 'failed', 'delivered', 'read'], $3)
              > array_position(ARRAY['queued', 'sending', 'sent', 'failed', 'delivered', 'read'], status)",
        wamid,
        own_key,
        status,
        error,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest messages of a conversation, the newest first.
pub(crate) async fn newest(conn: &mut PgConnection, conversation_id: Uuid, limit: i64) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as!(
        Listed,
        "SELECT id, direction, message_type, message_text, status, detected_intent, confidence::float8 as confidence, error,
                created_at
           FROM whatsapp_messages WHERE conversation_id = $1 ORDER BY position DESC LIMIT $2",
        conversation_id,
        limit,
    )
    .fetch_all(conn)
    .await
}
