//! Placing, pricing and moving orders.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::OrderId;
use http::StatusCode;
use pg_kit::idempotency;
use service_kit::http::body::parse;
use service_kit::http::{Allowed, Body, BuyerCaller, Data, IdempotencyKey, PathId, Problems, RawBody, VendorCaller};
use service_kit::{ApiError, policy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inputs::{CancelIn, ConfirmIn, PlaceOrderIn, QuoteIn, UpdateStatusIn};
use super::reading::reader_of;
use super::shapes::{OrderOut, QuoteOut};
use crate::App;
use crate::domain::Order;
use crate::store::orders::Reader;
use crate::usecases::place_order::{Answer, Placement};
use crate::usecases::{cancel_order, confirm_order, place_order, quote_order, read_orders, update_status};

policy!(
    /// Who moves an order by naming a status.
    pub(crate) StatusWriters: vendor, admin[Operations]
);
policy!(
    /// Who may end an order.
    pub(crate) Cancellers: buyer, vendor, admin[Operations]
);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(place, super::lists::list))
        .routes(routes!(quote))
        .routes(routes!(super::reading::read, delete))
        .routes(routes!(put_status))
        .routes(routes!(confirm))
        .routes(routes!(cancel))
}

/// Place an order. The same `Idempotency-Key` with the same body gets the same answer for 24 hours, a refusal after the
/// order was written down (such as `out_of_stock` or `payment_unavailable`) included: try again with a new key.
#[utoipa::path(post, path = "/api/v1/orders", operation_id = "placeOrder", tag = "orders", request_body = PlaceOrderIn,
    params(("Idempotency-Key" = String, Header, description = "Yours, one for each order you want")),
    responses((status = 201, description = "Placed, or placed before by this key", body = Data<OrderOut>), Problems))]
async fn place(
    State(app): State<App>,
    caller: BuyerCaller,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<PlaceOrderIn>,
) -> Result<Response, ApiError> {
    let document = serde_json::to_value(&body).map_err(ApiError::internal)?;
    let placement = Placement {
        wanted: body.wanted(caller.buyer_id),
        payment_method: body.payment_method,
        notes: body.notes,
        key,
        caller: format!("user:{}", caller.user_id),
        body_hash: idempotency::hash(&document),
    };
    let Answer { status, body } = place_order::place_order(&app, &caller.actor, &placement).await?;
    let status = StatusCode::from_u16(status).map_err(ApiError::internal)?;
    Ok((status, Json(body)).into_response())
}

/// What an order would cost. Checks what placing checks and keeps nothing.
#[utoipa::path(post, path = "/api/v1/orders/quote", operation_id = "quoteOrder", tag = "orders", request_body = QuoteIn,
    responses((status = 200, description = "The price, line by line", body = Data<QuoteOut>), Problems))]
async fn quote(State(app): State<App>, caller: BuyerCaller, Body(body): Body<QuoteIn>) -> Result<Data<QuoteOut>, ApiError> {
    let checkout = quote_order::quote_order(&app, &body.wanted(caller.buyer_id)).await?;
    Ok(Data::new(QuoteOut::new(checkout, &app.config.delivery_tax_code)))
}

/// Move an order to a status. Vendors: `preparing` (and `confirmed`, `cancelled` as the operations of those names do).
/// Staff: also `in_transit`. The rest follows from payment and delivery.
#[utoipa::path(put, path = "/api/v1/orders/{id}/status", operation_id = "updateOrderStatus", tag = "orders", request_body = UpdateStatusIn,
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "It stands there", body = Data<OrderOut>), Problems))]
async fn put_status(
    State(app): State<App>,
    allowed: Allowed<StatusWriters>,
    PathId(id): PathId<OrderId>,
    Body(body): Body<UpdateStatusIn>,
) -> Result<Data<OrderOut>, ApiError> {
    let reader = reader_of(&allowed.caller)?;
    let order = update_status::update_status(&app, &allowed.actor, reader, id, body.status, body.notes.as_deref()).await?;
    shown(&app, reader, order).await
}

/// Confirm an order. Confirmed already: 200 with the order.
#[utoipa::path(post, path = "/api/v1/orders/{id}/confirm", operation_id = "confirmOrder", tag = "orders", request_body(content = Option<ConfirmIn>),
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "Confirmed", body = Data<OrderOut>), Problems))]
async fn confirm(
    State(app): State<App>,
    caller: VendorCaller,
    PathId(id): PathId<OrderId>,
    raw: RawBody,
) -> Result<Data<OrderOut>, ApiError> {
    let body: ConfirmIn = if raw.bytes.is_empty() { ConfirmIn::default() } else { parse(&raw.bytes)? };
    let reader = Reader::Vendor(caller.vendor_id);
    let order = confirm_order::confirm_order(&app, &caller.actor, reader, id, body.notes.as_deref()).await?;
    shown(&app, reader, order).await
}

/// Cancel an order, saying why. Its stock is freed and what was paid goes back in full. Cancelled already: 200 with the
/// order, the first reason stays.
#[utoipa::path(post, path = "/api/v1/orders/{id}/cancel", operation_id = "cancelOrder", tag = "orders", request_body = CancelIn,
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "Cancelled", body = Data<OrderOut>), Problems))]
async fn cancel(
    State(app): State<App>,
    allowed: Allowed<Cancellers>,
    PathId(id): PathId<OrderId>,
    Body(body): Body<CancelIn>,
) -> Result<Data<OrderOut>, ApiError> {
    let reader = reader_of(&allowed.caller)?;
    let order = cancel_order::cancel_order(&app, &allowed.actor, reader, id, body.reason.trim()).await?;
    shown(&app, reader, order).await
}

/// Cancel an order without saying why.
#[utoipa::path(delete, path = "/api/v1/orders/{id}", operation_id = "deleteOrder", tag = "orders",
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "Cancelled", body = Data<OrderOut>), Problems))]
pub(crate) async fn delete(
    State(app): State<App>,
    allowed: Allowed<Cancellers>,
    PathId(id): PathId<OrderId>,
) -> Result<Data<OrderOut>, ApiError> {
    let reader = reader_of(&allowed.caller)?;
    let reason = format!("cancelled by the {}", allowed.actor.kind);
    let order = cancel_order::cancel_order(&app, &allowed.actor, reader, id, &reason).await?;
    shown(&app, reader, order).await
}

async fn shown(app: &App, reader: Reader, order: Order) -> Result<Data<OrderOut>, ApiError> {
    Ok(Data::new(OrderOut::whole(read_orders::read_order(app, reader, order.id).await?)))
}
