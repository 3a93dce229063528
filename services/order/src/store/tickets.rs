//! Support tickets.

use chrono::{DateTime, Utc};
use domain::{ActorKind, OrderId, TicketId, TicketNumber, UserId};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ticket::Ticket;
use crate::domain::words::{TicketCategory, TicketPriority, TicketStatus};

/// Selects whole tickets: the columns are said once.
macro_rules! select_tickets {
    ($tail:tt $(, $($args:tt)*)?) => {
        sqlx::query_as!(
            Ticket,
            r#"SELECT id AS "id: TicketId", ticket_number AS "ticket_number: TicketNumber", order_id AS "order_id: OrderId",
                      created_by AS "created_by: UserId", created_by_kind AS "created_by_kind: ActorKind",
                      assigned_to AS "assigned_to: UserId", category AS "category: TicketCategory", subject, description,
                      attachments, priority AS "priority: TicketPriority", status AS "status: TicketStatus", resolved_at,
                      resolved_by AS "resolved_by: UserId", resolution_notes, clock_used_seconds, clock_running_since,
                      first_response_at, first_response_due_at, first_response_breached_at, resolution_due_at,
                      resolution_breached_at, escalated_at, created_at, updated_at, revision
                 FROM support_tickets "# + $tail
            $(, $($args)*)?
        )
    };
}

/// For whom a ticket is looked up: who did not open it does not find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketReader {
    Creator(UserId),
    Staff,
}

impl TicketReader {
    fn creator(self) -> Option<Uuid> {
        if let Self::Creator(id) = self { Some(id.into()) } else { None }
    }
}

/// Where a ticket stands in a list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct TicketPosition {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: TicketId,
}

/// What of the list is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketFilter {
    pub(crate) statuses: Vec<TicketStatus>,
    pub(crate) category: Option<TicketCategory>,
    pub(crate) priority: Option<TicketPriority>,
    pub(crate) assigned_to: Option<UserId>,
    pub(crate) escalated: Option<bool>,
    pub(crate) after: Option<TicketPosition>,
    pub(crate) fetch: i64,
}

fn after(position: Option<TicketPosition>) -> (DateTime<Utc>, Uuid) {
    let end = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(365 * 1000);
    position.map_or((end, Uuid::max()), |p| (p.at, p.id.as_uuid()))
}

/// The next human number.
pub(crate) async fn next_number(conn: &mut PgConnection) -> Result<TicketNumber, DbError> {
    let number = sqlx::query_scalar!(r#"SELECT nextval('ticket_numbers') AS "number!""#).fetch_one(conn).await?;
    Ok(TicketNumber::from_sequence(number.unsigned_abs()))
}

/// A ticket of this reader's.
pub(crate) async fn find(conn: &mut PgConnection, id: TicketId, reader: TicketReader) -> Result<Option<Ticket>, DbError> {
    let ticket = select_tickets!("WHERE id = $1 AND ($2::uuid IS NULL OR created_by = $2)", id.as_uuid(), reader.creator())
        .fetch_optional(conn)
        .await?;
    Ok(ticket)
}

/// A ticket of this reader's, kept from others until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: TicketId, reader: TicketReader) -> Result<Option<Ticket>, DbError> {
    let ticket =
        select_tickets!("WHERE id = $1 AND ($2::uuid IS NULL OR created_by = $2) FOR UPDATE", id.as_uuid(), reader.creator())
            .fetch_optional(conn)
            .await?;
    Ok(ticket)
}

