//! What providers say of messages, also before we know that the message went out.

use chrono::{DateTime, Utc};
use domain::events::MessageStatusChanged;
use sqlx::PgConnection;

use super::{Stored, unknown_word};
use crate::domain::message::MessageStatus;

/// What a provider said last.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) status: MessageStatus,
    pub(crate) error_code: Option<i32>,
    pub(crate) error: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// Whoever writes about one message waits for the other: what was said before we knew the message must not be lost
/// between the two.
pub(crate) async fn lock(conn: &mut PgConnection, provider_message_id: &str) -> Stored<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", provider_message_id).execute(conn).await?;
    Ok(())
}

/// What was said of a message so far.
pub(crate) async fn told(conn: &mut PgConnection, provider_message_id: &str) -> Stored<Option<Told>> {
    let row = sqlx::query!(
        "SELECT status, error_code, error, at FROM provider_statuses WHERE provider_message_id = $1",
        provider_message_id
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let status = MessageStatus::read(&row.status).ok_or_else(|| unknown_word("status"))?;
        Ok(Told { status, error_code: row.error_code, error: row.error, at: row.at })
    })
    .transpose()
}

/// Keeps what was said now.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    event: &MessageStatusChanged,
    status: MessageStatus,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO provider_statuses (provider_message_id, status, error_code, error, at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (provider_message_id) DO UPDATE
            SET status = excluded.status, error_code = excluded.error_code, error = excluded.error, at = excluded.at,
                updated_at = excluded.updated_at",
        event.provider_message_id,
        status.as_str(),
        event.error_code,
        event.error,
        event.at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what was said before then.
pub(crate) async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Stored<u64> {
    Ok(sqlx::query!("DELETE FROM provider_statuses WHERE updated_at < $1", before).execute(conn).await?.rows_affected())
}
