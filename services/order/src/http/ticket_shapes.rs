//! Tickets and their messages as they come in and are spoken.

use chrono::{DateTime, Utc};
use domain::{ActorKind, MediaId, OrderId, TicketId, TicketNumber, UserId};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::ApiError;
use service_kit::http::{PageParams, PageRequest};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::ticket::{NewTicket, Ticket};
use crate::domain::words::{TicketCategory, TicketPriority, TicketStatus};
use crate::store::messages::{Message, MessagePosition};
use crate::store::tickets::{TicketFilter, TicketPosition};
use crate::usecases::tickets::{Change, NewMessage};

/// More than spaces.
pub(crate) fn some_words(text: &str, _: &()) -> garde::Result {
    if text.trim().len() >= 3 { Ok(()) } else { Err(garde::Error::new("say it in a few words")) }
}

/// A ticket to open.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenTicketIn {
    /// What about.
    #[garde(skip)]
    category: TicketCategory,
    /// In one line.
    #[garde(length(min = 3, max = 255), custom(some_words))]
    subject: String,
    /// In whole.
    #[garde(length(min = 3, max = 5000), custom(some_words))]
    description: String,
    /// How urgent; `medium` when left out. Only support says `urgent`.
    #[garde(skip)]
    #[serde(default)]
    priority: Option<TicketPriority>,
    /// Media ids of files that the caller stored, ten at most.
    #[garde(length(max = 10))]
    #[serde(default)]
    attachments: Vec<MediaId>,
}

impl OpenTicketIn {
    pub(crate) fn new_ticket(self, order_id: Option<OrderId>) -> NewTicket {
        NewTicket {
            order_id,
            category: self.category,
            priority: self.priority.unwrap_or(TicketPriority::Medium),
            subject: self.subject.trim().to_owned(),
            description: self.description.trim().to_owned(),
            attachments: self.attachments.iter().map(MediaId::as_uuid).collect(),
        }
    }
}

/// What changes of a ticket.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateTicketIn {
    /// Who of the staff works on it; null for nobody.
    #[garde(skip)]
    #[serde(default, deserialize_with = "null_too")]
    #[schema(value_type = Option<UserId>)]
    assigned_to: Option<Option<UserId>>,
    /// How urgent.
    #[garde(skip)]
    #[serde(default)]
    priority: Option<TicketPriority>,
    /// Where it stands.
    #[garde(skip)]
    #[serde(default)]
    status: Option<TicketStatus>,
    /// How it was solved; with the status `resolved`, and only with it.
    #[garde(inner(length(min = 3, max = 5000), custom(some_words)))]
    #[serde(default)]
    resolution: Option<String>,
}

/// Tells null from nothing.
fn null_too<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl UpdateTicketIn {
    pub(crate) fn change(self) -> Change {
        Change {
            assigned_to: self.assigned_to,
            priority: self.priority,
            status: self.status,
            resolution: self.resolution.map(|text| text.trim().to_owned()),
        }
    }
}

/// Something to write on a ticket.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteMessageIn {
    /// The text.
    #[garde(length(min = 1, max = 5000), custom(not_blank))]
    message: String,
    /// Media ids of files that the caller stored, ten at most.
    #[garde(length(max = 10))]
    #[serde(default)]
    attachments: Vec<MediaId>,
    /// A note that only support reads; support alone writes them.
    #[garde(skip)]
    #[serde(default)]
    is_internal: bool,
}

