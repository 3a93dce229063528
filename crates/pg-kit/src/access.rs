//! The service's own copy of who was suspended, deleted or given another role.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::UserStatus;
use domain::ids::UserId;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::DbError;

/// From `changed_at` on, tokens of this sign-in that are older are void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessChange {
    /// The sign-in at Firebase.
    pub firebase_uid: String,
    /// Whose it is.
    pub user_id: UserId,
    /// What the user is now.
    pub status: UserStatus,
    /// When that began.
    pub changed_at: DateTime<Utc>,
}

/// Keeps the change unless a newer one of the same sign-in is known. True when it was news.
pub async fn record(conn: &mut PgConnection, change: &AccessChange) -> Result<bool, DbError> {
    let rows = sqlx::query(
        "INSERT INTO access_changes (firebase_uid, user_id, status, changed_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (firebase_uid) DO UPDATE
            SET user_id = excluded.user_id, status = excluded.status,
                changed_at = excluded.changed_at
          WHERE access_changes.changed_at < excluded.changed_at",
    )
    .bind(&change.firebase_uid)
    .bind(change.user_id.as_uuid())
    .bind(change.status.as_str())
    .bind(change.changed_at)
    .execute(conn)
    .await?
    .rows_affected();
    Ok(rows == 1)
}

/// Everything known, for the list in memory at start.
pub async fn load_all(conn: &mut PgConnection) -> Result<Vec<AccessChange>, DbError> {
    load_since(conn, DateTime::UNIX_EPOCH).await
}

/// What changed at this moment or later, for processes that did not get the event themselves.
pub async fn load_since(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<AccessChange>, DbError> {
    let rows = sqlx::query(
        "SELECT firebase_uid, user_id, status, changed_at FROM access_changes WHERE changed_at >= $1 ORDER BY firebase_uid",
    )
    .bind(since)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status: String = row.try_get("status")?;
            Ok(AccessChange {
                firebase_uid: row.try_get("firebase_uid")?,
                user_id: UserId::new(row.try_get::<Uuid, _>("user_id")?),
                status: UserStatus::from_str(&status)
                    .map_err(|error| DbError::Value { column: "access_changes.status", reason: error.to_string() })?,
                changed_at: row.try_get("changed_at")?,
            })
        })
        .collect()
}

impl From<domain::events::UserAccessChanged> for AccessChange {
    fn from(event: domain::events::UserAccessChanged) -> Self {
        Self { firebase_uid: event.firebase_uid, user_id: event.user_id, status: event.status, changed_at: event.changed_at }
    }
}
