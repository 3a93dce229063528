//! Google Maps: geocoding from a table of real pincodes, route matrices from straight lines.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    faults::google_status,
    state::{App, Shared},
};

/// Roads are longer than straight lines.
const DETOUR: f64 = 1.3;
/// Metres a lorry makes in a second, in a city.
const SPEED: f64 = 25_000.0 / 3_600.0;
const EARTH_RADIUS: f64 = 6_371_000.0;
/// Beyond that, a point has no address here.
const FARTHEST: f64 = 100_000.0;
const MOST_ELEMENTS: usize = 625;
const MOST_ELEMENTS_OPTIMAL: usize = 100;

/// A row of `data/localities.csv`.
#[derive(Deserialize)]
struct Locality {
    pincode: String,
    locality: String,
    district: String,
    state: String,
    state_code: String,
    lat: f64,
    lng: f64,
}

static LOCALITIES: LazyLock<Vec<Locality>> = LazyLock::new(|| {
    let mut rows = csv::Reader::from_reader(include_bytes!("../data/localities.csv").as_slice());
    rows.deserialize().filter_map(Result::ok).collect()
});

/// `/maps`.
pub(crate) fn geocode_router() -> Router<Shared> {
    Router::new().route("/maps/api/geocode/json", get(geocode))
}

/// `/routes`.
pub(crate) fn routes_router() -> Router<Shared> {
    Router::new().route("/distanceMatrix/v2:computeRouteMatrix", post(compute_route_matrix))
}

#[derive(Clone, Copy, Debug)]
struct Point {
    lat: f64,
    lng: f64,
}

impl Point {
    /// Metres as the crow flies.
    fn distance(self, other: Self) -> f64 {
        let (lat, other_lat) = (self.lat.to_radians(), other.lat.to_radians());
        let dlat = (other.lat - self.lat).to_radians() / 2.0;
        let dlng = (other.lng - self.lng).to_radians() / 2.0;
        let square = dlat.sin().powi(2) + lat.cos() * other_lat.cos() * dlng.sin().powi(2);
        2.0 * EARTH_RADIUS * square.sqrt().asin()
    }

    fn parse(text: &str) -> Option<Self> {
        let (lat, lng) = text.split_once(',')?;
        let point = Self { lat: lat.trim().parse().ok()?, lng: lng.trim().parse().ok()? };
        (point.lat.abs() <= 90.0 && point.lng.abs() <= 180.0).then_some(point)
    }
}

impl Locality {
    fn point(&self) -> Point {
        Point { lat: self.lat, lng: self.lng }
    }

    fn formatted(&self) -> String {
        format!("{}, {}, {} {}, India", self.locality, self.district, self.state, self.pincode)
    }

    /// As one geocoding result, at a point of its own or its centre.
    fn result(&self, at: Point, partial: bool) -> Value {
        let component = |name: &str, short: &str, types: &[&str]| json!({"long_name": name, "short_name": short, "types": types});
        let mut result = json!({
            "formatted_address": self.formatted(),
            "place_id": format!("ChIJsandbox{}", self.pincode),
            "types": ["sublocality_level_1", "sublocality", "political"],
            "address_components": [
                component(&self.locality, &self.locality, &["sublocality_level_1", "sublocality", "political"]),
                component(&self.district, &self.district, &["administrative_area_level_3", "political"]),
                component("Hyderabad", "Hyderabad", &["locality", "political"]),
                component(&self.state, &self.state_code, &["administrative_area_level_1", "political"]),
                component("India", "IN", &["country", "political"]),
                component(&self.pincode, &self.pincode, &["postal_code"]),
            ],
            "geometry": {
                "location": {"lat": at.lat, "lng": at.lng},
                "location_type": "APPROXIMATE",
                "viewport": {
                    "northeast": {"lat": at.lat + 0.02, "lng": at.lng + 0.02},
                    "southwest": {"lat": at.lat - 0.02, "lng": at.lng - 0.02},
                },
            },
        });
        if !self.in_hyderabad() {
            result["address_components"][2] = component(&self.locality, &self.locality, &["locality", "political"]);
        }
        if partial {
            result["partial_match"] = json!(true);
        }
        result
    }

    fn in_hyderabad(&self) -> bool {
        self.pincode.starts_with("500") || matches!(self.district.as_str(), "Hyderabad" | "Rangareddy" | "Medchal-Malkajgiri")
    }
}

