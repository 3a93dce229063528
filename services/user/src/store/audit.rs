//! `audit_log`: rows are added and read, never changed.

use chrono::{DateTime, Utc};
use domain::events::{AuditRecorded, Envelope};
use domain::{ActorKind, Channel, EventId, ServiceName, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

/// One line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) event_id: EventId,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) service: ServiceName,
    pub(crate) action: String,
    pub(crate) entity_type: String,
    pub(crate) entity_id: Uuid,
    pub(crate) actor_kind: ActorKind,
    pub(crate) actor_user_id: Option<UserId>,
    pub(crate) channel: Channel,
    pub(crate) before: Option<serde_json::Value>,
    pub(crate) after: Option<serde_json::Value>,
    pub(crate) ip_address: Option<String>,
    pub(crate) correlation_id: Uuid,
}

/// Adds what an event tells, making the month's partition when it is the first of its month.
pub(crate) async fn append(
    conn: &mut PgConnection,
    envelope: &Envelope,
    event: &AuditRecorded,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!("SELECT audit_log_ensure_month($1) IS NULL as done", envelope.occurred_at).fetch_one(&mut *conn).await?;
    sqlx::query!(
        "INSERT INTO audit_log (event_id, occurred_at, service, action, entity_type, entity_id, actor_kind, actor_user_id,
                                channel, before, after, ip_address, correlation_id, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        envelope.event_id as EventId,
        envelope.occurred_at,
        event.service.as_str(),
        event.action,
        event.entity_type,
        event.entity_id,
        envelope.actor.kind.as_str(),
        envelope.actor.user_uuid(),
        envelope.actor.channel.as_str(),
        event.before,
        event.after,
        event.ip_address,
        envelope.correlation_id.as_uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a reading is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) service: Option<ServiceName>,
    pub(crate) action: Option<&'a str>,
    pub(crate) entity_type: Option<&'a str>,
    pub(crate) entity_id: Option<Uuid>,
    pub(crate) actor_user_id: Option<UserId>,
    pub(crate) correlation_id: Option<Uuid>,
    pub(crate) text: Option<&'a str>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
}

/// Newest first, after a place in that order.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    after: Option<(DateTime<Utc>, EventId)>,
    limit: i64,
) -> Result<Vec<Line>, DbError> {
    let (at, id) = after.unzip();
    Ok(sqlx::query_as!(
        Line,
        r#"SELECT event_id as "event_id: EventId", occurred_at, service as "service: ServiceName", action, entity_type,
                  entity_id, actor_kind as "actor_kind: ActorKind", actor_user_id as "actor_user_id: UserId",
                  channel as "channel: Channel", before, after, ip_address, correlation_id
             FROM audit_log
            WHERE ($1::text IS NULL OR service = $1) AND ($2::text IS NULL OR action = $2)
              AND ($3::text IS NULL OR entity_type = $3) AND ($4::uuid IS NULL OR entity_id = $4)
              AND ($5::uuid IS NULL OR actor_user_id = $5) AND ($11::uuid IS NULL OR correlation_id = $11)
              AND ($12::text IS NULL OR action ILIKE $12 OR entity_type ILIKE $12 OR ip_address ILIKE $12
                   OR before::text ILIKE $12 OR after::text ILIKE $12)
              AND ($6::timestamptz IS NULL OR occurred_at >= $6) AND ($7::timestamptz IS NULL OR occurred_at < $7)
              AND ($8::timestamptz IS NULL OR (occurred_at, event_id) < ($8, $9::uuid))
            ORDER BY occurred_at DESC, event_id DESC LIMIT $10"#,
        filter.service.as_ref().map(ServiceName::as_str),
        filter.action,
        filter.entity_type,
        filter.entity_id,
        filter.actor_user_id.map(Uuid::from),
        filter.from,
        filter.to,
        at,
        id.map(Uuid::from),
        limit,
        filter.correlation_id,
        filter.text.map(super::users::containing),
    )
    .fetch_all(conn)
    .await?)
}

/// Makes the partition of a month ahead of its first line.
pub(crate) async fn ensure_month(conn: &mut PgConnection, moment: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("SELECT audit_log_ensure_month($1) IS NULL as done", moment).fetch_one(conn).await?;
    Ok(())
}

/// Drops the months that ended before `moment`.
pub(crate) async fn drop_before(conn: &mut PgConnection, moment: DateTime<Utc>) -> Result<i32, DbError> {
    Ok(sqlx::query_scalar!(r#"SELECT audit_log_drop_before($1) as "dropped!""#, moment).fetch_one(conn).await?)
}
