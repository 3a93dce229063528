//! What Meta told of messages.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Notes a step of a message; false when it was told before.
pub(crate) async fn note(
    conn: &mut PgConnection,
    wamid: &str,
    status: &str,
    at: DateTime<Utc>,
    error: (Option<i32>, Option<&str>),
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "INSERT INTO whatsapp_statuses (whatsapp_message_id, status, at, error_code, error) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        wamid,
        status,
        at,
        error.0,
        error.1,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// Drops what is older.
pub(crate) async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let gone = sqlx::query!("DELETE FROM whatsapp_statuses WHERE at < $1", before).execute(conn).await?;
    Ok(gone.rows_affected())
}
