//! What only our own services may ask.

use axum::extract::State;
use chrono::{DateTime, Utc};
use clients::order::{MarkPaidIn, OrderSummary};
use domain::{OrderId, OrderNumber, VendorId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Data, Params, PathId, Problems, RawBody, ServiceOnly};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shapes::summary;
use crate::App;
use crate::usecases::follow_payment::{self, Captured};
use crate::usecases::read_orders;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(read_by_number))
        .routes(routes!(list_completed))
        .routes(routes!(mark_paid))
}

/// An order by id.
#[utoipa::path(get, path = "/internal/v1/orders/{id}", operation_id = "readOrderForService", tag = "internal", params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The order", body = Data<OrderSummary>), Problems))]
async fn read(State(app): State<App>, _: ServiceOnly, PathId(id): PathId<OrderId>) -> Result<Data<OrderSummary>, ApiError> {
    Ok(Data::new(summary(read_orders::read_bare(&app, id).await?)))
}

/// An order by number, loosely typed.
#[utoipa::path(get, path = "/internal/v1/orders/by-number/{number}", operation_id = "readOrderByNumberForService", tag = "internal",
    params(("number" = String, Path, description = "The number")),
    responses((status = 200, description = "The order", body = Data<OrderSummary>), Problems))]
async fn read_by_number(
    State(app): State<App>,
    _: ServiceOnly,
    PathId(number): PathId<OrderNumber>,
) -> Result<Data<OrderSummary>, ApiError> {
    Ok(Data::new(summary(read_orders::read_bare_by_number(&app, &number).await?)))
}

/// Which completed orders.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct CompletedParams {
    /// Whose.
    #[garde(skip)]
    vendor_id: VendorId,
    /// Completed at this moment or later.
    #[garde(skip)]
    from: DateTime<Utc>,
    /// Completed before this moment.
    #[garde(skip)]
    to: DateTime<Utc>,
}

/// A vendor's orders completed in a period.
#[utoipa::path(get, path = "/internal/v1/orders/completed", operation_id = "listCompletedOrders", tag = "internal", params(CompletedParams),
    responses((status = 200, description = "The orders, oldest first", body = Data<Vec<OrderSummary>>), Problems))]
async fn list_completed(
    State(app): State<App>,
    _: ServiceOnly,
    Params(params): Params<CompletedParams>,
) -> Result<Data<Vec<OrderSummary>>, ApiError> {
    let orders = read_orders::completed_orders(&app, params.vendor_id, params.from, params.to).await?;
    Ok(Data::new(orders.into_iter().map(summary).collect()))
}

/// The money of an order is in; the event says the same. Known already, or cancelled meanwhile: 200 with where it stands.
#[utoipa::path(post, path = "/internal/v1/orders/{id}/mark-paid", operation_id = "markOrderPaid", tag = "internal", request_body = MarkPaidIn,
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "Known", body = Data<OrderSummary>), Problems))]
async fn mark_paid(
    State(app): State<App>,
    _: ServiceOnly,
    PathId(id): PathId<OrderId>,
    raw: RawBody,
) -> Result<Data<OrderSummary>, ApiError> {
    let paid: MarkPaidIn = serde_json::from_slice(&raw.bytes).map_err(|e| ApiError::invalid_field("", e.to_string()))?;
    let money = Captured { payment_id: paid.payment_id, amount: paid.amount, at: paid.captured_at };
    Ok(Data::new(summary(follow_payment::mark_paid(&app, id, money).await?)))
}
