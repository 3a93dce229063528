//! The story of orders, from the events of every service.

use chrono::{DateTime, Utc};
use domain::{Actor, ActorKind, Channel, EventId, OrderId, ServiceName, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

/// Something that happened, about to be remembered.
#[derive(Debug)]
pub(crate) struct Happened<'a> {
    pub(crate) event_id: EventId,
    pub(crate) orders: &'a [OrderId],
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) source: ServiceName,
    pub(crate) event_type: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) actor: &'a Actor,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) event_id: EventId,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) source: String,
    pub(crate) event_type: String,
    pub(crate) summary: String,
    pub(crate) actor_kind: ActorKind,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) channel: Channel,
}

/// Remembers it for those of the orders that exist; answers how many do.
pub(crate) async fn append(conn: &mut PgConnection, happened: &Happened<'_>) -> Result<u64, DbError> {
    let orders: Vec<Uuid> = happened.orders.iter().map(OrderId::as_uuid).collect();
    let written = sqlx::query!(
        "INSERT INTO order_timeline (event_id, order_id, occurred_at, source, event_type, summary, actor_kind, actor_id, channel)
         SELECT $1, id, $3, $4, $5, $6, $7, $8, $9 FROM orders WHERE id = ANY($2)
         ON CONFLICT DO NOTHING",
        happened.event_id.as_uuid(),
        &orders,
        happened.occurred_at,
        happened.source.as_str(),
        happened.event_type,
        happened.summary,
        happened.actor.kind.as_str(),
        happened.actor.user_uuid(),
        happened.actor.channel.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected())
}

/// An order's story from the beginning.
pub(crate) async fn of_order(conn: &mut PgConnection, order_id: OrderId) -> Result<Vec<Entry>, DbError> {
    let entries = sqlx::query_as!(
        Entry,
        r#"SELECT event_id AS "event_id: EventId", occurred_at, source, event_type, summary,
                  actor_kind AS "actor_kind: ActorKind", actor_id AS "actor_id: UserId", channel AS "channel: Channel"
             FROM order_timeline WHERE order_id = $1 ORDER BY occurred_at, event_id LIMIT 1000"#,
        order_id.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(entries)
}
