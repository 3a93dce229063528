//! `user_sessions`.

use chrono::{DateTime, Utc};
use domain::UserId;
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

/// A sign-in as it is seen in a request.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) id: Uuid,
    pub(crate) user_id: UserId,
    pub(crate) signed_in_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) device_type: Option<&'static str>,
    pub(crate) device_info: Option<serde_json::Value>,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
}

/// A session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) device_type: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// Begins the session of a sign-in, or notes that it was seen again.
pub(crate) async fn note(conn: &mut PgConnection, seen: &Seen<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO user_sessions (id, user_id, firebase_token_id, device_type, device_info, ip_address, user_agent,
                                    started_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (user_id, firebase_token_id) DO UPDATE
            SET last_seen_at = excluded.last_seen_at, expires_at = GREATEST(user_sessions.expires_at, excluded.expires_at),
                ip_address = excluded.ip_address",
        seen.id,
        seen.user_id as UserId,
        seen.signed_in_at.timestamp().to_string(),
        seen.device_type,
        seen.device_info,
        seen.ip_address,
        seen.user_agent,
        seen.signed_in_at,
        seen.now,
        seen.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// When the user signed in last, by Firebase's clock, as far as it was seen here.
pub(crate) async fn newest_sign_in(conn: &mut PgConnection, user_id: UserId) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar!("SELECT max(started_at) FROM user_sessions WHERE user_id = $1", user_id as UserId)
        .fetch_one(conn)
        .await?)
}

/// Ends every session begun so far: revoking refresh tokens at Firebase ends them all as well.
pub(crate) async fn end_all(conn: &mut PgConnection, user_id: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("UPDATE user_sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", user_id as UserId, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes them with what they tell of a person.
pub(crate) async fn erase(conn: &mut PgConnection, user_id: UserId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM user_sessions WHERE user_id = $1", user_id as UserId).execute(conn).await?;
    Ok(())
}

/// The newest ones.
pub(crate) async fn newest(conn: &mut PgConnection, user_id: UserId, limit: i64) -> Result<Vec<Session>, DbError> {
    Ok(sqlx::query_as!(
        Session,
        "SELECT id, device_type, ip_address, user_agent, started_at, last_seen_at, ended_at
           FROM user_sessions WHERE user_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2",
        user_id as UserId,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
