//! Places, distances, service areas.

use axum::extract::State;
use clients::integration::{AreaSearchIn, AreaSearchOut, GeocodeIn, PlaceOut, Point, ServiceAreaIn, ServiceAreaOut};
use domain::{AdminRole, VendorId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Data, PathId, Problems, ServiceOnly};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;
use crate::domain::coverage::Position;
use crate::usecases::locate::{self, Located};
use crate::usecases::service_areas;
use crate::usecases::validate_service_area::{self, Destination};

service_kit::policy!(
    /// Who may ask the map.
    pub(crate) MapReaders: unregistered, buyer, vendor, admin[Operations, Support, Finance], service
);
service_kit::policy!(
    /// Who draws service areas.
    pub(crate) AreaKeepers: vendor, admin[Operations]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(geocode))
        .routes(routes!(reverse_geocode))
        .routes(routes!(calculate_distance))
        .routes(routes!(validate))
        .routes(routes!(areas, replace_areas))
        .routes(routes!(search_areas))
}

/// [`GeocodeIn`] with its rules.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Asked<T>(T);

impl Validate for Asked<GeocodeIn> {
    type Context = ();

    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        address(&self.0.address, parent, report);
    }
}

impl Validate for Asked<AreaSearchIn> {
    type Context = ();

    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if self.0.point.is_some_and(|point| position(point).is_none()) {
            report.append(parent().join("point"), garde::Error::new("not a point on the globe"));
        }
        if self.0.point.is_none() && self.0.vendor_id.is_none() {
            report.append(parent().join("point"), garde::Error::new("give a point, a vendor or both"));
        }
    }
}

impl Validate for Asked<ServiceAreaIn> {
    type Context = ();

    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if let Some(text) = &self.0.address {
            address(text, parent, report);
        }
        if let Some(point) = self.0.point
            && position(point).is_none()
        {
            report.append(parent().join("point"), garde::Error::new("not a point on the globe"));
        }
    }
}

fn address(text: &str, parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
    let length = text.trim().chars().count();
    if !(3..=300).contains(&length) {
        report.append(parent().join("address"), garde::Error::new("an address has 3 to 300 characters"));
    }
}

const fn degrees(value: f64, limit: f64) -> bool {
    value >= -limit && value <= limit
}

fn position(point: Point) -> Option<Position> {
    Position::new(point.latitude, point.longitude)
}

fn on_the_globe(point: &Point, (): &()) -> garde::Result {
    if degrees(point.latitude, 90.0) && degrees(point.longitude, 180.0) {
        Ok(())
    } else {
        Err(garde::Error::new("not a point on the globe"))
    }
}

fn place(place: Located) -> PlaceOut {
    PlaceOut {
        latitude: place.position.latitude,
        longitude: place.position.longitude,
        formatted_address: place.formatted_address,
        place_id: place.place_id,
        pincode: place.pincode,
        state: place.state,
    }
}

const fn at(point: Point) -> Position {
    Position { latitude: point.latitude, longitude: point.longitude }
}

/// Where an address is.
#[utoipa::path(post, path = "/api/v1/location/geocode", tag = "location", request_body = GeocodeIn,
    responses((status = 200, description = "The place", body = Data<PlaceOut>), Problems))]
async fn geocode(
    State(app): State<App>,
    _caller: Allowed<MapReaders>,
    Body(Asked(body)): Body<Asked<GeocodeIn>>,
) -> Result<Data<PlaceOut>, ApiError> {
    Ok(Data::new(place(locate::geocode(&app, &body.address).await?)))
}

/// A point whose address is wanted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReverseIn {
    /// The point.
    #[garde(custom(on_the_globe))]
    point: Point,
}

/// What is at a point.
#[utoipa::path(post, path = "/api/v1/location/reverse-geocode", tag = "location", request_body = ReverseIn,
    responses((status = 200, description = "The place", body = Data<PlaceOut>), Problems))]
async fn reverse_geocode(
    State(app): State<App>,
    _caller: Allowed<MapReaders>,
    Body(body): Body<ReverseIn>,
) -> Result<Data<PlaceOut>, ApiError> {
    Ok(Data::new(place(locate::reverse(&app, at(body.point)).await?)))
}

/// Two points.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistanceIn {
    /// From here.
    #[garde(custom(on_the_globe))]
    from: Point,
    /// To here.
    #[garde(custom(on_the_globe))]
    to: Point,
}

/// How far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DistanceOut {
    /// By road, in metres.
    distance_metres: u32,
    /// By road, in seconds; absent when guessed.
    duration_seconds: Option<u64>,
    /// Straight line times a factor, because the map service could not be asked or knows no way.
    approximate: bool,
}

