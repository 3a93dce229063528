//! Events leave with the change that made them: appended in its transaction, sent by the [`Relay`].
//!
//! Published rows stay: the table is the service's event log, read by aggregate.

mod relay;

use chrono::{DateTime, Utc};
use domain::events::{DomainEvent, Envelope};
use domain::ids::{CorrelationId, EventId};
use domain::{Actor, IdGen};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::DbError;

pub use relay::{Relay, RelaySettings, Sweep};

/// The channel relays listen on.
pub(crate) const CHANNEL: &str = "outbox";

/// Adds the event to the outbox in the transaction of `conn`.
///
/// It gets the next sequence of its aggregate without gaps, and the correlation, causation and
/// trace of [`context::current`]. The relay is notified when the transaction commits.
pub async fn append<E: DomainEvent>(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ids: &dyn IdGen,
    actor: &Actor,
    event: &E,
) -> Result<EventId, DbError> {
    let event_id: EventId = ids.next();
    let context = context::current();
    // One statement: a rolled-back change takes its number back with it, and the row of the
    // counter makes writers of one aggregate wait for each other, so there are no gaps.
    sqlx::query(
        "WITH counter AS (
             INSERT INTO aggregate_sequences AS known (aggregate_id, last_sequence)
             VALUES ($1, 1)
             ON CONFLICT (aggregate_id) DO UPDATE SET last_sequence = known.last_sequence + 1
             RETURNING last_sequence
         ), added AS (
             INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id,
                                 sequence, correlation_id, causation_id, traceparent, actor, data)
             SELECT $2, $3, $4, $5, $1, last_sequence, $6, $7, $8, $9, $10 FROM counter
             RETURNING sequence
         )
         SELECT sequence, pg_notify('outbox', '') FROM added",
    )
    .bind(event.aggregate_id())
    .bind(event_id)
    .bind(E::TYPE)
    .bind(E::VERSION)
    .bind(now)
    .bind(context.correlation_id)
    .bind(context.causation_id)
    .bind(&context.traceparent)
    .bind(serde_json::to_value(actor)?)
    .bind(serde_json::to_value(event)?)
    .execute(conn)
    .await?;
    Ok(event_id)
}

/// Adds many events at once, each of another aggregate and each in the context of the work it belongs to: one statement for
/// a whole batch. Two events of one aggregate are refused by the database.
pub async fn append_all<E: DomainEvent>(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    ids: &dyn IdGen,
    actor: &Actor,
    events: &[(context::Context, E)],
) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let actor = serde_json::to_value(actor)?;
    let mut rows = Vec::with_capacity(events.len());
    for (context, event) in events {
        let event_id: EventId = ids.next();
        rows.push(serde_json::json!({
            "event_id": event_id,
            "aggregate_id": event.aggregate_id(),
            "correlation_id": context.correlation_id,
            "causation_id": context.causation_id,
            "traceparent": context.traceparent,
            "data": event,
        }));
    }
    sqlx::query(
        "WITH new AS (
             SELECT * FROM jsonb_to_recordset($1) AS row (event_id uuid, aggregate_id uuid, correlation_id uuid,
                                                          causation_id uuid, traceparent text, data jsonb)
         ), counter AS (
             INSERT INTO aggregate_sequences AS known (aggregate_id, last_sequence)
             SELECT aggregate_id, 1 FROM new ORDER BY aggregate_id
             ON CONFLICT (aggregate_id) DO UPDATE SET last_sequence = known.last_sequence + 1
             RETURNING known.aggregate_id, known.last_sequence
         ), added AS (
             INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id,
                                 sequence, correlation_id, causation_id, traceparent, actor, data)
             SELECT event_id, $2, $3, $4, aggregate_id, last_sequence, correlation_id, causation_id, traceparent, $5, data
               FROM new JOIN counter USING (aggregate_id)
              ORDER BY event_id
             RETURNING sequence
         )
         SELECT count(sequence), pg_notify('outbox', '') FROM added",
    )
    .bind(serde_json::Value::Array(rows))
    .bind(E::TYPE)
    .bind(E::VERSION)
    .bind(now)
    .bind(actor)
    .execute(conn)
    .await?;
    Ok(())
}

/// The events of one aggregate in their order, sent or not.
pub async fn of_aggregate(conn: &mut PgConnection, aggregate_id: Uuid) -> Result<Vec<Envelope>, DbError> {
    let rows = sqlx::query(
        "SELECT event_id, event_type, event_version, occurred_at, aggregate_id, sequence,
                correlation_id, causation_id, traceparent, actor, data
           FROM outbox WHERE aggregate_id = $1 ORDER BY sequence",
    )
    .bind(aggregate_id)
    .fetch_all(conn)
    .await?;
    rows.iter().map(envelope).collect()
}

/// How many events wait, and since when the oldest does.
pub async fn backlog(conn: &mut PgConnection) -> Result<(i64, Option<DateTime<Utc>>), DbError> {
    let row = sqlx::query(
        "SELECT count(*) AS pending, min(occurred_at) AS oldest
           FROM outbox WHERE published_at IS NULL",
    )
    .fetch_one(conn)
    .await?;
    Ok((row.try_get("pending")?, row.try_get("oldest")?))
}

/// Takes everything that waits as sent and returns it: for tests, which have no bus.
pub async fn drain(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Envelope>, DbError> {
    let rows = sqlx::query(
        "WITH sent AS (
             UPDATE outbox SET published_at = $1, lease_id = NULL
              WHERE published_at IS NULL RETURNING *
         ) SELECT * FROM sent ORDER BY position",
    )
    .bind(now)
    .fetch_all(conn)
    .await?;
    rows.iter().map(envelope).collect()
}

pub(crate) fn envelope(row: &PgRow) -> Result<Envelope, DbError> {
    Ok(Envelope {
        event_id: row.try_get::<EventId, _>("event_id")?,
        r#type: row.try_get("event_type")?,
        version: row.try_get("event_version")?,
        occurred_at: row.try_get("occurred_at")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        correlation_id: row.try_get::<CorrelationId, _>("correlation_id")?,
        causation_id: row.try_get::<Option<EventId>, _>("causation_id")?,
        traceparent: row.try_get("traceparent")?,
        actor: serde_json::from_value(row.try_get::<Value, _>("actor")?)?,
        data: row.try_get("data")?,
    })
}
