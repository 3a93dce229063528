//! Deliveries for our other services only.

use axum::extract::State;
use domain::OrderId;
use domain::events::DeliveryFacts;
use service_kit::ApiError;
use service_kit::http::{Data, PathId, Problems, ServiceOnly};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::store::deliveries;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(of_order))
}

/// Reads how the delivery of an order stands
#[utoipa::path(get, path = "/internal/v1/deliveries/order/{orderId}", tag = "internal", operation_id = "getDeliveryFactsOfOrder",
    params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The delivery", body = Data<DeliveryFacts>), Problems))]
async fn of_order(
    _caller: ServiceOnly,
    State(app): State<App>,
    PathId(order): PathId<OrderId>,
) -> Result<Data<DeliveryFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await.map_err(ApiError::from)?;
    let found = deliveries::find_by_order(&mut conn, order).await.map_err(ApiError::from)?;
    Ok(Data::new(found.ok_or_else(|| ApiError::not_found("delivery"))?.facts()))
}
