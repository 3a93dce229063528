//! The story of orders, from the events of every service.

use chrono::{DateTime, Utc};
use domain::{Actor, ActorKind, Channel, EventId, OrderId, PaymentId, ServiceName, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

/// An event of whichever service, about to be taken in.
#[derive(Debug)]
pub(crate) struct Happened<'a> {
    pub(crate) consumer: &'a str,
    pub(crate) event_id: EventId,
    pub(crate) orders: &'a [OrderId],
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) source: ServiceName,
    pub(crate) event_type: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) actor: &'a Actor,
    /// The payment that was opened, for an order that does not know it yet. It changes nothing that anybody decides by, so
    /// the order's revision stays.
    pub(crate) opened: Option<PaymentId>,
    pub(crate) now: DateTime<Utc>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// None of its orders exists; nothing is kept, so that it can come again.
    Unknown,
    /// It was there before.
    Again,
    /// It is new.
    New,
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

/// Takes it in once, into the stories of those of its orders that exist: inbox and stories in one statement. Holds the
/// orders' rows: whoever reads a story as it is written (see [`since`]) never finds an entry before one that was read
/// already.
pub(crate) async fn take(conn: &mut PgConnection, happened: &Happened<'_>) -> Result<Taken, DbError> {
    let orders: Vec<Uuid> = happened.orders.iter().map(OrderId::as_uuid).collect();
    let taken = sqlx::query!(
        r#"WITH held AS (
             SELECT id FROM orders WHERE id = ANY($2) ORDER BY id FOR NO KEY UPDATE
         ), first AS (
             INSERT INTO inbox (consumer, event_id, received_at)
             SELECT $10, $1, $11 WHERE EXISTS (SELECT FROM held)
             ON CONFLICT DO NOTHING
             RETURNING event_id
         ), told AS (
             INSERT INTO order_timeline (event_id, order_id, occurred_at, source, event_type, summary, actor_kind, actor_id,
                                         channel)
             SELECT $1, held.id, $3, $4, $5, $6, $7, $8, $9 FROM first, held
             ON CONFLICT DO NOTHING
         ), opened AS (
             UPDATE orders SET payment_id = $12 FROM first
              WHERE $12::uuid IS NOT NULL AND orders.id = ANY($2) AND orders.payment_id IS NULL
         )
         SELECT EXISTS (SELECT FROM held) AS "known!", EXISTS (SELECT FROM first) AS "first!""#,
        happened.event_id.as_uuid(),
        &orders,
        happened.occurred_at,
        happened.source.as_str(),
        happened.event_type,
        happened.summary,
        happened.actor.kind.as_str(),
        happened.actor.user_uuid(),
        happened.actor.channel.as_str(),
        happened.consumer,
        happened.now,
        happened.opened.map(|id| id.as_uuid()),
    )
    .fetch_one(conn)
    .await?;
    Ok(match (taken.known, taken.first) {
        (false, _) => Taken::Unknown,
        (true, false) => Taken::Again,
        (true, true) => Taken::New,
    })
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

/// An entry with where it stands in the order in which entries were written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) position: i64,
    pub(crate) event_id: EventId,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) source: String,
    pub(crate) event_type: String,
    pub(crate) summary: String,
    pub(crate) actor_kind: ActorKind,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) channel: Channel,
}

impl From<Written> for Entry {
    fn from(written: Written) -> Self {
        Self {
            event_id: written.event_id,
            occurred_at: written.occurred_at,
            source: written.source,
            event_type: written.event_type,
            summary: written.summary,
            actor_kind: written.actor_kind,
            actor_id: written.actor_id,
            channel: written.channel,
        }
    }
}

/// What was written of an order's story after a position.
pub(crate) async fn since(conn: &mut PgConnection, order_id: OrderId, position: i64) -> Result<Vec<Written>, DbError> {
    let written = sqlx::query_as!(
        Written,
        r#"SELECT position, event_id AS "event_id: EventId", occurred_at, source, event_type, summary,
                  actor_kind AS "actor_kind: ActorKind", actor_id AS "actor_id: UserId", channel AS "channel: Channel"
             FROM order_timeline WHERE order_id = $1 AND position > $2 ORDER BY position LIMIT 200"#,
        order_id.as_uuid(),
        position
    )
    .fetch_all(conn)
    .await?;
    Ok(written)
}

/// Where an entry of an order's story stands.
pub(crate) async fn position_of(conn: &mut PgConnection, order_id: OrderId, event_id: EventId) -> Result<Option<i64>, DbError> {
    let position = sqlx::query_scalar!(
        "SELECT position FROM order_timeline WHERE order_id = $1 AND event_id = $2",
        order_id.as_uuid(),
        event_id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(position)
}
