//! What the gateway sent us, as it came.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// An event to keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewWebhook<'a> {
    pub id: Uuid,
    pub event_id: &'a str,
    pub event_type: &'a str,
    pub payload: &'a Value,
    pub signature: &'a str,
}

/// Keeps it; false when it is there.
pub(crate) async fn insert(conn: &mut PgConnection, new: NewWebhook<'_>, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO payment_webhooks (id, source, event_id, event_type, payload, signature, signature_verified, created_at)
         VALUES ($1, 'razorpay', $2, $3, $4, $5, true, $6) ON CONFLICT ON CONSTRAINT payment_webhooks_once DO NOTHING",
        new.id,
        new.event_id,
        new.event_type,
        new.payload,
        new.signature,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The body of one that waits; `None` when it was processed.
pub(crate) async fn waiting(conn: &mut PgConnection, id: Uuid) -> Stored<Option<Value>> {
    sqlx::query_scalar!("SELECT payload FROM payment_webhooks WHERE id = $1 AND NOT processed", id).fetch_optional(conn).await
}

/// It was processed, perhaps with a remark.
pub(crate) async fn processed(conn: &mut PgConnection, id: Uuid, remark: Option<&str>, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_webhooks SET processed = true, processed_at = $3, error_message = $2 WHERE id = $1 AND NOT processed",
        id,
        remark,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
