//! Delivery codes, as hashes.

use chrono::{DateTime, Utc};
use domain::DeliveryId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::otp::KeptCode;

/// When the codes since then were made, oldest first; those that surely did not go out do not count.
pub(crate) async fn made_since(conn: &mut PgConnection, id: DeliveryId, since: DateTime<Utc>) -> Stored<Vec<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "SELECT generated_at FROM delivery_otp_log
          WHERE delivery_id = $1 AND generated_at > $2 AND NOT sending_failed ORDER BY generated_at",
        id as DeliveryId,
        since
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    delivery_id: DeliveryId,
    hash: &[u8],
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO delivery_otp_log (id, delivery_id, otp_hash, generated_at, expires_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $4)",
        id,
        delivery_id as DeliveryId,
        hash,
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest code: the only one that counts.
pub(crate) async fn newest(conn: &mut PgConnection, id: DeliveryId) -> Stored<Option<KeptCode>> {
    sqlx::query_as!(
        KeptCode,
        "SELECT id, otp_hash, expires_at, verification_attempts, verified FROM delivery_otp_log
          WHERE delivery_id = $1 AND NOT sending_failed ORDER BY generated_at DESC, id DESC LIMIT 1",
        id as DeliveryId
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn sending_failed(conn: &mut PgConnection, id: Uuid) -> Stored<()> {
    sqlx::query!("UPDATE delivery_otp_log SET sending_failed = true WHERE id = $1 AND NOT verified", id).execute(conn).await?;
    Ok(())
}

pub(crate) async fn count_wrong_try(conn: &mut PgConnection, id: Uuid) -> Stored<()> {
    sqlx::query!("UPDATE delivery_otp_log SET verification_attempts = verification_attempts + 1 WHERE id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn verified(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE delivery_otp_log SET verified = true, verified_at = $2 WHERE id = $1", id, now).execute(conn).await?;
    Ok(())
}
