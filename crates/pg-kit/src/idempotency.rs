//! `Idempotency-Key`: the same request twice has one effect and one answer.
//!
//! The record is inserted first in the transaction of the effect. When that transaction rolls back
//! nothing is kept, so a request that failed validation can be sent again with the same key.

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::DbError;
use crate::errors;

/// How long a key is remembered.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// One request as its sender names it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who sends: keys of different callers have nothing to do with each other.
    pub caller: &'a str,
    /// What is asked for, such as `orders.create`.
    pub operation: &'a str,
    /// The header's value.
    pub key: &'a str,
    /// What [`hash`] makes of the body.
    pub body_hash: [u8; 32],
    /// The time by the service's clock.
    pub now: DateTime<Utc>,
}

/// A record that was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId(i64);

/// What is known about a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Begin {
    /// Never seen: do it, then [`complete`] the record.
    New(RecordId),
    /// Done before, with this answer.
    Replay {
        /// The HTTP status of the first answer.
        status: u16,
        /// The body of the first answer.
        body: Value,
        /// What the first request made.
        resource_id: Option<Uuid>,
    },
    /// Being done right now, or left unfinished by a process that died. When the other one's
    /// transaction is still open, waiting for it has ended the caller's: roll back and answer.
    InProgress {
        /// What it made so far.
        resource_id: Option<Uuid>,
    },
    /// The key belongs to another body.
    Reused,
}

/// The fingerprint of a body: key order and white space make no difference.
pub fn hash(body: &Value) -> [u8; 32] {
    let mut out = [0; 32];
    // `Value` keeps its keys sorted, so equal documents have equal text.
    let digest = digest::digest(&digest::SHA256, body.to_string().as_bytes());
    out.copy_from_slice(digest.as_ref());
    out
}

/// Claims the key, or says what became of it. A key older than [`KEPT`] is free again.
pub async fn begin(conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Begin, DbError> {
    // Between the two statements a purge may take the row away: then the second claim succeeds.
    for _ in 0..3 {
        if let Some(id) = match insert(conn, claim).await {
            Ok(id) => id,
            Err(error) if errors::is_lock_timeout(&error) => {
                return Ok(Begin::InProgress { resource_id: None });
            }
            Err(error) => return Err(error.into()),
        } {
            return Ok(Begin::New(id));
        }
        if let Some(known) = find(conn, claim).await? {
            return Ok(known);
        }
    }
    Err(DbError::State("an idempotency record keeps disappearing"))
}

/// What is known about the key without claiming it: spares a repeated request the reading of outside facts that may have
/// changed since. `None` when it was never seen.
pub async fn peek(conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Option<Begin>, DbError> {
    find(conn, claim).await
}

async fn insert(conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Option<RecordId>, sqlx::Error> {
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO idempotency_keys AS known (caller, operation, key, body_hash, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT idempotency_keys_once DO UPDATE
            SET id = excluded.id, body_hash = excluded.body_hash,
                created_at = excluded.created_at, resource_id = NULL,
                status = NULL, body = NULL, completed_at = NULL
          WHERE known.created_at <= $6
         RETURNING id",
    )
    .bind(claim.caller)
    .bind(claim.operation)
    .bind(claim.key)
    .bind(claim.body_hash.as_slice())
    .bind(claim.now)
    .bind(claim.now - KEPT)
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RecordId))
}

async fn find(conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Option<Begin>, DbError> {
    let row = sqlx::query(
        "SELECT body_hash, resource_id, status, body FROM idempotency_keys
          WHERE caller = $1 AND operation = $2 AND key = $3 AND created_at > $4",
    )
    .bind(claim.caller)
    .bind(claim.operation)
    .bind(claim.key)
    .bind(claim.now - KEPT)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let body_hash: Vec<u8> = row.try_get("body_hash")?;
    let resource_id: Option<Uuid> = row.try_get("resource_id")?;
    let status: Option<i16> = row.try_get("status")?;
    let body: Option<Value> = row.try_get("body")?;
    if body_hash != claim.body_hash {
        return Ok(Some(Begin::Reused));
    }
    Ok(Some(match (status, body) {
        (Some(status), Some(body)) => Begin::Replay { status: u16::try_from(status).unwrap_or(500), body, resource_id },
        _ => Begin::InProgress { resource_id },
    }))
}

/// Remembers what the request makes, so that an unfinished one can be told from its result.
pub async fn set_resource(conn: &mut PgConnection, id: RecordId, resource_id: Uuid) -> Result<(), DbError> {
    sqlx::query("UPDATE idempotency_keys SET resource_id = $2 WHERE id = $1").bind(id.0).bind(resource_id).execute(conn).await?;
    Ok(())
}

/// Stores the answer. The first one stays, whoever comes later.
pub async fn complete(
    conn: &mut PgConnection,
    id: RecordId,
    status: u16,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE idempotency_keys SET status = $2, body = $3, completed_at = $4
          WHERE id = $1 AND status IS NULL",
    )
    .bind(id.0)
    .bind(i16::try_from(status).unwrap_or(500))
    .bind(body)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores the answer for whoever asked for this resource: for work that another process finishes.
pub async fn complete_for_resource(
    conn: &mut PgConnection,
    operation: &str,
    resource_id: Uuid,
    status: u16,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE idempotency_keys SET status = $3, body = $4, completed_at = $5
          WHERE operation = $1 AND resource_id = $2 AND status IS NULL",
    )
    .bind(operation)
    .bind(resource_id)
    .bind(i16::try_from(status).unwrap_or(500))
    .bind(body)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives the key back: the request was refused after its record had been committed.
pub async fn forget(conn: &mut PgConnection, id: RecordId) -> Result<(), DbError> {
    sqlx::query("DELETE FROM idempotency_keys WHERE id = $1 AND status IS NULL").bind(id.0).execute(conn).await?;
    Ok(())
}

/// Drops what is older than [`KEPT`].
pub async fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, DbError> {
    let gone = sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= $1").bind(now - KEPT).execute(conn).await?;
    Ok(gone.rows_affected())
}
