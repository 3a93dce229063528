//! Vendors for themselves and for everybody.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Pincode, VendorId, VendorStatus};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::http::{Allowed, Anyone, Body, Caller, Data, Params, PathId, Problems, VendorCaller};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::vendor_shapes::{OnboardIn, Sees, UpdateVendorIn, VendorOut};
use crate::App;
use crate::domain::hours::OpenSpan;
use crate::domain::place::Place;
use crate::domain::vendor::BusinessType;
use crate::store::available::{Available, Wanted};
use crate::usecases::find_available::find_available;
use crate::usecases::onboard_vendor::{self, onboard_vendor};
use crate::usecases::set_availability::{Change, set_availability};
use crate::usecases::update_vendor::update_vendor;

policy!(
    /// Anybody signed in, registered or not.
    pub(super) Anybody: unregistered, buyer, vendor, admin[Operations, Support, Finance], service
);
policy!(
    /// Who changes a vendor's details.
    pub(super) Editors: vendor, admin[Operations]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(onboard))
        .routes(routes!(available))
        .routes(routes!(get, update))
        .routes(routes!(get_availability, put_availability))
}

/// How much of this vendor the caller sees.
pub(super) fn sight(caller: &Caller, id: VendorId) -> Sees {
    if caller.is_admin(&[domain::AdminRole::Finance]) {
        Sees::AllAndBank
    } else if caller.is_admin(&[domain::AdminRole::Operations]) || caller.is_vendor(id) {
        Sees::All
    } else {
        Sees::PublicPart
    }
}

/// Gives the details of the caller's business
///
/// May be repeated until the papers are approved.
#[utoipa::path(post, path = "/api/v1/vendors/onboard", tag = "vendors", operation_id = "onboardVendor", request_body = OnboardIn,
    responses((status = 200, description = "The vendor", body = Data<VendorOut>), Problems))]
async fn onboard(caller: VendorCaller, State(app): State<App>, Body(body): Body<OnboardIn>) -> Result<Data<VendorOut>, ApiError> {
    let vendor = onboard_vendor::find(&app, caller.vendor_id).await?;
    let details = body.details(&vendor.business_phone)?;
    let vendor = onboard_vendor(&app, &caller.actor, caller.vendor_id, details).await?;
    Ok(Data::new(VendorOut::of(vendor, Sees::All)))
}

/// Reads a vendor
///
/// The vendor and operations see all, finance the bank account as well, everybody else the public part.
#[utoipa::path(get, path = "/api/v1/vendors/{id}", tag = "vendors", operation_id = "getVendor", params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor", body = Data<VendorOut>), Problems))]
async fn get(
    caller: Allowed<Anybody>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
) -> Result<Data<VendorOut>, ApiError> {
    let sees = sight(&caller.caller, id);
    let vendor = onboard_vendor::find(&app, id).await?;
    if sees == Sees::PublicPart && vendor.details.is_none() {
        return Err(ApiError::not_found("vendor"));
    }
    Ok(Data::new(VendorOut::of(vendor, sees)))
}

/// Changes a vendor's details
///
/// After the papers are approved, PAN, GSTIN, scheme, state and bank account are changed by operations only.
#[utoipa::path(put, path = "/api/v1/vendors/{id}", tag = "vendors", operation_id = "updateVendor", request_body = UpdateVendorIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor", body = Data<VendorOut>), Problems))]
async fn update(
    caller: Allowed<Editors>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<UpdateVendorIn>,
) -> Result<Data<VendorOut>, ApiError> {
    let sees = sight(&caller.caller, id);
    if sees == Sees::PublicPart {
        return Err(ApiError::forbidden("forbidden", "this is another vendor"));
    }
    body.check()?;
    let vendor = update_vendor(&app, &caller.actor, id, |details| body.apply(details)).await?;
    Ok(Data::new(VendorOut::of(vendor, sees)))
}

/// Whether a shop is open.
#[derive(Debug, Serialize, ToSchema)]
struct AvailabilityOut {
    vendor_id: VendorId,
    /// The switch.
    is_accepting_orders: bool,
    /// Switched on, within its hours, and active: orders may be placed.
    can_take_orders: bool,
    /// Weekly hours by the clock of India; none: at all hours.
    working_hours: Option<Vec<OpenSpan>>,
    /// Indian days on which it is closed.
    holidays: Vec<NaiveDate>,
    /// Whether it is open by its hours and holidays.
    open_by_hours: bool,
    /// When that changes next, if it does.
    next_change_at: Option<DateTime<Utc>>,
}

impl AvailabilityOut {
    fn of(vendor: crate::domain::vendor::Vendor, now: DateTime<Utc>) -> Self {
        // By the clock, not by what the job last wrote: the job may be a second behind.
        let open_by_hours = vendor.hours.open_at(now);
        Self {
            vendor_id: vendor.id,
            is_accepting_orders: vendor.is_accepting_orders,
            can_take_orders: vendor.is_accepting_orders && open_by_hours && vendor.status == VendorStatus::Active,
            open_by_hours,
            next_change_at: vendor.hours.next_change(now),
            working_hours: vendor.hours.week,
            holidays: vendor.hours.holidays,
        }
    }
}