/// How far it is by road between two points.
#[utoipa::path(post, path = "/api/v1/location/calculate-distance", tag = "location", request_body = DistanceIn,
    responses((status = 200, description = "The distance", body = Data<DistanceOut>), Problems))]
async fn calculate_distance(
    State(app): State<App>,
    _caller: Allowed<MapReaders>,
    Body(body): Body<DistanceIn>,
) -> Result<Data<DistanceOut>, ApiError> {
    let road = locate::road(&app, at(body.from), at(body.to)).await;
    Ok(Data::new(DistanceOut { distance_metres: road.metres, duration_seconds: road.seconds, approximate: road.approximate }))
}

/// Whether a vendor delivers somewhere, how far that is, and what delivery costs below the free limit. Name the place by
/// point, pincode or address; a point counts most.
#[utoipa::path(post, path = "/api/v1/location/validate-service-area", tag = "location", request_body = ServiceAreaIn,
    responses((status = 200, description = "Whether, why, how far, how much", body = Data<ServiceAreaOut>), Problems))]
async fn validate(
    State(app): State<App>,
    _caller: Allowed<MapReaders>,
    Body(Asked(body)): Body<Asked<ServiceAreaIn>>,
) -> Result<Data<ServiceAreaOut>, ApiError> {
    let to = Destination { point: body.point.map(at), pincode: body.pincode, address: body.address };
    let served = validate_service_area::validate(&app, body.vendor_id, to).await?;
    Ok(Data::new(ServiceAreaOut {
        covered: served.coverage.covered(),
        reason: served.coverage.as_str().to_owned(),
        distance_metres: served.metres,
        approximate: served.approximate,
        delivery_charge: served.delivery_charge,
        currency: "INR".to_owned(),
    }))
}

/// The polygons a vendor delivers within.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AreasOut {
    /// The vendor.
    vendor_id: VendorId,
    /// A GeoJSON FeatureCollection of polygons.
    #[schema(value_type = Object)]
    geojson: Value,
}

/// Polygons that replace all there were.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreasIn {
    /// A GeoJSON Polygon or MultiPolygon, or a Feature or FeatureCollection of them; null for none.
    #[garde(skip)]
    #[schema(value_type = Option<Object>)]
    geojson: Option<Value>,
}

fn own_areas(caller: &Allowed<AreaKeepers>, vendor_id: VendorId) -> Result<(), ApiError> {
    let may = caller.caller.is_vendor(vendor_id) || caller.caller.is_admin(&[AdminRole::Operations]);
    if may { Ok(()) } else { Err(ApiError::not_found("vendor")) }
}

/// The polygons a vendor delivers within.
#[utoipa::path(get, path = "/api/v1/location/service-areas/{vendorId}", tag = "location",
    params(("vendorId" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The polygons", body = Data<AreasOut>), Problems))]
async fn areas(
    State(app): State<App>,
    caller: Allowed<AreaKeepers>,
    PathId(vendor_id): PathId<VendorId>,
) -> Result<Data<AreasOut>, ApiError> {
    own_areas(&caller, vendor_id)?;
    Ok(Data::new(AreasOut { vendor_id, geojson: service_areas::of_vendor(&app, vendor_id).await? }))
}

/// Replace the polygons a vendor delivers within. They are checked: closed rings, no crossing edges, holes inside.
#[utoipa::path(put, path = "/api/v1/location/service-areas/{vendorId}", tag = "location", request_body = AreasIn,
    params(("vendorId" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The polygons now", body = Data<AreasOut>), Problems))]
async fn replace_areas(
    State(app): State<App>,
    caller: Allowed<AreaKeepers>,
    PathId(vendor_id): PathId<VendorId>,
    Body(body): Body<AreasIn>,
) -> Result<Data<AreasOut>, ApiError> {
    own_areas(&caller, vendor_id)?;
    let geojson = service_areas::replace(&app, &caller.actor, vendor_id, body.geojson.as_ref()).await?;
    Ok(Data::new(AreasOut { vendor_id, geojson }))
}

/// Vendors who drew a polygon, and that holds the point when one is given.
#[utoipa::path(post, path = "/internal/v1/service-areas/search", tag = "internal", request_body = AreaSearchIn,
    responses((status = 200, description = "The vendors", body = Data<AreaSearchOut>), Problems))]
async fn search_areas(
    State(app): State<App>,
    _caller: ServiceOnly,
    Body(Asked(body)): Body<Asked<AreaSearchIn>>,
) -> Result<Data<AreaSearchOut>, ApiError> {
    let vendor_ids = service_areas::search(&app, body.vendor_id, body.point.map(at)).await?;
    Ok(Data::new(AreaSearchOut { vendor_ids }))
}
