//! Support tickets.

use axum::extract::State;
use domain::{OrderId, TicketId};
use service_kit::http::{Allowed, Body, Caller, Created, Data, Page, PageRequest, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reading::reader_of;
use super::ticket_shapes::{
    MessageOut, MessageParams, OpenTicketIn, TicketListParams, TicketOut, TicketPageParams, UpdateTicketIn, WriteMessageIn,
};
use crate::App;
use crate::domain::ticket::Ticket;
use crate::store::messages::{Message, MessagePosition};
use crate::store::orders::Reader;
use crate::store::tickets::{TicketPosition, TicketReader};
use crate::usecases::tickets;

policy!(
    /// Who may open a ticket about an order, and read those they opened; support reads all.
    pub(crate) TicketParties: buyer, vendor, admin[Support]
);
policy!(
    /// Who may open a ticket about no order.
    pub(crate) TicketOpeners: buyer, vendor
);
policy!(
    /// Who works on tickets.
    pub(crate) TicketWorkers: admin[Support]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open_for_order, list_of_order))
        .routes(routes!(open, list))
        .routes(routes!(read, update))
        .routes(routes!(write_message, read_messages))
}

fn ticket_reader(caller: &Caller) -> Result<TicketReader, ApiError> {
    match caller {
        Caller::Admin { .. } => Ok(TicketReader::Staff),
        other => other.user_id().map(TicketReader::Creator).ok_or_else(|| ApiError::not_found("ticket")),
    }
}

fn paged(page: &PageRequest<TicketPosition>, tickets: Vec<Ticket>) -> Page<TicketOut> {
    page.page(tickets, |ticket| TicketPosition { at: ticket.created_at, id: ticket.id }, TicketOut::from)
}

/// Open a support ticket about an order.
#[utoipa::path(post, path = "/api/v1/orders/{id}/support-tickets", operation_id = "openOrderTicket", tag = "support",
    params(("id" = OrderId, Path, description = "The order")), request_body = OpenTicketIn,
    responses((status = 201, description = "Opened", body = Data<TicketOut>), Problems))]
async fn open_for_order(
    State(app): State<App>,
    allowed: Allowed<TicketParties>,
    PathId(id): PathId<OrderId>,
    Body(body): Body<OpenTicketIn>,
) -> Result<Created<TicketOut>, ApiError> {
    let ticket = tickets::open_ticket(&app, &allowed.actor, reader_of(&allowed.caller)?, body.new_ticket(Some(id))).await?;
    Ok(Created(ticket.into()))
}

/// The support tickets about an order, newest first: those the caller opened; support sees all.
#[utoipa::path(get, path = "/api/v1/orders/{id}/support-tickets", operation_id = "listOrderTickets", tag = "support",
    params(("id" = OrderId, Path, description = "The order"), TicketPageParams),
    responses((status = 200, description = "Tickets", body = Page<TicketOut>), Problems))]
async fn list_of_order(
    State(app): State<App>,
    allowed: Allowed<TicketParties>,
    PathId(id): PathId<OrderId>,
    Params(params): Params<TicketPageParams>,
) -> Result<Page<TicketOut>, ApiError> {
    let (page, filter) = params.read()?;
    let of = (reader_of(&allowed.caller)?, ticket_reader(&allowed.caller)?);
    Ok(paged(&page, tickets::tickets_of_order(&app, of, id, &filter).await?))
}

/// Open a support ticket about no order.
#[utoipa::path(post, path = "/api/v1/support-tickets", operation_id = "openTicket", tag = "support", request_body = OpenTicketIn,
    responses((status = 201, description = "Opened", body = Data<TicketOut>), Problems))]
async fn open(
    State(app): State<App>,
    allowed: Allowed<TicketOpeners>,
    Body(body): Body<OpenTicketIn>,
) -> Result<Created<TicketOut>, ApiError> {
    let ticket = tickets::open_ticket(&app, &allowed.actor, Reader::Service, body.new_ticket(None)).await?;
    Ok(Created(ticket.into()))
}

