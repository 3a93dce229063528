//! Deliveries: reading and moving.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use domain::events::AddressSnapshot;
use domain::{AdminRole, DeliveryId, DeliveryStatus, OrderId, Phone, Slot, UserId, VendorId};
use garde::Validate;
use serde::Deserialize;
use service_kit::http::{Allowed, Body, Caller, Created, Data, Page, PageParams, PageRequest, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::delivery_shapes::{DeliveryOut, DeliveryWholeOut, Viewer, whole};
use super::vendor_staff::Operations;
use crate::App;
use crate::domain::delivery::{Helper, Schedule};
use crate::domain::place::Place;
use crate::store::ByAge;
use crate::store::deliveries::{self, Delivery, Filter};
use crate::usecases::create_delivery::create_by_hand;
use crate::usecases::move_delivery::{Wish, move_delivery};

policy!(
    /// Who makes a delivery by hand.
    pub(super) Makers: service, admin[Operations]
);
policy!(
    /// Who sees a delivery: its parties and operations.
    pub(super) Readers: buyer, vendor, admin[Operations]
);
policy!(
    /// Who moves a delivery.
    pub(super) Movers: vendor, admin[Operations]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get))
        .routes(routes!(by_order))
        .routes(routes!(by_vendor))
        .routes(routes!(put_status))
}

/// A delivery to be made by hand.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryIn {
    #[garde(skip)]
    order_id: OrderId,
    #[garde(skip)]
    delivery_address: AddressSnapshot,
    #[garde(skip)]
    #[serde(default)]
    scheduled_date: Option<NaiveDate>,
    #[garde(skip)]
    #[serde(default)]
    scheduled_slot: Option<Slot>,
}

/// Makes the delivery of a confirmed order
///
/// It is made by itself when an order is confirmed; this is for when it was not. Again answers the same with 200.
#[utoipa::path(post, path = "/api/v1/deliveries", tag = "deliveries", operation_id = "createDelivery", request_body = DeliveryIn,
    responses((status = 201, description = "The delivery", body = Data<DeliveryOut>),
        (status = 200, description = "The order had one", body = Data<DeliveryOut>), Problems))]
async fn create(caller: Allowed<Makers>, State(app): State<App>, Body(body): Body<DeliveryIn>) -> Result<Response, ApiError> {
    if body.scheduled_slot.is_some() && body.scheduled_date.is_none() {
        return Err(ApiError::invalid_field("scheduled_date", "a slot is of a day"));
    }
    let wish = (body.delivery_address, body.scheduled_date, body.scheduled_slot);
    let (delivery, made) = create_by_hand(&app, &caller.actor, body.order_id, wish).await?;
    let out = DeliveryOut::from(delivery);
    Ok(if made { Created(out).into_response() } else { Data::new(out).into_response() })
}

/// As whom a caller looks at deliveries.
fn viewer(caller: &Caller) -> Viewer {
    if matches!(caller, Caller::Buyer { .. }) { Viewer::Buyer } else { Viewer::VendorOrStaff }
}

/// Whether this caller may see it; if not, it is not there.
fn visible(caller: &Caller, delivery: Option<Delivery>) -> Result<Delivery, ApiError> {
    let may = |delivery: &Delivery| {
        caller.is_buyer(delivery.buyer_id) || caller.is_vendor(delivery.vendor_id) || caller.is_admin(&[AdminRole::Operations])
    };
    delivery.filter(may).ok_or_else(|| ApiError::not_found("delivery"))
}

/// Reads a delivery with its history and proofs
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "deliveries", operation_id = "getDelivery",
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 200, description = "The delivery", body = Data<DeliveryWholeOut>), Problems))]
async fn get(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
) -> Result<Data<DeliveryWholeOut>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let delivery = visible(&caller.caller, deliveries::find(&mut conn, id).await?)?;
    let viewer = viewer(&caller.caller);
    Ok(Data::new(whole(&mut conn, delivery, viewer).await?))
}

/// Reads the delivery of an order
#[utoipa::path(get, path = "/api/v1/deliveries/order/{orderId}", tag = "deliveries", operation_id = "getDeliveryOfOrder",
    params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The delivery", body = Data<DeliveryWholeOut>), Problems))]
async fn by_order(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<OrderId>,
) -> Result<Data<DeliveryWholeOut>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let delivery = visible(&caller.caller, deliveries::find_by_order(&mut conn, id).await?)?;
    let viewer = viewer(&caller.caller);
    Ok(Data::new(whole(&mut conn, delivery, viewer).await?))
}

/// What to narrow the list to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    #[garde(skip)]
    status: Option<DeliveryStatus>,
}

async fn listed(app: &App, filter: &Filter, page: &PageRequest<ByAge>) -> Result<Page<DeliveryOut>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let found = deliveries::list(&mut conn, filter, page).await?;
    Ok(page.page(found, |d| ByAge { at: d.created_at, id: d.id.as_uuid() }, DeliveryOut::from))
}