/// A ticket with a time missed by now that nobody works on at this moment.
pub(crate) async fn lock_late(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<Ticket>, DbError> {
    let ticket = select_tickets!("WHERE next_breach_at <= $1 ORDER BY next_breach_at LIMIT 1 FOR UPDATE SKIP LOCKED", now)
        .fetch_optional(conn)
        .await?;
    Ok(ticket)
}

/// The tickets about an order, newest first.
pub(crate) async fn of_order(
    conn: &mut PgConnection,
    order_id: OrderId,
    reader: TicketReader,
    filter: &TicketFilter,
) -> Result<Vec<Ticket>, DbError> {
    let (after_at, after_id) = after(filter.after);
    let tickets = select_tickets!(
        "WHERE order_id = $1 AND ($2::uuid IS NULL OR created_by = $2) AND (created_at, id) < ($3, $4)
         ORDER BY created_at DESC, id DESC LIMIT $5",
        order_id.as_uuid(),
        reader.creator(),
        after_at,
        after_id,
        filter.fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(tickets)
}

/// Everybody's tickets, newest first.
pub(crate) async fn of_all(conn: &mut PgConnection, filter: &TicketFilter) -> Result<Vec<Ticket>, DbError> {
    let (after_at, after_id) = after(filter.after);
    let statuses: Vec<String> = filter.statuses.iter().map(|status| status.as_str().to_owned()).collect();
    let tickets = select_tickets!(
        "WHERE ($1::text[] = '{}' OR status = ANY($1)) AND ($2::text IS NULL OR category = $2)
           AND ($3::text IS NULL OR priority = $3) AND ($4::uuid IS NULL OR assigned_to = $4)
           AND ($5::boolean IS NULL OR (escalated_at IS NOT NULL) = $5) AND (created_at, id) < ($6, $7)
         ORDER BY created_at DESC, id DESC LIMIT $8",
        &statuses,
        filter.category.map(|category| category.as_str()),
        filter.priority.map(|priority| priority.as_str()),
        filter.assigned_to.map(|id| id.as_uuid()),
        filter.escalated,
        after_at,
        after_id,
        filter.fetch
    )
    .fetch_all(conn)
    .await?;
    Ok(tickets)
}

/// Writes a new ticket.
pub(crate) async fn insert(conn: &mut PgConnection, ticket: &Ticket) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO support_tickets (id, ticket_number, order_id, created_by, created_by_kind, category, subject, description,
             attachments, priority, status, clock_running_since, first_response_due_at, resolution_due_at, next_breach_at,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
        ticket.id.as_uuid(),
        ticket.ticket_number.as_str(),
        ticket.order_id.map(|id| id.as_uuid()),
        ticket.created_by.as_uuid(),
        ticket.created_by_kind.as_str(),
        ticket.category.as_str(),
        ticket.subject,
        ticket.description,
        &ticket.attachments,
        ticket.priority.as_str(),
        ticket.status.as_str(),
        ticket.clock_running_since,
        ticket.first_response_due_at,
        ticket.resolution_due_at,
        ticket.next_breach_at(),
        ticket.created_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what can change of a ticket, if it still is what was read. Answers the new revision.
pub(crate) async fn save(conn: &mut PgConnection, ticket: &Ticket) -> Result<i64, DbError> {
    sqlx::query_scalar!(
        "UPDATE support_tickets SET assigned_to = $3, priority = $4, status = $5, resolved_at = $6, resolved_by = $7,
                resolution_notes = $8, clock_used_seconds = $9, clock_running_since = $10, first_response_at = $11,
                first_response_due_at = $12, first_response_breached_at = $13, resolution_due_at = $14,
                resolution_breached_at = $15, next_breach_at = $16, escalated_at = $17, updated_at = $18,
                revision = revision + 1
          WHERE id = $1 AND revision = $2
         RETURNING revision",
        ticket.id.as_uuid(),
        ticket.revision,
        ticket.assigned_to.map(|id| id.as_uuid()),
        ticket.priority.as_str(),
        ticket.status.as_str(),
        ticket.resolved_at,
        ticket.resolved_by.map(|id| id.as_uuid()),
        ticket.resolution_notes,
        ticket.clock_used_seconds,
        ticket.clock_running_since,
        ticket.first_response_at,
        ticket.first_response_due_at,
        ticket.first_response_breached_at,
        ticket.resolution_due_at,
        ticket.resolution_breached_at,
        ticket.next_breach_at(),
        ticket.escalated_at,
        ticket.updated_at,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(DbError::State("a ticket changed between reading and writing it"))
}