/// The locality a text names: by pincode, or by the longest name found in it. True when text was left over.
fn find(text: &str) -> Option<(&'static Locality, bool)> {
    let squeezed: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let numbers =
        |text: &'_ str| text.split(|character: char| !character.is_ascii_digit()).map(str::to_owned).collect::<Vec<_>>();
    let pincode = numbers(text)
        .into_iter()
        .chain(numbers(&squeezed))
        .find_map(|number| LOCALITIES.iter().find(|locality| locality.pincode == number));
    if let Some(locality) = pincode {
        return Some((locality, false));
    }
    let lower = text.to_lowercase();
    let named = LOCALITIES.iter().filter(|locality| lower.contains(&locality.locality.to_lowercase()));
    let named = named.max_by_key(|locality| locality.locality.len());
    let locality = named.or_else(|| LOCALITIES.iter().find(|locality| lower.contains(&locality.district.to_lowercase())))?;
    let known = locality.formatted().to_lowercase();
    let partial = lower.split(|character: char| !character.is_alphanumeric()).any(|word| !known.contains(word));
    Some((locality, partial))
}

fn nearest(point: Point) -> Option<&'static Locality> {
    let closest = LOCALITIES.iter().min_by(|one, other| one.point().distance(point).total_cmp(&other.point().distance(point)))?;
    (closest.point().distance(point) <= FARTHEST).then_some(closest)
}

#[derive(Deserialize)]
struct Geocode {
    address: Option<String>,
    components: Option<String>,
    latlng: Option<String>,
    place_id: Option<String>,
    key: Option<String>,
}

async fn geocode(State(app): State<Shared>, Query(query): Query<Geocode>) -> Json<Value> {
    let refuse = |status: &str, message: &str| Json(json!({"status": status, "results": [], "error_message": message}));
    if !key_is_good(&app, query.key.as_deref()) {
        return refuse("REQUEST_DENIED", "The provided API key is invalid.");
    }
    let found = if let Some(text) = &query.latlng {
        let Some(point) = Point::parse(text) else {
            return refuse("INVALID_REQUEST", "Invalid request. Invalid 'latlng' parameter.");
        };
        nearest(point).map(|locality| locality.result(point, false))
    } else if let Some(place) = &query.place_id {
        let known = LOCALITIES.iter().find(|locality| place.ends_with(&locality.pincode));
        known.map(|locality| locality.result(locality.point(), false))
    } else if query.address.is_some() || query.components.is_some() {
        by_text(query.address.as_deref().unwrap_or_default(), query.components.as_deref().unwrap_or_default())
    } else {
        return refuse(
            "INVALID_REQUEST",
            "Invalid request. Missing the 'address', 'components', 'latlng' or 'place_id' parameter.",
        );
    };
    Json(match found {
        Some(result) => json!({"status": "OK", "results": [result]}),
        None => json!({"status": "ZERO_RESULTS", "results": []}),
    })
}

fn by_text(address: &str, components: &str) -> Option<Value> {
    let filters: BTreeMap<&str, &str> = components.split('|').filter_map(|part| part.split_once(':')).collect();
    if filters.get("country").is_some_and(|country| !matches!(country.to_lowercase().as_str(), "in" | "india")) {
        return None;
    }
    let (locality, partial) = match filters.get("postal_code") {
        Some(pincode) => (LOCALITIES.iter().find(|locality| locality.pincode == *pincode)?, false),
        None => find(address)?,
    };
    Some(locality.result(locality.point(), partial))
}

fn key_is_good(app: &App, key: Option<&str>) -> bool {
    match (&app.settings.google_maps_api_key, key) {
        (Some(expected), Some(key)) => expected == key,
        (None, Some(key)) => !key.is_empty(),
        (_, None) => false,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matrix {
    #[serde(default)]
    origins: Vec<Value>,
    #[serde(default)]
    destinations: Vec<Value>,
    travel_mode: Option<String>,
    routing_preference: Option<String>,
}

fn routes_error(status: u16, message: &str) -> Response {
    let body = json!({"error": {"code": status, "message": message, "status": google_status(status)}});
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), Json(body)).into_response()
}

const ELEMENT_FIELDS: [&str; 8] =
    ["originIndex", "destinationIndex", "status", "condition", "distanceMeters", "duration", "staticDuration", "fallbackInfo"];

