//! Conversations on WhatsApp.

use chrono::{DateTime, Utc};
use domain::UserId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A conversation.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: Uuid,
    pub(crate) user_id: Option<UserId>,
    pub(crate) phone_number: Option<String>,
    pub(crate) bsuid: Option<String>,
    pub(crate) conversation_state: String,
    pub(crate) context: Value,
    pub(crate) last_inbound_at: Option<DateTime<Utc>>,
    pub(crate) last_message_at: Option<DateTime<Utc>>,
}

/// Who writes, as WhatsApp says it.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// E.164, when shown.
    pub(crate) phone: Option<String>,
    /// Business-scoped user id, when told.
    pub(crate) bsuid: Option<String>,
    pub(crate) profile_name: Option<String>,
}

/// Makes everybody else who wants this sender wait until the transaction ends.
pub(crate) async fn queue_up(conn: &mut PgConnection, sender_key: &str) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", sender_key).execute(conn).await?;
    Ok(())
}

/// The conversation of a sender, found by the lasting id first and by phone second, made if there is none. Two that turn
/// out to be one person's keep apart, and the phone goes to the one that uses it now.
pub(crate) async fn of_sender(conn: &mut PgConnection, id: Uuid, sender: &Sender, now: DateTime<Utc>) -> sqlx::Result<Uuid> {
    let (phone, bsuid) = (sender.phone.as_deref(), sender.bsuid.as_deref());
    let found = sqlx::query!(
        "SELECT id, phone_number, bsuid FROM whatsapp_conversations WHERE bsuid = $1 OR phone_number = $2
          ORDER BY (bsuid = $1) IS TRUE DESC",
        bsuid,
        phone,
    )
    .fetch_all(&mut *conn)
    .await?;
    let own = found.iter().find(|row| bsuid.is_none() || row.bsuid.is_none() || row.bsuid.as_deref() == bsuid).map(|row| row.id);
    if let Some(phone) = phone {
        sqlx::query!(
            "UPDATE whatsapp_conversations SET phone_number = NULL, updated_at = $3
              WHERE phone_number = $1 AND id IS DISTINCT FROM $2",
            phone,
            own,
            now,
        )
        .execute(&mut *conn)
        .await?;
    }
    if let Some(own) = own {
        sqlx::query!(
            "UPDATE whatsapp_conversations SET phone_number = coalesce($2, phone_number), bsuid = coalesce($3, bsuid),
                    profile_name = coalesce($4, profile_name), updated_at = $5
              WHERE id = $1",
            own,
            phone,
            bsuid,
            sender.profile_name,
            now,
        )
        .execute(conn)
        .await?;
        return Ok(own);
    }
    sqlx::query!(
        "INSERT INTO whatsapp_conversations (id, phone_number, bsuid, profile_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
        id,
        phone,
        bsuid,
        sender.profile_name,
        now,
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Notes that somebody wrote.
pub(crate) async fn heard(conn: &mut PgConnection, id: Uuid, at: DateTime<Utc>, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_conversations SET last_message_at = $3, last_message_from = 'user',
                last_inbound_at = greatest(last_inbound_at, $2), updated_at = $3
          WHERE id = $1",
        id,
        at,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a conversation for answering; false while somebody else has it.
pub(crate) async fn lease(conn: &mut PgConnection, id: Uuid, lease_id: Uuid, seconds: f64) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "UPDATE whatsapp_conversations
            SET lease_id = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
          WHERE id = $1 AND (leased_until IS NULL OR leased_until <= clock_timestamp() OR lease_id = $2)",
        id,
        lease_id,
        seconds,
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Gives a conversation back.
pub(crate) async fn release(conn: &mut PgConnection, id: Uuid, lease_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_conversations SET lease_id = NULL, leased_until = NULL WHERE id = $1 AND lease_id = $2",
        id,
        lease_id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One conversation.
pub(crate) async fn one(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    sqlx::query_as!(
        Conversation,
        r#"SELECT id, user_id as "user_id: UserId", phone_number, bsuid, conversation_state, context, last_inbound_at,
                  last_message_at
             FROM whatsapp_conversations WHERE id = $1"#,
        id,
    )
    .fetch_optional(conn)
    .await
}

/// The conversations with a user, the newest first.
pub(crate) async fn of_user(conn: &mut PgConnection, user_id: UserId) -> sqlx::Result<Vec<Conversation>> {
    sqlx::query_as!(
        Conversation,
        r#"SELECT id, user_id as "user_id: UserId", phone_number, bsuid, conversation_state, context, last_inbound_at,
                  last_message_at
             FROM whatsapp_conversations
            WHERE user_id = $1 OR phone_number = (SELECT phone FROM user_contacts WHERE user_id = $1)
            ORDER BY last_message_at DESC NULLS LAST LIMIT 5"#,
        user_id as UserId,
    )
    .fetch_all(conn)
    .await
}

/// Where a conversation stands after an answer. False when the lease was lost meanwhile.
pub(crate) async fn answered(
    conn: &mut PgConnection,
    id: Uuid,
    lease_id: Uuid,
    state: (&str, &Value),
    user_id: Option<UserId>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "UPDATE whatsapp_conversations SET conversation_state = $3, context = $4, user_id = coalesce($5, user_id),
                last_message_at = $6, last_message_from = 'bot', updated_at = $6
          WHERE id = $1 AND lease_id = $2",
        id,
        lease_id,
        state.0,
        state.1,
        user_id as Option<UserId>,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Somebody has another id or phone from now on.
pub(crate) async fn moved(
    conn: &mut PgConnection,
    previous_bsuid: &str,
    bsuid: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE whatsapp_conversations SET bsuid = coalesce($2, bsuid), phone_number = NULL, user_id = NULL,
                conversation_state = 'idle', context = '{}', updated_at = $3
          WHERE bsuid = $1 AND NOT EXISTS (SELECT 1 FROM whatsapp_conversations taken WHERE taken.bsuid = $2 AND $2 <> $1)",
        previous_bsuid,
        bsuid,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
