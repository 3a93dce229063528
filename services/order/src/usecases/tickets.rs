//! Support tickets: opening, writing on them, working on them, missing their times.

use chrono::{DateTime, Utc};
use domain::events::{SlaBreached, TicketMessageAdded, TicketOpened, TicketResolved};
use domain::{Actor, ActorKind, MediaId, OrderId, ServiceName, TicketId, UserId, UserStatus, UserType};
use pg_kit::{DbError, outbox};
use serde_json::json;
use sqlx::PgConnection;

use super::media::check_own;
use super::moves::By;
use super::{Missing, Refusal, audit};
use crate::App;
use crate::domain::ticket::{Breach, NewTicket, Ticket};
use crate::domain::words::{TicketPriority, TicketStatus};
use crate::store::messages::{self, Message, MessagePosition};
use crate::store::orders::{self, Reader};
use crate::store::tickets::{self, TicketFilter, TicketReader};

/// What staff changes of a ticket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) assigned_to: Option<Option<UserId>>,
    pub(crate) priority: Option<TicketPriority>,
    pub(crate) status: Option<TicketStatus>,
    pub(crate) resolution: Option<String>,
}

/// Something to be written on a ticket.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub(crate) text: String,
    pub(crate) attachments: Vec<MediaId>,
    pub(crate) is_internal: bool,
}

/// What the audit log calls a ticket.
const KIND: &str = "ticket";
const TICKET: Refusal = Refusal::Missing(Missing::Ticket);

/// Opens a ticket, about an order of the reader's or about none.
pub(crate) async fn open_ticket(app: &App, actor: &Actor, reader: Reader, new: NewTicket) -> Result<Ticket, Refusal> {
    let user = actor.user_id.ok_or(Refusal::Fault("a ticket is opened by a person"))?;
    if new.priority == TicketPriority::Urgent && actor.kind != ActorKind::Admin {
        return Err(Refusal::invalid("priority", "only support says that something is urgent; choose high"));
    }
    if let Some(order_id) = new.order_id {
        let mut conn = app.kit.pool.acquire().await?;
        orders::find(&mut conn, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    }
    let files: Vec<MediaId> = new.attachments.iter().copied().map(MediaId::new).collect();
    check_own(app, actor, "attachments", &files).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let number = tickets::next_number(&mut tx).await?;
    let ticket = Ticket::open(app.kit.ids.next(), number, new, (user, actor.kind), now);
    tickets::insert(&mut tx, &ticket).await?;
    let event = TicketOpened {
        ticket_id: ticket.id,
        ticket_number: ticket.ticket_number.clone(),
        order_id: ticket.order_id,
        created_by: ticket.created_by,
        category: ticket.category.to_string(),
        priority: ticket.priority.to_string(),
        subject: ticket.subject.clone(),
    };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let by = By { app, actor, now };
    by.audit(&mut tx, ("ticket.opened", KIND, ticket.id.as_uuid()), None, audit::ticket(&ticket)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// One ticket.
pub(crate) async fn read_ticket(app: &App, reader: TicketReader, id: TicketId) -> Result<Ticket, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    tickets::find(&mut conn, id, reader).await?.ok_or(TICKET)
}

/// Everybody's tickets.
pub(crate) async fn list_tickets(app: &App, filter: &TicketFilter) -> Result<Vec<Ticket>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(tickets::of_all(&mut conn, filter).await?)
}

/// The tickets about an order: parties find their own, staff finds all.
pub(crate) async fn tickets_of_order(
    app: &App,
    of: (Reader, TicketReader),
    order_id: OrderId,
    filter: &TicketFilter,
) -> Result<Vec<Ticket>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find(&mut conn, order_id, of.0).await?.ok_or(Refusal::NotFound)?;
    Ok(tickets::of_order(&mut conn, order_id, of.1, filter).await?)
}

/// What was written on a ticket; whoever opened it does not read the notes of the staff.
pub(crate) async fn read_messages(
    app: &App,
    reader: TicketReader,
    id: TicketId,
    after: Option<MessagePosition>,
    fetch: i64,
) -> Result<Vec<Message>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    tickets::find(&mut conn, id, reader).await?.ok_or(TICKET)?;
    Ok(messages::of_ticket(&mut conn, id, reader == TicketReader::Staff, after, fetch).await?)
}

