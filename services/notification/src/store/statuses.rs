//! What providers say of messages, also before we know that the message went out.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Stored, unknown_word};
use crate::domain::message::MessageStatus;

/// What a provider said last of a message.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The provider's id of it.
    pub(crate) provider_message_id: String,
    /// `delivered`, `read` or `failed`.
    pub(crate) status: MessageStatus,
    /// The provider's code of a failure.
    pub(crate) error_code: Option<i32>,
    /// Its words.
    pub(crate) error: Option<String>,
    /// When that came about.
    pub(crate) at: DateTime<Utc>,
}

/// Whoever writes about one message waits for the other: what was said before we knew the message must not be lost
/// between the two. Several are locked in the order of their ids.
pub(crate) async fn lock(conn: &mut PgConnection, provider_message_ids: &[String]) -> Stored<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM (SELECT unnest($1::text[]) AS id ORDER BY 1) AS ordered",
        provider_message_ids
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// What was said of these messages so far.
pub(crate) async fn told(conn: &mut PgConnection, provider_message_ids: &[String]) -> Stored<Vec<Told>> {
    let rows = sqlx::query!(
        "SELECT provider_message_id, status, error_code, error, at FROM provider_statuses WHERE provider_message_id = ANY($1)",
        provider_message_ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status = MessageStatus::read(&row.status).ok_or_else(|| unknown_word("status"))?;
            let (provider_message_id, at) = (row.provider_message_id, row.at);
            Ok(Told { provider_message_id, status, error_code: row.error_code, error: row.error, at })
        })
        .collect()
}

/// Keeps what is said now, forward only, and moves a message that arrived or was read by it; false when it is no news.
pub(crate) async fn keep(conn: &mut PgConnection, told: &Told, now: DateTime<Utc>) -> Stored<bool> {
    sqlx::query_scalar!(
        r#"WITH news AS (
               INSERT INTO provider_statuses AS known (provider_message_id, status, error_code, error, at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (provider_message_id) DO UPDATE
                  SET status = excluded.status, error_code = excluded.error_code, error = excluded.error, at = excluded.at,
                      updated_at = excluded.updated_at
                WHERE (known.status, excluded.status)
                      IN (('sent', 'delivered'), ('sent', 'read'), ('sent', 'failed'), ('delivered', 'read'))
               RETURNING 1
           ), moved AS (
               UPDATE notifications
                  SET status = $2, delivered_at = coalesce(delivered_at, $5),
                      read_at = CASE WHEN $2 = 'read' THEN $5 ELSE read_at END, updated_at = $6
                WHERE provider_message_id = $1 AND EXISTS (SELECT FROM news)
                  AND (status, $2) IN (('sent', 'delivered'), ('sent', 'read'), ('delivered', 'read'))
           )
           SELECT EXISTS (SELECT FROM news) AS "news!""#,
        told.provider_message_id,
        told.status.as_str(),
        told.error_code,
        told.error,
        told.at,
        now
    )
    .fetch_one(conn)
    .await
}

/// Moves messages of which something was said before we knew that they had gone out; failures are another matter.
pub(crate) async fn catch_up(conn: &mut PgConnection, provider_message_ids: &[String], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE notifications AS known
            SET status = told.status, delivered_at = coalesce(delivered_at, told.at),
                read_at = CASE WHEN told.status = 'read' THEN told.at ELSE read_at END, updated_at = $2
           FROM provider_statuses AS told
          WHERE known.provider_message_id = ANY($1) AND told.provider_message_id = known.provider_message_id
            AND known.status = 'sent' AND told.status IN ('delivered', 'read')",
        provider_message_ids,
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
