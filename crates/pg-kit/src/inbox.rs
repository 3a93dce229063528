//! What has been taken in: one row per consumer and event, in the transaction of the effect.

use chrono::{DateTime, Utc};
use domain::ids::EventId;
use sqlx::PgConnection;

use crate::DbError;

/// True exactly once per consumer and event. Call it first in the transaction that applies the
/// event; a second delivery that runs at the same time waits for the first one's outcome.
pub async fn first_time(conn: &mut PgConnection, consumer: &str, event_id: EventId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let inserted = sqlx::query(
        "INSERT INTO inbox (consumer, event_id, received_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(consumer)
    .bind(event_id.as_uuid())
    .bind(now)
    .execute(conn)
    .await?
    .rows_affected();
    Ok(inserted == 1)
}

/// Forgets what came before `before`; keep longer than the longest retention of a queue.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, DbError> {
    let gone = sqlx::query("DELETE FROM inbox WHERE received_at < $1").bind(before).execute(conn).await?;
    Ok(gone.rows_affected())
}