/// What a `null` says and an absent field does not: take it away.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Opens or closes a shop, or says when it is open. What is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct AvailabilityIn {
    /// The switch.
    #[garde(skip)]
    is_accepting_orders: Option<bool>,
    /// Weekly hours by the clock of India, several a day if need be; `null`: at all hours.
    #[garde(inner(inner(length(max = 28))))]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<OpenSpan>>)]
    working_hours: Option<Option<Vec<OpenSpan>>>,
    /// Indian days on which it is closed; takes the place of those before.
    #[garde(inner(length(max = 100)))]
    holidays: Option<Vec<NaiveDate>>,
}

/// Whether a shop is open
#[utoipa::path(get, path = "/api/v1/vendors/{id}/availability", tag = "vendors", operation_id = "getAvailability", security(()),
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "Whether it is", body = Data<AvailabilityOut>), Problems))]
async fn get_availability(
    _caller: Anyone,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
) -> Result<Data<AvailabilityOut>, ApiError> {
    Ok(Data::new(AvailabilityOut::of(onboard_vendor::find(&app, id).await?, app.kit.clock.now())))
}

/// Opens or closes the caller's shop, or says when it is open
#[utoipa::path(put, path = "/api/v1/vendors/{id}/availability", tag = "vendors", operation_id = "setAvailability", request_body = AvailabilityIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "Whether it is open now", body = Data<AvailabilityOut>), Problems))]
async fn put_availability(
    caller: VendorCaller,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<AvailabilityIn>,
) -> Result<Data<AvailabilityOut>, ApiError> {
    if caller.vendor_id != id {
        return Err(ApiError::forbidden("forbidden", "this is another vendor"));
    }
    if body.is_accepting_orders.is_none() && body.working_hours.is_none() && body.holidays.is_none() {
        return Err(ApiError::invalid_field("is_accepting_orders", "say what is to change"));
    }
    let change = Change { open: body.is_accepting_orders, week: body.working_hours, holidays: body.holidays };
    let vendor = set_availability(&app, &caller.actor, id, change).await?;
    Ok(Data::new(AvailabilityOut::of(vendor, app.kit.clock.now())))
}

/// Where to, and what of.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct AvailableParams {
    /// A PIN code; or a point.
    #[garde(skip)]
    pincode: Option<Pincode>,
    #[garde(range(min = -90.0, max = 90.0))]
    latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    longitude: Option<f64>,
    /// What is wanted; those who offer both count.
    #[garde(skip)]
    #[serde(rename = "type")]
    #[param(rename = "type")]
    business_type: Option<BusinessType>,
    /// Category of the catalogue by slug, as vendors declare it.
    #[garde(length(max = 100))]
    category: Option<String>,
    /// At most so many; 50 when left out.
    #[garde(range(min = 1, max = 100))]
    limit: Option<u8>,
}

/// A vendor that can deliver there.
#[derive(Debug, Serialize, ToSchema)]
struct AvailableOut {
    id: VendorId,
    business_name: String,
    business_type: BusinessType,
    categories: Vec<String>,
    average_rating: Option<String>,
    /// In a straight line, when both ends are known.
    distance_km: Option<f64>,
    /// `pincode`, `radius` or `area`.
    covered_by: &'static str,
}

impl From<Available> for AvailableOut {
    fn from(vendor: Available) -> Self {
        Self {
            id: vendor.id,
            business_name: vendor.business_name,
            business_type: vendor.business_type,
            categories: vendor.categories,
            average_rating: vendor.average_rating,
            distance_km: vendor.distance_km.map(|km| (km * 100.0).round() / 100.0),
            covered_by: match (vendor.by_pincode, vendor.by_radius) {
                (true, _) => "pincode",
                (false, true) => "radius",
                (false, false) => "area",
            },
        }
    }
}

/// Finds open shops for a place
///
/// Nearest first; those whose distance is not known come last.
#[utoipa::path(get, path = "/api/v1/vendors/available", tag = "vendors", operation_id = "listAvailableVendors", params(AvailableParams),
    responses((status = 200, description = "The vendors", body = Data<Vec<AvailableOut>>), Problems))]
async fn available(
    _caller: Allowed<Anybody>,
    State(app): State<App>,
    Params(params): Params<AvailableParams>,
) -> Result<Data<Vec<AvailableOut>>, ApiError> {
    let point = Place::of(params.latitude, params.longitude);
    if point.is_none() && (params.pincode.is_none() || params.latitude.is_some() || params.longitude.is_some()) {
        return Err(ApiError::invalid_field("pincode", "give a pincode, or latitude and longitude"));
    }
    let wanted = Wanted {
        pincode: params.pincode,
        point,
        offers: params.business_type,
        category: params.category,
        by_area: Vec::new(),
        limit: i64::from(params.limit.unwrap_or(50)),
    };
    let found = find_available(&app, wanted).await?;
    Ok(Data::new(found.into_iter().map(AvailableOut::from).collect()))
}
