//! What other services ask.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use clients::catalog::{ReplaceReservationIn, ReservationOut, ReserveIn, ValidateIn, ValidateOut, WantedLine};
use domain::{GstScheme, OrderId, VendorId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, Data, PathId, Problems, ServiceOnly};

use crate::App;
use crate::domain::reservation::{Ending, Standing};
use crate::usecases::end_reservation::end_reservation;
use crate::usecases::replace_reservation::replace_reservation;
use crate::usecases::reserve_stock::reserve_stock;
use crate::usecases::validate_lines::validate_lines;

/// [`ValidateIn`], with its limits.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidateBody {
    #[garde(skip)]
    vendor_id: VendorId,
    #[garde(skip)]
    gst_scheme: GstScheme,
    /// The order's Indian day.
    #[garde(skip)]
    on: NaiveDate,
    #[garde(length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<WantedLine>,
    /// What the order keeps already, when it is one that is edited.
    #[garde(length(max = 200))]
    #[schema(max_items = 200)]
    #[serde(default)]
    held: Vec<WantedLine>,
}

/// [`ReserveIn`], with its limits.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReserveBody {
    #[garde(skip)]
    order_id: OrderId,
    #[garde(skip)]
    vendor_id: VendorId,
    #[garde(length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<WantedLine>,
    #[garde(skip)]
    expires_at: DateTime<Utc>,
}

/// [`ReplaceReservationIn`], with its limits.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceBody {
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    revision: i64,
    #[garde(length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<WantedLine>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

fn standing(order_id: OrderId, standing: Standing) -> Data<ReservationOut> {
    Data::new(ReservationOut { order_id, status: standing.status.as_str().to_owned(), revision: standing.revision })
}

/// Whether lines can be ordered from a vendor, at what price and tax; line by line in the order asked.
#[utoipa::path(post, path = "/internal/v1/catalog/validate", tag = "internal", operation_id = "validateLines", request_body = ValidateBody,
    responses((status = 200, body = Data<ValidateOut>), Problems), security(("service" = [])))]
pub(crate) async fn validate(
    State(app): State<App>,
    _: ServiceOnly,
    Body(body): Body<ValidateBody>,
) -> Result<Data<ValidateOut>, ApiError> {
    let ValidateBody { vendor_id, gst_scheme, on, lines, held } = body;
    let wanted = ValidateIn { vendor_id, gst_scheme, on, lines, held };
    Ok(Data::new(ValidateOut { lines: validate_lines(&app, &wanted).await? }))
}

/// Keeps stock for an order. Again with the same: the same answer.
#[utoipa::path(post, path = "/internal/v1/reservations", tag = "internal", operation_id = "reserveStock", request_body = ReserveBody,
    responses((status = 200, body = Data<ReservationOut>), Problems), security(("service" = [])))]
pub(crate) async fn reserve(
    State(app): State<App>,
    caller: ServiceOnly,
    Body(body): Body<ReserveBody>,
) -> Result<Data<ReservationOut>, ApiError> {
    let wanted = ReserveIn { order_id: body.order_id, vendor_id: body.vendor_id, lines: body.lines, expires_at: body.expires_at };
    let stands = reserve_stock(&app, &caller.actor, &wanted).await?;
    Ok(standing(wanted.order_id, stands))
}

/// Keeps other things for an order than before: all of them, or the old ones stay as they are. Again with the same: the
/// same answer; with a lower revision than is known: refused.
#[utoipa::path(put, path = "/internal/v1/reservations/{orderId}", tag = "internal", operation_id = "replaceReservation",
    params(("orderId" = OrderId, Path)), request_body = ReplaceBody,
    responses((status = 200, body = Data<ReservationOut>), Problems), security(("service" = [])))]
pub(crate) async fn replace(
    State(app): State<App>,
    caller: ServiceOnly,
    PathId(order_id): PathId<OrderId>,
    Body(body): Body<ReplaceBody>,
) -> Result<Data<ReservationOut>, ApiError> {
    let wanted = ReplaceReservationIn { revision: body.revision, lines: body.lines };
    Ok(standing(order_id, replace_reservation(&app, &caller.actor, order_id, &wanted).await?))
}

/// The goods of an order have left. Again: the same answer.
#[utoipa::path(post, path = "/internal/v1/reservations/{orderId}/commit", tag = "internal", operation_id = "commitReservation",
    params(("orderId" = OrderId, Path)), request_body = Nothing,
    responses((status = 200, body = Data<ReservationOut>), Problems), security(("service" = [])))]
pub(crate) async fn commit(
    State(app): State<App>,
    caller: ServiceOnly,
    PathId(order_id): PathId<OrderId>,
    _: Body<Nothing>,
) -> Result<Data<ReservationOut>, ApiError> {
    Ok(standing(order_id, end_reservation(&app, &caller.actor, order_id, Ending::Commit).await?))
}

/// What an order keeps is free again. Again: the same answer; before it was kept: it never will be.
#[utoipa::path(post, path = "/internal/v1/reservations/{orderId}/release", tag = "internal", operation_id = "releaseReservation",
    params(("orderId" = OrderId, Path)), request_body = Nothing,
    responses((status = 200, body = Data<ReservationOut>), Problems), security(("service" = [])))]
pub(crate) async fn release(
    State(app): State<App>,
    caller: ServiceOnly,
    PathId(order_id): PathId<OrderId>,
    _: Body<Nothing>,
) -> Result<Data<ReservationOut>, ApiError> {
    Ok(standing(order_id, end_reservation(&app, &caller.actor, order_id, Ending::Release).await?))
}