fn not_blank(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

impl WriteMessageIn {
    pub(crate) fn new_message(self) -> NewMessage {
        NewMessage { text: self.message.trim().to_owned(), attachments: self.attachments, is_internal: self.is_internal }
    }
}

/// Which page of the tickets about an order.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketPageParams {
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

impl TicketPageParams {
    pub(crate) fn read(self) -> Result<(PageRequest<TicketPosition>, TicketFilter), ApiError> {
        let page = PageParams { cursor: self.cursor, limit: self.limit }.request::<TicketPosition>()?;
        let filter = TicketFilter { after: page.after, fetch: page.fetch(), ..TicketFilter::default() };
        Ok((page, filter))
    }
}

/// Which of everybody's tickets.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketListParams {
    /// Only these; may be repeated.
    #[garde(length(max = 5))]
    #[serde(default)]
    status: Vec<TicketStatus>,
    /// Only about this.
    #[garde(skip)]
    #[serde(default)]
    category: Option<TicketCategory>,
    /// Only so urgent.
    #[garde(skip)]
    #[serde(default)]
    priority: Option<TicketPriority>,
    /// Only this person's.
    #[garde(skip)]
    #[serde(default)]
    assigned_to: Option<UserId>,
    /// Only those that missed a time, or only those that did not.
    #[garde(skip)]
    #[serde(default)]
    escalated: Option<bool>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

impl TicketListParams {
    pub(crate) fn read(self) -> Result<(PageRequest<TicketPosition>, TicketFilter), ApiError> {
        let (page, filter) = TicketPageParams { cursor: self.cursor, limit: self.limit }.read()?;
        let filter = TicketFilter {
            statuses: self.status,
            category: self.category,
            priority: self.priority,
            assigned_to: self.assigned_to,
            escalated: self.escalated,
            ..filter
        };
        Ok((page, filter))
    }
}

/// Which page of the messages.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageParams {
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

impl MessageParams {
    pub(crate) fn read(self) -> Result<PageRequest<MessagePosition>, ApiError> {
        PageParams { cursor: self.cursor, limit: self.limit }.request()
    }
}

/// A support ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketOut {
    /// The ticket.
    id: TicketId,
    /// Its number.
    ticket_number: TicketNumber,
    /// The order it is about, if any.
    order_id: Option<OrderId>,
    /// Who opened it.
    created_by: UserId,
    /// As what.
    created_by_kind: ActorKind,
    /// Who of the staff works on it.
    assigned_to: Option<UserId>,
    /// What about.
    category: TicketCategory,
    /// In one line.
    subject: String,
    /// In whole.
    description: String,
    /// Media ids.
    #[schema(value_type = Vec<MediaId>)]
    attachments: Vec<Uuid>,
    /// How urgent.
    priority: TicketPriority,
    /// Where it stands.
    status: TicketStatus,
    /// How it was solved.
    resolution: Option<String>,
    /// When it was solved.
    resolved_at: Option<DateTime<Utc>>,
    /// Who solved it.
    resolved_by: Option<UserId>,
    /// Its times.
    sla: SlaOut,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// The times of a ticket, counted in business hours: Monday to Saturday, 9 to 18 Indian time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlaOut {
    /// Whether the clock stands still.
    paused: bool,
    /// When support first answered.
    first_response_at: Option<DateTime<Utc>>,
    /// When it has to; absent once it has, or while the clock stands still.
    first_response_due_at: Option<DateTime<Utc>>,
    /// When it was found not to have.
    first_response_breached_at: Option<DateTime<Utc>>,
    /// When it has to be solved; absent while the clock stands still.
    resolution_due_at: Option<DateTime<Utc>>,
    /// When it was found not to be.
    resolution_breached_at: Option<DateTime<Utc>>,
    /// When a time was first missed.
    escalated_at: Option<DateTime<Utc>>,
}

impl From<Ticket> for TicketOut {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            ticket_number: ticket.ticket_number,
            order_id: ticket.order_id,
            created_by: ticket.created_by,
            created_by_kind: ticket.created_by_kind,
            assigned_to: ticket.assigned_to,
            category: ticket.category,
            subject: ticket.subject,
            description: ticket.description,
            attachments: ticket.attachments,
            priority: ticket.priority,
            status: ticket.status,
            resolution: ticket.resolution_notes,
            resolved_at: ticket.resolved_at,
            resolved_by: ticket.resolved_by,
            sla: SlaOut {
                paused: ticket.clock_running_since.is_none(),
                first_response_at: ticket.first_response_at,
                first_response_due_at: ticket.first_response_due_at,
                first_response_breached_at: ticket.first_response_breached_at,
                resolution_due_at: ticket.resolution_due_at,
                resolution_breached_at: ticket.resolution_breached_at,
                escalated_at: ticket.escalated_at,
            },
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
        }
    }
}

/// Something written on a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageOut {
    /// The message.
    id: Uuid,
    /// Who wrote.
    sender_id: UserId,
    /// As what.
    sender_type: ActorKind,
    /// The text.
    message: String,
    /// Media ids.
    #[schema(value_type = Vec<MediaId>)]
    attachments: Vec<Uuid>,
    /// A note that only support reads.
    is_internal: bool,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Message> for MessageOut {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            sender_id: message.sender_id,
            sender_type: message.sender_type,
            message: message.message,
            attachments: message.attachments,
            is_internal: message.is_internal,
            created_at: message.created_at,
        }
    }
}
