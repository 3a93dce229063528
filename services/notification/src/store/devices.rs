//! `fcm_tokens`.

use chrono::{DateTime, Utc};
use domain::UserId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// A device as its app names it.
#[derive(Debug)]
pub(crate) struct Device<'a> {
    pub(crate) id: Uuid,
    pub(crate) user_id: UserId,
    pub(crate) token: &'a str,
    pub(crate) device_type: Option<&'a str>,
    pub(crate) device_info: Option<&'a Value>,
}

/// Gives the device to its user; whoever had it before has it no longer.
pub(crate) async fn keep(conn: &mut PgConnection, device: &Device<'_>, now: DateTime<Utc>) -> Stored<Uuid> {
    sqlx::query!(
        "UPDATE fcm_tokens SET is_active = false, updated_at = $3 WHERE token = $1 AND user_id <> $2 AND is_active",
        device.token,
        device.user_id as UserId,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        "INSERT INTO fcm_tokens (id, user_id, token, device_type, device_info, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT ON CONSTRAINT fcm_tokens_once DO UPDATE
            SET is_active = true, device_type = coalesce(excluded.device_type, fcm_tokens.device_type),
                device_info = coalesce(excluded.device_info, fcm_tokens.device_info), updated_at = excluded.updated_at
         RETURNING id",
        device.id,
        device.user_id as UserId,
        device.token,
        device.device_type,
        device.device_info,
        now
    )
    .fetch_one(conn)
    .await
}

/// Forgets devices that their provider does not know any more.
pub(crate) async fn forget_gone(conn: &mut PgConnection, users: &[Uuid], tokens: &[String], now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE fcm_tokens SET is_active = false, updated_at = $3
           FROM unnest($1::uuid[], $2::text[]) AS gone (user_id, token)
          WHERE fcm_tokens.user_id = gone.user_id AND fcm_tokens.token = gone.token AND is_active",
        users,
        tokens,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets a user's device; false when it is none of theirs.
pub(crate) async fn forget(conn: &mut PgConnection, user_id: UserId, token: &str, now: DateTime<Utc>) -> Stored<bool> {
    let gone = sqlx::query!(
        "UPDATE fcm_tokens SET is_active = false, updated_at = $3 WHERE user_id = $1 AND token = $2 AND is_active",
        user_id as UserId,
        token,
        now
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected() == 1)
}