/// Everybody's tickets, newest first.
#[utoipa::path(get, path = "/api/v1/support-tickets", operation_id = "listTickets", tag = "support", params(TicketListParams),
    responses((status = 200, description = "Tickets", body = Page<TicketOut>), Problems))]
async fn list(
    State(app): State<App>,
    _: Allowed<TicketWorkers>,
    Params(params): Params<TicketListParams>,
) -> Result<Page<TicketOut>, ApiError> {
    let (page, filter) = params.read()?;
    Ok(paged(&page, tickets::list_tickets(&app, &filter).await?))
}

/// A support ticket.
#[utoipa::path(get, path = "/api/v1/support-tickets/{ticketId}", operation_id = "readTicket", tag = "support",
    params(("ticketId" = TicketId, Path, description = "The ticket")),
    responses((status = 200, description = "The ticket", body = Data<TicketOut>), Problems))]
async fn read(
    State(app): State<App>,
    allowed: Allowed<TicketParties>,
    PathId(id): PathId<TicketId>,
) -> Result<Data<TicketOut>, ApiError> {
    let ticket = tickets::read_ticket(&app, ticket_reader(&allowed.caller)?, id).await?;
    Ok(Data::new(ticket.into()))
}

/// Assign, rank, move or resolve a ticket. What is left out stays. `resolved` wants a `resolution`; while a ticket is
/// `waiting_customer`, its clock stands still.
#[utoipa::path(put, path = "/api/v1/support-tickets/{ticketId}", operation_id = "updateTicket", tag = "support",
    params(("ticketId" = TicketId, Path, description = "The ticket")), request_body = UpdateTicketIn,
    responses((status = 200, description = "The ticket", body = Data<TicketOut>), Problems))]
async fn update(
    State(app): State<App>,
    allowed: Allowed<TicketWorkers>,
    PathId(id): PathId<TicketId>,
    Body(body): Body<UpdateTicketIn>,
) -> Result<Data<TicketOut>, ApiError> {
    let ticket = tickets::update_ticket(&app, &allowed.actor, id, body.change()).await?;
    Ok(Data::new(ticket.into()))
}

/// Write on a ticket. The first answer of support stops its clock of first responses; whoever opened the ticket sets it
/// going again by writing, also when it was resolved. `is_internal` is a note that only support reads.
#[utoipa::path(post, path = "/api/v1/support-tickets/{ticketId}/messages", operation_id = "writeTicketMessage", tag = "support",
    params(("ticketId" = TicketId, Path, description = "The ticket")), request_body = WriteMessageIn,
    responses((status = 201, description = "Written", body = Data<MessageOut>), Problems))]
async fn write_message(
    State(app): State<App>,
    allowed: Allowed<TicketParties>,
    PathId(id): PathId<TicketId>,
    Body(body): Body<WriteMessageIn>,
) -> Result<Created<MessageOut>, ApiError> {
    let reader = ticket_reader(&allowed.caller)?;
    let message = tickets::add_message(&app, &allowed.actor, reader, id, body.new_message()).await?;
    Ok(Created(message.into()))
}

/// What was written on a ticket, oldest first.
#[utoipa::path(get, path = "/api/v1/support-tickets/{ticketId}/messages", operation_id = "listTicketMessages", tag = "support",
    params(("ticketId" = TicketId, Path, description = "The ticket"), MessageParams),
    responses((status = 200, description = "Messages", body = Page<MessageOut>), Problems))]
async fn read_messages(
    State(app): State<App>,
    allowed: Allowed<TicketParties>,
    PathId(id): PathId<TicketId>,
    Params(params): Params<MessageParams>,
) -> Result<Page<MessageOut>, ApiError> {
    let page = params.read()?;
    let reader = ticket_reader(&allowed.caller)?;
    let messages = tickets::read_messages(&app, reader, id, page.after, page.fetch()).await?;
    let position = |message: &Message| MessagePosition { at: message.created_at, id: message.id };
    Ok(page.page(messages, position, MessageOut::from))
}
