//! The lines of an order, edited before it is paid.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::{OrderId, OrderItemId, Quantity};
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, BuyerCaller, Data, PathId, PathOf, Problems};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inputs::{ItemIn, more_than_nothing};
use super::shapes::OrderOut;
use crate::App;
use crate::domain::{WantedItem, Wish};
use crate::usecases::edit_items;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(super::reading::read_items, add)).routes(routes!(change, remove))
}

/// Another quantity of a line.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeItemIn {
    /// How much.
    #[garde(custom(more_than_nothing))]
    quantity: Quantity,
}

/// Order one thing more, before the order is paid. All of it is priced anew, the stock is kept and the payment replaced;
/// money paid to the payment before goes back.
#[utoipa::path(post, path = "/api/v1/orders/{id}/items", operation_id = "addOrderItem", tag = "orders", request_body = ItemIn,
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 201, description = "The order as it is now", body = Data<OrderOut>), Problems))]
async fn add(
    State(app): State<App>,
    caller: BuyerCaller,
    PathId(id): PathId<OrderId>,
    Body(body): Body<ItemIn>,
) -> Result<Response, ApiError> {
    let item = WantedItem {
        id: app.kit.ids.next(),
        item_type: body.item_type,
        item_id: body.item_id,
        quantity: body.quantity,
        unit: body.unit,
    };
    Ok((StatusCode::CREATED, edited(&app, &caller, id, Wish::Add(item)).await?).into_response())
}

/// Order another quantity of a thing, before the order is paid.
#[utoipa::path(put, path = "/api/v1/orders/{id}/items/{itemId}", operation_id = "changeOrderItem", tag = "orders", request_body = ChangeItemIn,
    params(("id" = OrderId, Path, description = "The order"), ("itemId" = OrderItemId, Path, description = "The line")),
    responses((status = 200, description = "The order as it is now", body = Data<OrderOut>), Problems))]
async fn change(
    State(app): State<App>,
    caller: BuyerCaller,
    PathOf((id, item)): PathOf<(OrderId, OrderItemId)>,
    Body(body): Body<ChangeItemIn>,
) -> Result<Data<OrderOut>, ApiError> {
    edited(&app, &caller, id, Wish::Change(item, body.quantity)).await
}

/// Order one thing less, before the order is paid. The last one stays: cancel the order instead.
#[utoipa::path(delete, path = "/api/v1/orders/{id}/items/{itemId}", operation_id = "removeOrderItem", tag = "orders",
    params(("id" = OrderId, Path, description = "The order"), ("itemId" = OrderItemId, Path, description = "The line")),
    responses((status = 200, description = "The order as it is now", body = Data<OrderOut>), Problems))]
async fn remove(
    State(app): State<App>,
    caller: BuyerCaller,
    PathOf((id, item)): PathOf<(OrderId, OrderItemId)>,
) -> Result<Data<OrderOut>, ApiError> {
    edited(&app, &caller, id, Wish::Remove(item)).await
}

async fn edited(app: &App, caller: &BuyerCaller, id: OrderId, wish: Wish) -> Result<Data<OrderOut>, ApiError> {
    let (whole, opened) = edit_items::edit_items(app, &caller.actor, caller.buyer_id, id, wish).await?;
    Ok(Data::new(OrderOut::with_payment(whole, opened)))
}
