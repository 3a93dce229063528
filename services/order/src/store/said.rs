//! Events of an order as they are written: the outbox row with the next sequence of its aggregate, and the entry in the
//! order's story, in one statement each. The columns are those of `pg_kit::outbox::append`.

use chrono::{DateTime, Utc};
use context::Context;
use domain::events::DomainEvent;
use domain::{Actor, EventId, OrderId, ServiceName};
use pg_kit::DbError;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// An event about to be said.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) event_id: EventId,
    pub(crate) event_type: &'static str,
    pub(crate) version: i16,
    pub(crate) aggregate_id: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: &'a Actor,
    pub(crate) by_json: Value,
    pub(crate) data: Value,
    pub(crate) summary: String,
    pub(crate) context: Context,
}

impl<'a> Said<'a> {
    /// The event with what the current piece of work adds to it.
    pub(crate) fn new<E: DomainEvent>(
        event_id: EventId,
        at: DateTime<Utc>,
        by: &'a Actor,
        event: &E,
        summary: String,
    ) -> Result<Self, DbError> {
        Ok(Self {
            event_id,
            event_type: E::TYPE,
            version: E::VERSION,
            aggregate_id: event.aggregate_id(),
            at,
            by,
            by_json: serde_json::to_value(by)?,
            data: serde_json::to_value(event)?,
            summary,
            context: context::current(),
        })
    }
}

/// Says an event of an order and puts it into the order's story. The order's row is held: see [`super::timeline::since`].
pub(crate) async fn say(conn: &mut PgConnection, order_id: OrderId, said: &Said<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "WITH held AS (
             SELECT id FROM orders WHERE id = $1 FOR NO KEY UPDATE
         ), counter AS (
             INSERT INTO aggregate_sequences AS known (aggregate_id, last_sequence)
             VALUES ($2, 1)
             ON CONFLICT (aggregate_id) DO UPDATE SET last_sequence = known.last_sequence + 1
             RETURNING last_sequence
         ), added AS (
             INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id, sequence, correlation_id,
                                 causation_id, traceparent, actor, data)
             SELECT $3, $4, $5, $6, $2, last_sequence, $7, $8, $9, $10, $11 FROM counter
             RETURNING sequence
         ), told AS (
             INSERT INTO order_timeline (event_id, order_id, occurred_at, source, event_type, summary, actor_kind, actor_id,
                                         channel)
             SELECT $3, held.id, $6, $12, $4, $13, $14, $15, $16 FROM held
         )
         SELECT pg_notify('outbox', '')::text AS notified FROM added",
        order_id.as_uuid(),
        said.aggregate_id,
        said.event_id.as_uuid(),
        said.event_type,
        said.version,
        said.at,
        said.context.correlation_id.as_uuid(),
        said.context.causation_id.map(|id| id.as_uuid()),
        said.context.traceparent,
        said.by_json,
        said.data,
        ServiceName::Order.as_str(),
        said.summary,
        said.by.kind.as_str(),
        said.by.user_uuid(),
        said.by.channel.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}
