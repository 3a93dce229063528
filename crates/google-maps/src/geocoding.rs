//! Addresses to points and back.

use domain::Pincode;
use outbound::OutboundError;
use serde::Deserialize;

use crate::Point;

/// A place in words and on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The address as Google writes it.
    pub formatted_address: String,
    /// Google's id of the place; may be kept.
    pub place_id: String,
    /// Where it is.
    pub point: Point,
    /// PIN code.
    pub pincode: Option<Pincode>,
    /// State, by name.
    pub state: Option<String>,
    /// District.
    pub district: Option<String>,
    /// Town.
    pub locality: Option<String>,
    /// Part of town.
    pub sublocality: Option<String>,
    /// How exact the point is.
    pub precision: Precision,
    /// Whether Google understood only part of the address.
    pub partial: bool,
}

/// How exact a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Precision {
    /// The house.
    Rooftop,
    /// Between two houses.
    RangeInterpolated,
    /// The middle of a street or an area.
    GeometricCenter,
    /// Somewhere around.
    #[serde(other)]
    Approximate,
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    status: String,
    #[serde(default)]
    results: Vec<Found>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    formatted_address: String,
    place_id: String,
    #[serde(default)]
    address_components: Vec<Component>,
    geometry: Geometry,
    #[serde(default)]
    partial_match: bool,
}

#[derive(Deserialize)]
struct Component {
    long_name: String,
    #[serde(default)]
    types: Vec<String>,
}

#[derive(Deserialize)]
struct Geometry {
    location: Location,
    location_type: Precision,
}

#[derive(Deserialize)]
struct Location {
    lat: f64,
    lng: f64,
}

impl Answer {
    /// The best place, or none. Google says what went wrong inside a 200.
    pub(crate) fn place(self) -> Result<Option<Place>, OutboundError> {
        let words = || self.error_message.clone().unwrap_or_default();
        match self.status.as_str() {
            "OK" => Ok(self.results.into_iter().next().map(Place::from)),
            "ZERO_RESULTS" => Ok(None),
            "OVER_QUERY_LIMIT" | "UNKNOWN_ERROR" => Err(OutboundError::retry(self.status)),
            other => Err(OutboundError::reject(200, other, words())),
        }
    }
}

impl From<Found> for Place {
    fn from(found: Found) -> Self {
        let part = |kind: &str| {
            found
                .address_components
                .iter()
                .find(|component| component.types.iter().any(|name| name == kind))
                .map(|component| component.long_name.clone())
        };
        Self {
            pincode: part("postal_code").and_then(|text| text.parse().ok()),
            state: part("administrative_area_level_1"),
            district: part("administrative_area_level_3").or_else(|| part("administrative_area_level_2")),
            locality: part("locality"),
            sublocality: part("sublocality_level_1").or_else(|| part("sublocality")),
            point: Point { latitude: found.geometry.location.lat, longitude: found.geometry.location.lng },
            precision: found.geometry.location_type,
            partial: found.partial_match,
            formatted_address: found.formatted_address,
            place_id: found.place_id,
        }
    }
}
