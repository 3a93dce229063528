//! Reading one order and its story.

use axum::extract::State;
use domain::{ActorKind, OrderId, OrderNumber};
use service_kit::http::{Allowed, Caller, Data, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shapes::{ItemOut, OrderOut, items};
use super::story::TimelineOut;
use crate::App;
use crate::domain::timeline::visible;
use crate::store::orders::Reader;
use crate::usecases::read_orders;

policy!(
    /// Who may read an order.
    pub(crate) OrderReaders: buyer, vendor, admin[Operations, Support, Finance]
);
policy!(
    /// Who may read the lines of an order.
    pub(crate) ItemReaders: buyer, vendor, admin[Operations, Support, Finance]
);
policy!(
    /// Who may read the story of an order.
    pub(crate) TimelineReaders: buyer, vendor, admin[Operations, Support, Finance]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_by_number)).routes(routes!(read_timeline))
}

/// Whose eyes the caller reads with: parties find their own orders, staff finds all.
pub(crate) fn reader_of(caller: &Caller) -> Result<Reader, ApiError> {
    match caller {
        Caller::Buyer { buyer_id, .. } => Ok(Reader::Buyer(*buyer_id)),
        Caller::Vendor { vendor_id, .. } => Ok(Reader::Vendor(*vendor_id)),
        Caller::Admin { .. } => Ok(Reader::Staff),
        Caller::Service { .. } => Ok(Reader::Service),
        Caller::Unregistered { .. } => Err(ApiError::not_found("order")),
    }
}

/// An order with its lines, prices and status history.
#[utoipa::path(get, path = "/api/v1/orders/{id}", operation_id = "readOrder", tag = "orders", params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The order", body = Data<OrderOut>), Problems))]
pub(crate) async fn read(
    State(app): State<App>,
    allowed: Allowed<OrderReaders>,
    PathId(id): PathId<OrderId>,
) -> Result<Data<OrderOut>, ApiError> {
    let whole = read_orders::read_order(&app, reader_of(&allowed.caller)?, id).await?;
    Ok(Data::new(OrderOut::whole(whole)))
}

/// An order by its number as people type it: `ord 1`, `ORD1`, `#ORD000001`.
#[utoipa::path(get, path = "/api/v1/orders/by-number/{number}", operation_id = "readOrderByNumber", tag = "orders",
    params(("number" = String, Path, description = "The number, loosely typed")),
    responses((status = 200, description = "The order", body = Data<OrderOut>), Problems))]
async fn read_by_number(
    State(app): State<App>,
    allowed: Allowed<OrderReaders>,
    PathId(number): PathId<OrderNumber>,
) -> Result<Data<OrderOut>, ApiError> {
    let whole = read_orders::read_by_number(&app, reader_of(&allowed.caller)?, &number).await?;
    Ok(Data::new(OrderOut::whole(whole)))
}

/// The lines of an order.
#[utoipa::path(get, path = "/api/v1/orders/{id}/items", operation_id = "readOrderItems", tag = "orders", params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The lines", body = Data<Vec<ItemOut>>), Problems))]
pub(crate) async fn read_items(
    State(app): State<App>,
    allowed: Allowed<ItemReaders>,
    PathId(id): PathId<OrderId>,
) -> Result<Data<Vec<ItemOut>>, ApiError> {
    let whole = read_orders::read_order(&app, reader_of(&allowed.caller)?, id).await?;
    Ok(Data::new(items(whole.lines)))
}

/// The order's story across the services, from the beginning. Buyers do not see settlements.
#[utoipa::path(get, path = "/api/v1/orders/{id}/timeline", operation_id = "readOrderTimeline", tag = "orders",
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "What happened, oldest first", body = Data<Vec<TimelineOut>>), Problems))]
async fn read_timeline(
    State(app): State<App>,
    allowed: Allowed<TimelineReaders>,
    PathId(id): PathId<OrderId>,
) -> Result<Data<Vec<TimelineOut>>, ApiError> {
    let reader: ActorKind = allowed.actor.kind;
    let entries = read_orders::read_timeline(&app, reader_of(&allowed.caller)?, id).await?;
    let seen = entries.into_iter().filter(|entry| visible(&entry.event_type, reader));
    Ok(Data::new(seen.map(TimelineOut::from).collect()))
}
