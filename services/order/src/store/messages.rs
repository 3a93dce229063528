//! What was written on tickets.

use chrono::{DateTime, Utc};
use domain::{ActorKind, TicketId, UserId};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

/// Something written on a ticket.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) sender_id: UserId,
    pub(crate) sender_type: ActorKind,
    pub(crate) message: String,
    pub(crate) attachments: Vec<Uuid>,
    pub(crate) is_internal: bool,
    pub(crate) created_at: DateTime<Utc>,
}

/// Where a message stands on its ticket.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct MessagePosition {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: Uuid,
}

/// Writes a message.
pub(crate) async fn insert(conn: &mut PgConnection, ticket_id: TicketId, message: &Message) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO ticket_messages (id, ticket_id, sender_id, sender_type, message, attachments, is_internal, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        message.id,
        ticket_id.as_uuid(),
        message.sender_id.as_uuid(),
        message.sender_type.as_str(),
        message.message,
        &message.attachments,
        message.is_internal,
        message.created_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was written on a ticket, oldest first; notes among the staff only when asked for.
pub(crate) async fn of_ticket(
    conn: &mut PgConnection,
    ticket_id: TicketId,
    with_notes: bool,
    after: Option<MessagePosition>,
    fetch: i64,
) -> Result<Vec<Message>, DbError> {
    let (at, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |position| (position.at, position.id));
    let messages = sqlx::query_as!(
        Message,
        r#"SELECT id, sender_id AS "sender_id: UserId", sender_type AS "sender_type: ActorKind", message, attachments,
                  is_internal, created_at
             FROM ticket_messages
            WHERE ticket_id = $1 AND ($2 OR NOT is_internal) AND (created_at, id) > ($3, $4)
            ORDER BY created_at, id LIMIT $5"#,
        ticket_id.as_uuid(),
        with_notes,
        at,
        id,
        fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(messages)
}
