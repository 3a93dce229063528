//! How far the placing of each order is, and who works on it (rule 19). Leases run on the database's clock.

use chrono::{DateTime, Utc};
use domain::{CorrelationId, OrderId};
use pg_kit::DbError;
use sqlx::PgConnection;

use crate::domain::SagaStep;

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

fn step(text: &str) -> Result<SagaStep, DbError> {
    SagaStep::read(text).ok_or_else(|| DbError::Value { column: "order_sagas.step", reason: format!("unknown: {text}") })
}

/// Begins one, leased to whoever writes it.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order_id: OrderId,
    deadline: DateTime<Utc>,
    lease_seconds: f64,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO order_sagas (order_id, step, deadline, leased_until, correlation_id, created_at, updated_at)
         VALUES ($1, 'placed', $2, clock_timestamp() + make_interval(secs => $3), $4, $5, $5)",
        order_id.as_uuid(),
        deadline,
        lease_seconds,
        context::current().correlation_id.as_uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
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
