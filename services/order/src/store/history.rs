//! Every change of status, with who and through which channel (rule 18).

use chrono::{DateTime, Utc};
use domain::{Actor, ActorKind, Channel, OrderId, OrderStatus, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::HistoryEntry;

/// A change about to be remembered.
#[derive(Debug)]
pub(crate) struct Changed<'a> {
    pub(crate) id: Uuid,
    pub(crate) order_id: OrderId,
    pub(crate) from: Option<OrderStatus>,
    pub(crate) to: OrderStatus,
    pub(crate) notes: Option<&'a str>,
    pub(crate) by: &'a Actor,
    pub(crate) at: DateTime<Utc>,
}

/// Remembers a change.
pub(crate) async fn insert(conn: &mut PgConnection, changed: &Changed<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO order_status_history (id, order_id, previous_status, new_status, notes, changed_by, changed_by_kind,
             changed_via, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        changed.id,
        changed.order_id.as_uuid(),
        changed.from.map(|status| status.as_str()),
        changed.to.as_str(),
        changed.notes,
        changed.by.user_uuid(),
        changed.by.kind.as_str(),
        changed.by.channel.as_str(),
        changed.at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The changes of an order in the order they were made.
pub(crate) async fn of_order(conn: &mut PgConnection, order_id: OrderId) -> Result<Vec<HistoryEntry>, DbError> {
    // By id within one moment: ids of one process rise.
    let entries = sqlx::query_as!(
        HistoryEntry,
        r#"SELECT previous_status AS "previous: OrderStatus", new_status AS "new: OrderStatus", notes,
                  changed_by AS "changed_by: UserId", changed_by_kind AS "changed_by_kind: ActorKind",
                  changed_via AS "changed_via: Channel", created_at AS at
             FROM order_status_history WHERE order_id = $1 ORDER BY created_at, id"#,
        order_id.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(entries)
}
