//! How far the placing of each order is, and who works on it (rule 19). Leases run on the database's clock.

use chrono::{DateTime, Utc};
use domain::{CorrelationId, OrderId};
use pg_kit::DbError;
use pg_kit::jobs::NewJob;
use sqlx::PgConnection;

use super::changes::jobs;
use crate::domain::{Order, SagaStep};

/// How far the placing of an order is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saga {
    pub(crate) step: SagaStep,
    pub(crate) deadline: DateTime<Utc>,
}

/// One that nobody works on any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abandoned {
    pub(crate) order_id: OrderId,
    pub(crate) correlation_id: CorrelationId,
}

pub(super) fn step(text: &str) -> Result<SagaStep, DbError> {
    SagaStep::read(text).ok_or_else(|| DbError::Value { column: "order_sagas.step", reason: format!("unknown: {text}") })
}

/// Where it stands.
pub(crate) async fn find(conn: &mut PgConnection, order_id: OrderId) -> Result<Option<Saga>, DbError> {
    let row = sqlx::query!("SELECT step, deadline FROM order_sagas WHERE order_id = $1", order_id.as_uuid())
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok(Saga { step: step(&row.step)?, deadline: row.deadline })).transpose()
}

/// Where it stands, kept from others until the transaction ends. Lock the order first.
pub(crate) async fn lock(conn: &mut PgConnection, order_id: OrderId) -> Result<SagaStep, DbError> {
    let text = sqlx::query_scalar!("SELECT step FROM order_sagas WHERE order_id = $1 FOR UPDATE", order_id.as_uuid())
        .fetch_optional(conn)
        .await?
        .ok_or(DbError::State("an order without a saga"))?;
    step(&text)
}

/// Goes from one step to the next and keeps the lease; false when somebody else did.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    order_id: OrderId,
    from: SagaStep,
    to: SagaStep,
    lease_seconds: f64,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "UPDATE order_sagas SET step = $3, updated_at = $4, leased_until = clock_timestamp() + make_interval(secs => $5)
          WHERE order_id = $1 AND step = $2",
        order_id.as_uuid(),
        from.as_str(),
        to.as_str(),
        now,
        lease_seconds,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(moved == 1)
}

/// A placed order that became whole.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    /// The order as it is to be, with the revision that was read.
    pub(crate) order: &'a Order,
    pub(crate) operation: &'a str,
    /// The answer of the request that placed it.
    pub(crate) status: u16,
    pub(crate) body: &'a serde_json::Value,
    pub(crate) start: Vec<NewJob>,
}

/// Ends the placing of an order that nobody changed meanwhile: payment, saga, answer and the jobs that begin, in one
/// statement. False when somebody did, and nothing is written: every end of a saga changes the order's revision.
pub(crate) async fn end(conn: &mut PgConnection, whole: &Whole<'_>) -> Result<bool, DbError> {
    let Whole { order, operation, status, body, start } = whole;
    let context = context::current();
    let ended = sqlx::query_scalar!(
        r#"WITH whole AS (
             UPDATE orders SET payment_id = $2, awaiting_since = $3, updated_at = $4, revision = revision + 1
              WHERE id = $1 AND revision = $5 AND status = 'pending'
             RETURNING id
         ), saga AS (
             UPDATE order_sagas SET step = 'done', updated_at = $4 FROM whole
              WHERE order_id = whole.id AND step = 'stock_reserved'
         ), answered AS (
             UPDATE idempotency_keys SET status = $6, body = $7, completed_at = $4 FROM whole
              WHERE operation = $8 AND resource_id = whole.id AND idempotency_keys.status IS NULL
         ), started AS (
             INSERT INTO jobs (id, kind, payload, dedupe_key, run_at, correlation_id, causation_id, traceparent)
             SELECT job.id, job.kind, job.payload, job.dedupe_key, job.run_at, $9, $10, $11
               FROM whole, jsonb_to_recordset($12::jsonb)
                    AS job(id uuid, kind text, payload jsonb, dedupe_key text, run_at timestamptz)
             ON CONFLICT (dedupe_key) WHERE state = 'pending' DO NOTHING
         )
         SELECT id AS "id: OrderId" FROM whole"#,
        order.id.as_uuid(),
        order.payment_id.map(|id| id.as_uuid()),
        order.awaiting_since,
        order.updated_at,
        order.revision,
        i16::try_from(*status).unwrap_or(500),
        body,
        operation,
        context.correlation_id.as_uuid(),
        context.causation_id.map(|id| id.as_uuid()),
        context.traceparent,
        jobs(start)?,
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended.is_some())
}

/// Remembers what went wrong.
pub(crate) async fn note_error(conn: &mut PgConnection, order_id: OrderId, error: &str) -> Result<(), DbError> {
    sqlx::query!("UPDATE order_sagas SET last_error = $2 WHERE order_id = $1", order_id.as_uuid(), error).execute(conn).await?;
    Ok(())
}

/// Takes over what nobody works on any more, oldest first.
pub(crate) async fn take_over(conn: &mut PgConnection, limit: i64, lease_seconds: f64) -> Result<Vec<Abandoned>, DbError> {
    let taken = sqlx::query_as!(
        Abandoned,
        r#"UPDATE order_sagas SET attempts = attempts + 1, leased_until = clock_timestamp() + make_interval(secs => $2)
            WHERE order_id IN (
                SELECT order_id FROM order_sagas
                 WHERE step NOT IN ('done', 'undone') AND leased_until <= clock_timestamp()
                 ORDER BY leased_until LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING order_id AS "order_id: OrderId", correlation_id AS "correlation_id: CorrelationId""#,
        limit,
        lease_seconds,
    )
    .fetch_all(conn)
    .await?;
    Ok(taken)
}
