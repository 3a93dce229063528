//! Every change of status, with who and through which channel (rule 18).

use chrono::{DateTime, Utc};
use domain::{Actor, ActorKind, Channel, OrderId, OrderStatus, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::HistoryEntry;

/// Who made a change, and what was said of it.
#[derive(Debug)]
pub(crate) struct Changed<'a> {
    pub(crate) id: Uuid,
    pub(crate) notes: Option<&'a str>,
    pub(crate) by: &'a Actor,
    pub(crate) at: DateTime<Utc>,
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
