//! A change of an order's status with all that belongs to it: the row, its history, its event, its place in the story,
//! the jobs that end and begin. One statement, so that nothing of it can be missing.

use domain::{OrderStatus, ServiceName};
use pg_kit::DbError;
use pg_kit::jobs::NewJob;
use serde::Serialize;
use sqlx::PgConnection;

use super::history::Changed;
use super::said::Said;
use crate::domain::Order;

/// A change about to be written.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    /// The order as it is to be, with the revision that was read.
    pub(crate) order: &'a Order,
    /// The status that was read.
    pub(crate) from: OrderStatus,
    pub(crate) history: Changed<'a>,
    /// What is said of it, if anything.
    pub(crate) said: Option<Said<'a>>,
    /// Dedupe keys of jobs that are taken back.
    pub(crate) stop: Vec<String>,
    /// Jobs that begin.
    pub(crate) start: Vec<NewJob>,
}

/// Writes it, if the order still is what was read. Answers the new revision.
pub(crate) async fn write(conn: &mut PgConnection, change: &Change<'_>) -> Result<i64, DbError> {
    let Change { order, from, history, said, stop, start } = change;
    let ended = order.cancellation.as_ref();
    let context = context::current();
    let said = said.as_ref();
    sqlx::query_scalar!(
        r#"WITH moved AS (
             UPDATE orders SET status = $4, payment_status = $5, payment_id = $6, refunded = $7, vendor_notes = $8,
                    cancelled_by = $9, cancelled_by_kind = $10, cancellation_code = $11, cancellation_reason = $12,
                    cancelled_at = $13, updated_at = $14, awaiting_since = $15, paid_at = $16, confirmed_at = $17,
                    delivered_at = $18, completed_at = $19, revision = revision + 1
              WHERE id = $1 AND status = $2 AND revision = $3
             RETURNING id, revision
         ), noted AS (
             INSERT INTO order_status_history (id, order_id, previous_status, new_status, notes, changed_by, changed_by_kind,
                                               changed_via, created_at)
             SELECT $20, id, $2, $4, $21, $22, $23, $24, $25 FROM moved
         ), counter AS (
             INSERT INTO aggregate_sequences AS known (aggregate_id, last_sequence)
             SELECT id, 1 FROM moved WHERE $26::uuid IS NOT NULL
             ON CONFLICT (aggregate_id) DO UPDATE SET last_sequence = known.last_sequence + 1
             RETURNING aggregate_id, last_sequence
         ), said AS (
             INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id, sequence, correlation_id,
                                 causation_id, traceparent, actor, data)
             SELECT $26, $27, $28, $25, aggregate_id, last_sequence, $29, $30, $31, $32, $33 FROM counter
             RETURNING pg_notify('outbox', '')
         ), told AS (
             INSERT INTO order_timeline (event_id, order_id, occurred_at, source, event_type, summary, actor_kind, actor_id,
                                         channel)
             SELECT $26, aggregate_id, $25, $34, $27, $35, $23, $22, $24 FROM counter
         ), stopped AS (
             UPDATE jobs SET state = 'cancelled', finished_at = $25, lease_id = NULL, leased_until = NULL
               FROM moved WHERE dedupe_key = ANY($36) AND state = 'pending'
         ), started AS (
             INSERT INTO jobs (id, kind, payload, dedupe_key, run_at, correlation_id, causation_id, traceparent)
             SELECT job.id, job.kind, job.payload, job.dedupe_key, job.run_at, $29, $30, $31
               FROM moved, jsonb_to_recordset($37::jsonb)
                    AS job(id uuid, kind text, payload jsonb, dedupe_key text, run_at timestamptz)
             ON CONFLICT (dedupe_key) WHERE state = 'pending' DO NOTHING
         )
         SELECT revision AS "revision!" FROM moved LEFT JOIN said ON true"#,
        order.id.as_uuid(),
        from.as_str(),
        order.revision,
        order.status.as_str(),
        order.payment_status.as_str(),
        order.payment_id.map(|id| id.as_uuid()),
        order.refunded as _,
        order.vendor_notes,
        ended.and_then(|ended| ended.by).map(|id| id.as_uuid()),
        ended.map(|ended| ended.by_kind.as_str()),
        ended.map(|ended| ended.code.as_str()),
        ended.map(|ended| ended.reason.as_str()),
        ended.map(|ended| ended.at),
        order.updated_at,
        order.awaiting_since,
        order.paid_at,
        order.confirmed_at,
        order.delivered_at,
        order.completed_at,
        history.id,
        history.notes,
        history.by.user_uuid(),
        history.by.kind.as_str(),
        history.by.channel.as_str(),
        history.at,
        said.map(|said| said.event_id.as_uuid()),
        said.map(|said| said.event_type),
        said.map(|said| said.version),
        context.correlation_id.as_uuid(),
        context.causation_id.map(|id| id.as_uuid()),
        context.traceparent,
        said.map(|said| &said.by_json),
        said.map(|said| &said.data),
        ServiceName::Order.as_str(),
        said.map(|said| said.summary.as_str()),
        &stop[..],
        jobs(start)?,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(DbError::State("an order changed between reading and writing it"))
}

#[derive(Serialize)]
struct Packed<'a> {
    id: uuid::Uuid,
    kind: &'a str,
    payload: &'a serde_json::Value,
    dedupe_key: Option<&'a str>,
    run_at: chrono::DateTime<chrono::Utc>,
}

/// Jobs as Postgres unpacks them from JSON. Their workers are not woken: they look twice a second, and none of these is
/// due within the hour.
pub(super) fn jobs(start: &[NewJob]) -> Result<serde_json::Value, DbError> {
    let packed: Vec<Packed<'_>> = start
        .iter()
        .map(|job| Packed {
            id: job.id,
            kind: job.kind,
            payload: &job.payload,
            dedupe_key: job.dedupe_key.as_deref(),
            run_at: job.run_at,
        })
        .collect();
    Ok(serde_json::to_value(packed)?)
}
