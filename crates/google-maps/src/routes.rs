//! How far it is by road.

use outbound::OutboundError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Point;

/// A way by road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Metres.
    pub distance_metres: u64,
    /// Seconds.
    pub duration_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Element {
    #[serde(default)]
    origin_index: usize,
    #[serde(default)]
    destination_index: usize,
    #[serde(default)]
    status: Problem,
    condition: Option<String>,
    #[serde(default)]
    distance_meters: u64,
    duration: Option<String>,
}

#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

pub(crate) fn request(origins: &[Point], destinations: &[Point]) -> Value {
    let waypoint =
        |point: &Point| json!({"waypoint": {"location": {"latLng": {"latitude": point.latitude, "longitude": point.longitude}}}});
    json!({
        "origins": origins.iter().map(waypoint).collect::<Vec<_>>(),
        "destinations": destinations.iter().map(waypoint).collect::<Vec<_>>(),
        "travelMode": "DRIVE",
        "routingPreference": "TRAFFIC_UNAWARE",
    })
}

/// Puts the elements, which come in any order, where they belong: `[origin][destination]`.
pub(crate) fn matrix(
    elements: Vec<Element>,
    origins: usize,
    destinations: usize,
) -> Result<Vec<Vec<Option<Leg>>>, OutboundError> {
    let mut matrix = vec![vec![None; destinations]; origins];
    let mut seen = 0;
    for element in elements {
        // google.rpc.Code: 8 resource exhausted, 13 internal, 14 unavailable.
        match element.status.code {
            0 => {}
            code @ (8 | 13 | 14) => return Err(OutboundError::retry(format!("route element failed with {code}"))),
            code => return Err(OutboundError::reject(200, code.to_string(), element.status.message)),
        }
        let place = matrix.get_mut(element.origin_index).and_then(|row| row.get_mut(element.destination_index));
        let Some(place) = place else {
            return Err(OutboundError::unknown("a route element nobody asked for"));
        };
        seen += 1;
        if element.condition.as_deref() == Some("ROUTE_EXISTS") {
            *place =
                Some(Leg { distance_metres: element.distance_meters, duration_seconds: seconds(element.duration.as_deref()) });
        }
    }
    if seen < origins * destinations {
        return Err(OutboundError::unknown("route elements are missing"));
    }
    Ok(matrix)
}

/// `617s`, `617.5s`: a fraction is rounded up.
fn seconds(text: Option<&str>) -> u64 {
    let text = text.unwrap_or_default().trim_end_matches('s');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let more = fraction.bytes().any(|digit| digit != b'0');
    whole.parse::<u64>().unwrap_or_default() + u64::from(more)
}