async fn compute_route_matrix(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !key_is_good(&app, text("x-goog-api-key")) {
        return routes_error(403, "The request is missing a valid API key.");
    }
    let Some(mask) = text("x-goog-fieldmask") else {
        return routes_error(400, "FieldMask is a required parameter. See https://cloud.google.com/apis/docs/system-parameters");
    };
    let fields: Vec<&str> = mask.split(',').map(str::trim).collect();
    if let Some(unknown) = fields.iter().find(|field| **field != "*" && !ELEMENT_FIELDS.contains(field)) {
        return routes_error(
            400,
            &format!("Error expanding 'fields' parameter. Cannot find matching fields for path '{unknown}'."),
        );
    }
    let Ok(matrix) = serde_json::from_slice::<Matrix>(&body) else { return routes_error(400, "Invalid JSON payload received.") };
    if let Some(problem) = matrix.problem() {
        return routes_error(400, &problem);
    }
    let origins: Vec<_> = matrix.origins.iter().map(waypoint).collect();
    let destinations: Vec<_> = matrix.destinations.iter().map(waypoint).collect();
    let mut elements = Vec::with_capacity(origins.len() * destinations.len());
    for (from, origin) in origins.iter().enumerate() {
        for (to, destination) in destinations.iter().enumerate() {
            elements.push(only(element(from, to, *origin, *destination), &fields));
        }
    }
    crate::random::shuffle(&mut elements);
    Json(elements).into_response()
}

impl Matrix {
    fn problem(&self) -> Option<String> {
        if self.origins.is_empty() || self.destinations.is_empty() {
            return Some("At least one origin and one destination are required.".into());
        }
        let modes = ["DRIVE", "TWO_WHEELER", "BICYCLE", "WALK", "TRANSIT"];
        if self.travel_mode.as_deref().is_some_and(|mode| !modes.contains(&mode)) {
            return Some("Invalid value at 'travel_mode'.".into());
        }
        let optimal =
            self.routing_preference.as_deref() == Some("TRAFFIC_AWARE_OPTIMAL") || self.travel_mode.as_deref() == Some("TRANSIT");
        let most = if optimal { MOST_ELEMENTS_OPTIMAL } else { MOST_ELEMENTS };
        (self.origins.len() * self.destinations.len() > most).then(|| format!("The number of elements may not exceed {most}."))
    }
}

fn waypoint(value: &Value) -> Option<Point> {
    let waypoint = value.get("waypoint")?;
    if let Some(place) = waypoint.get("latLng").or_else(|| waypoint.pointer("/location/latLng")) {
        return Some(Point { lat: place.get("latitude")?.as_f64()?, lng: place.get("longitude")?.as_f64()? });
    }
    let text = waypoint.get("address").or_else(|| waypoint.get("placeId"))?.as_str()?;
    let place = LOCALITIES.iter().find(|locality| text.ends_with(&locality.pincode));
    place.or_else(|| find(text).map(|(locality, _)| locality)).map(Locality::point)
}

fn element(from: usize, to: usize, origin: Option<Point>, destination: Option<Point>) -> Value {
    let (Some(origin), Some(destination)) = (origin, destination) else {
        let status = json!({"code": 5, "message": "The waypoint was not found."});
        return json!({"originIndex": from, "destinationIndex": to, "status": status, "condition": "ROUTE_NOT_FOUND"});
    };
    let metres = (origin.distance(destination) * DETOUR).round();
    let seconds = format!("{:.0}s", (metres / SPEED).round());
    let mut element = json!({
        "originIndex": from, "destinationIndex": to, "status": {}, "condition": "ROUTE_EXISTS", "duration": seconds, "staticDuration": seconds,
    });
    // As in proto3's JSON, a distance of nothing is left out.
    if metres > 0.0 {
        element["distanceMeters"] = format!("{metres:.0}").parse::<u64>().map_or(Value::Null, Value::from);
    }
    element
}

fn only(element: Value, fields: &[&str]) -> Value {
    if fields.contains(&"*") {
        return element;
    }
    let Value::Object(all) = element else { return element };
    Value::Object(all.into_iter().filter(|(name, _)| fields.contains(&name.as_str())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_every_pincode_is_there_once() {
        let lines = include_str!("../data/localities.csv").lines().count() - 1;
        assert_eq!(LOCALITIES.len(), lines);
        let mut pincodes: Vec<_> = LOCALITIES.iter().map(|locality| &locality.pincode).collect();
        pincodes.sort();
        pincodes.dedup();
        assert_eq!(pincodes.len(), lines);
    }

    #[test]
    fn a_pincode_may_be_written_with_a_space() {
        assert_eq!(find("Plot 5, Hyderabad 500 032").unwrap().0.locality, "Gachibowli");
    }

    #[test]
    fn the_longest_name_in_an_address_wins() {
        assert_eq!(find("New Bowenpally, Secunderabad").unwrap().0.locality, "New Bowenpally");
        assert!(find("Atlantis").is_none());
    }

    #[test]
    fn gachibowli_to_madhapur_is_a_few_kilometres() {
        let metres = find("Gachibowli").unwrap().0.point().distance(find("Madhapur").unwrap().0.point());
        assert!((4_000.0..6_000.0).contains(&metres), "{metres}");
    }
}
