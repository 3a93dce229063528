//! What only our own services may ask.

use axum::extract::State;
use chrono::{DateTime, Utc};
use clients::order::{InvoiceFacts, MarkPaidIn, OrderSummary};
use domain::{BuyerId, OrderId, OrderNumber, VendorId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Data, Params, PathId, Problems, RawBody, ServiceOnly};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::invoice_facts::invoice_facts;
use super::shapes::summary;
use crate::App;
use crate::store::lists::{Filter, Position};
use crate::usecases::follow_payment::{self, Captured};
use crate::usecases::read_orders::{self, Whose};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(read_by_number))
        .routes(routes!(list_completed))
        .routes(routes!(list_placed))
        .routes(routes!(list_running))
        .routes(routes!(read_invoice_facts))
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

/// Which placed orders.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct PlacedParams {
    /// Placed at this moment or later.
    #[garde(skip)]
    from: DateTime<Utc>,
    /// Placed before this moment.
    #[garde(skip)]
    to: DateTime<Utc>,
    /// `placed_at` of the last order of the page before.
    #[garde(skip)]
    #[serde(default)]
    before_at: Option<DateTime<Utc>>,
    /// Its id.
    #[garde(skip)]
    #[serde(default)]
    before_id: Option<OrderId>,
}

/// How many orders a page of [`list_placed`] has at most.
const PLACED_PAGE: i64 = 500;

/// Orders placed in a period, newest first, at most 500 at a time.
#[utoipa::path(get, path = "/internal/v1/orders/placed", operation_id = "listPlacedOrders", tag = "internal", params(PlacedParams),
    responses((status = 200, description = "The orders", body = Data<Vec<OrderSummary>>), Problems))]
async fn list_placed(
    State(app): State<App>,
    _: ServiceOnly,
    Params(params): Params<PlacedParams>,
) -> Result<Data<Vec<OrderSummary>>, ApiError> {
    let filter = Filter {
        from: Some(params.from),
        until: Some(params.to),
        after: params.before_at.zip(params.before_id).map(|(at, id)| Position { at, id }),
        fetch: PLACED_PAGE,
        ..Filter::default()
    };
    let orders = read_orders::placed_orders(&app, &filter).await?;
    Ok(Data::new(orders.into_iter().map(summary).collect()))
}

/// Whose running orders. One of the two.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunningParams {
    /// Those a buyer placed.
    #[garde(skip)]
    #[serde(default)]
    buyer_id: Option<BuyerId>,
    /// Those a vendor is to deliver.
    #[garde(skip)]
    #[serde(default)]
    vendor_id: Option<VendorId>,
}

/// Orders of a buyer or a vendor that are neither completed nor cancelled, newest first, at most 20.
#[utoipa::path(get, path = "/internal/v1/orders/running", operation_id = "listRunningOrders", tag = "internal", params(RunningParams),
    responses((status = 200, description = "The orders", body = Data<Vec<OrderSummary>>), Problems))]
async fn list_running(
    State(app): State<App>,
    _: ServiceOnly,
    Params(params): Params<RunningParams>,
) -> Result<Data<Vec<OrderSummary>>, ApiError> {
    let whose = match (params.buyer_id, params.vendor_id) {
        (Some(buyer), None) => Whose::Buyer(buyer),
        (None, Some(vendor)) => Whose::Vendor(vendor),
        _ => return Err(ApiError::invalid_field("buyer_id", "give either a buyer or a vendor")),
    };
    let orders = read_orders::running_orders(&app, &whose).await?;
    Ok(Data::new(orders.into_iter().map(summary).collect()))
}

/// What an invoice of the order needs to know.
#[utoipa::path(get, path = "/internal/v1/orders/{id}/invoice-facts", operation_id = "readInvoiceFactsOfOrder", tag = "internal",
    params(("id" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The order with its lines and their tax", body = Data<InvoiceFacts>), Problems))]
async fn read_invoice_facts(
    State(app): State<App>,
    _: ServiceOnly,
    PathId(id): PathId<OrderId>,
) -> Result<Data<InvoiceFacts>, ApiError> {
    let (order, lines) = read_orders::read_with_lines(&app, id).await?;
    Ok(Data::new(invoice_facts(order, lines)))
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