/// Writes on a ticket. A note among the staff changes nothing else and is told to nobody.
pub(crate) async fn add_message(
    app: &App,
    actor: &Actor,
    reader: TicketReader,
    id: TicketId,
    new: NewMessage,
) -> Result<Message, Refusal> {
    let sender_id = actor.user_id.ok_or(Refusal::Fault("a message is written by a person"))?;
    if new.is_internal && reader != TicketReader::Staff {
        return Err(Refusal::invalid("is_internal", "notes are for support"));
    }
    // Before anything is asked of a neighbour: whose ticket is it?
    read_ticket(app, reader, id).await?;
    check_own(app, actor, "attachments", &new.attachments).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let mut ticket = lock_caught_up(app, &mut tx, reader, id, now).await?;
    if ticket.status == TicketStatus::Closed {
        return Err(Refusal::TicketClosed);
    }
    let was = ticket.status;
    if !new.is_internal {
        if reader == TicketReader::Staff && ticket.created_by != sender_id {
            ticket.staff_replied(now);
        } else {
            ticket.customer_wrote(now)?;
        }
    }
    save(&mut tx, &mut ticket, now).await?;
    let message = Message {
        id: app.kit.ids.uuid(),
        sender_id,
        sender_type: actor.kind,
        message: new.text,
        attachments: new.attachments.iter().map(MediaId::as_uuid).collect(),
        is_internal: new.is_internal,
        created_at: now,
    };
    messages::insert(&mut tx, id, &message).await?;
    if !message.is_internal {
        let event = TicketMessageAdded {
            ticket_id: id,
            ticket_number: ticket.ticket_number.clone(),
            order_id: ticket.order_id,
            sender_id,
            sender_type: actor.kind,
            created_by: ticket.created_by,
        };
        outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    }
    let action = if message.is_internal { "ticket.note_added" } else { "ticket.message_added" };
    // The words stay with the ticket: a log that outlives them would keep what people said of themselves.
    let after = json!({"status": ticket.status, "message_id": message.id});
    By { app, actor, now }.audit(&mut tx, (action, KIND, id.as_uuid()), Some(json!({"status": was})), after).await?;
    tx.commit().await?;
    Ok(message)
}

/// Assigns, ranks and moves a ticket.
pub(crate) async fn update_ticket(app: &App, actor: &Actor, id: TicketId, change: Change) -> Result<Ticket, Refusal> {
    let resolves = change.status == Some(TicketStatus::Resolved);
    if resolves != change.resolution.is_some() {
        return Err(Refusal::invalid("resolution", "is given with the status resolved, and only with it"));
    }
    read_ticket(app, TicketReader::Staff, id).await?;
    if let Some(Some(assignee)) = change.assigned_to {
        let staff = app.neighbours.user.user(assignee).await?;
        if staff.is_none_or(|user| user.user_type != UserType::Admin || user.status != UserStatus::Active) {
            return Err(Refusal::invalid("assigned_to", "is nobody of the staff"));
        }
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let mut ticket = lock_caught_up(app, &mut tx, TicketReader::Staff, id, now).await?;
    let (was, before) = (ticket.status, audit::ticket(&ticket));
    if let Some(assignee) = change.assigned_to {
        ticket.assigned_to = assignee;
    }
    if let Some(priority) = change.priority {
        ticket.set_priority(priority);
    }
    match (change.status, &change.resolution) {
        (Some(TicketStatus::Resolved), Some(how)) => ticket.resolve(actor.user_id, how, now)?,
        (Some(to), _) => ticket.move_to(to, now)?,
        (None, _) => {}
    }
    save(&mut tx, &mut ticket, now).await?;
    if let Some(resolution) = change.resolution.filter(|_| was != TicketStatus::Resolved) {
        let event = TicketResolved {
            ticket_id: id,
            ticket_number: ticket.ticket_number.clone(),
            order_id: ticket.order_id,
            created_by: ticket.created_by,
            resolution,
        };
        outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    }
    let after = audit::ticket(&ticket);
    if after != before {
        By { app, actor, now }.audit(&mut tx, ("ticket.updated", KIND, id.as_uuid()), Some(before), after).await?;
    }
    tx.commit().await?;
    Ok(ticket)
}

/// Says of every ticket whose time has come that it was missed; how many there were.
pub(crate) async fn sweep(app: &App) -> Result<usize, Refusal> {
    let mut found = 0;
    loop {
        let now = app.kit.clock.now();
        let mut tx = app.kit.pool.begin().await?;
        let Some(mut ticket) = tickets::lock_late(&mut tx, now).await? else {
            return Ok(found);
        };
        let breaches = ticket.catch_up(now);
        tell_breaches(app, &mut tx, &ticket, &breaches, now).await?;
        save(&mut tx, &mut ticket, now).await?;
        tx.commit().await?;
        found += 1;
    }
}

/// A ticket to be changed; times it has missed until now are said first.
async fn lock_caught_up(
    app: &App,
    conn: &mut PgConnection,
    reader: TicketReader,
    id: TicketId,
    now: DateTime<Utc>,
) -> Result<Ticket, Refusal> {
    let mut ticket = tickets::lock(conn, id, reader).await?.ok_or(TICKET)?;
    let breaches = ticket.catch_up(now);
    tell_breaches(app, conn, &ticket, &breaches, now).await?;
    Ok(ticket)
}

async fn tell_breaches(
    app: &App,
    conn: &mut PgConnection,
    ticket: &Ticket,
    breaches: &[Breach],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let system = Actor::system(ServiceName::Order);
    for breach in breaches {
        let event = SlaBreached {
            ticket_id: ticket.id,
            ticket_number: ticket.ticket_number.clone(),
            clock: breach.clock.to_owned(),
            due_at: breach.due_at,
        };
        outbox::append(conn, now, &*app.kit.ids, &system, &event).await?;
        metrics::counter!("ticket_sla_breaches_total", "clock" => breach.clock).increment(1);
    }
    Ok(())
}

async fn save(conn: &mut PgConnection, ticket: &mut Ticket, now: DateTime<Utc>) -> Result<(), DbError> {
    ticket.updated_at = now;
    ticket.revision = tickets::save(conn, ticket).await?;
    Ok(())
}