/// Lists a vendor's deliveries, newest first
#[utoipa::path(get, path = "/api/v1/deliveries/vendor/{vendorId}", tag = "deliveries", operation_id = "listDeliveriesOfVendor",
    params(("vendorId" = VendorId, Path, description = "The vendor"), ListParams, PageParams),
    responses((status = 200, description = "The deliveries", body = Page<DeliveryOut>), Problems))]
async fn by_vendor(
    caller: Allowed<Movers>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Params(filter): Params<ListParams>,
    Params(page): Params<PageParams>,
) -> Result<Page<DeliveryOut>, ApiError> {
    if !caller.caller.is_vendor(id) && !caller.caller.is_admin(&[AdminRole::Operations]) {
        return Err(ApiError::forbidden("forbidden", "these are another vendor's"));
    }
    listed(&app, &Filter { vendor_id: Some(id), status: filter.status }, &page.request()?).await
}

/// Lists all deliveries, newest first
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "deliveries", operation_id = "listDeliveries", params(ListParams, PageParams),
    responses((status = 200, description = "The deliveries", body = Page<DeliveryOut>), Problems))]
async fn list(
    _caller: Allowed<Operations>,
    State(app): State<App>,
    Params(filter): Params<ListParams>,
    Params(page): Params<PageParams>,
) -> Result<Page<DeliveryOut>, ApiError> {
    listed(&app, &Filter { vendor_id: None, status: filter.status }, &page.request()?).await
}

/// Where a delivery goes next.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryStatusIn {
    /// `assigned`, `in_transit` (through `assigned` by itself) or `failed`; `delivered` follows from proof only.
    #[garde(skip)]
    status: DeliveryStatus,
    #[garde(range(min = -90.0, max = 90.0))]
    #[serde(default)]
    latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    #[serde(default)]
    longitude: Option<f64>,
    /// Required for `failed`: why.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    notes: Option<String>,
    /// Who brings it, when it is another user than the owner.
    #[garde(skip)]
    #[serde(default)]
    delivered_by: Option<UserId>,
    /// Who of the vendor's brings it. The buyer sees it while it is on its way.
    #[garde(dive)]
    #[serde(default)]
    helper: Option<HelperIn>,
    /// With `assigned`: the Indian day it is planned for, from today to 60 days ahead.
    #[garde(skip)]
    #[serde(default)]
    scheduled_date: Option<NaiveDate>,
    /// Time of that day.
    #[garde(skip)]
    #[serde(default)]
    scheduled_slot: Option<Slot>,
}

/// Somebody who brings deliveries for the vendor.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct HelperIn {
    #[garde(length(chars, min = 2, max = 255))]
    name: String,
    #[garde(skip)]
    phone: Phone,
}

impl DeliveryStatusIn {
    fn wish(self) -> Result<Wish, ApiError> {
        if self.latitude.is_some() != self.longitude.is_some() {
            return Err(ApiError::invalid_field("longitude", "latitude and longitude come together"));
        }
        if self.scheduled_slot.is_some() && self.scheduled_date.is_none() {
            return Err(ApiError::invalid_field("scheduled_date", "a slot is of a day"));
        }
        Ok(Wish {
            status: self.status,
            place: Place::of(self.latitude, self.longitude),
            notes: self.notes,
            delivered_by: self.delivered_by,
            helper: self.helper.map(|helper| Helper { name: helper.name.trim().to_owned(), phone: helper.phone }),
            schedule: self.scheduled_date.map(|date| Schedule { date, slot: self.scheduled_slot }),
        })
    }
}

/// The vendor that moves; `None` for staff.
fn owner(caller: &Caller) -> Option<VendorId> {
    match caller {
        Caller::Vendor { vendor_id, .. } => Some(*vendor_id),
        _ => None,
    }
}

/// Moves a delivery, with its position
///
/// Repeated while on its way, it tells a new position; repeated while assigned, it names another helper or day.
#[utoipa::path(put, path = "/api/v1/deliveries/{id}/status", tag = "deliveries", operation_id = "setDeliveryStatus", request_body = DeliveryStatusIn,
    params(("id" = DeliveryId, Path, description = "The delivery")),
    responses((status = 200, description = "The delivery", body = Data<DeliveryOut>), Problems))]
async fn put_status(
    caller: Allowed<Movers>,
    State(app): State<App>,
    PathId(id): PathId<DeliveryId>,
    Body(body): Body<DeliveryStatusIn>,
) -> Result<Data<DeliveryOut>, ApiError> {
    let wish = body.wish()?;
    let delivery = move_delivery(&app, &caller.actor, id, owner(&caller.caller), &wish).await?;
    Ok(Data::new(delivery.into()))
}
