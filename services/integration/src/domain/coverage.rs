//! Whether a vendor delivers somewhere, and how far that is.

use geo::{Distance as _, Haversine};

/// Degrees north and east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl Position {
    /// A position on the globe; `None` for numbers that are none.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        valid.then_some(Self { latitude, longitude })
    }

    /// Straight over the ground, in metres.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        Haversine.distance(self.into(), other.into())
    }
}

impl From<Position> for geo::Point {
    fn from(position: Position) -> Self {
        Self::new(position.longitude, position.latitude)
    }
}

/// Road distance guessed from the straight line.
#[must_use]
pub fn guessed_road_metres(straight: f64, percent: u16) -> u32 {
    let metres = (straight * f64::from(percent) / 100.0).round().clamp(0.0, f64::from(u32::MAX));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range just above")]
    let metres = metres as u32;
    metres
}

/// How a vendor limits where it delivers; any one of these that admits a place is enough.
#[derive(Debug, Clone)]
pub struct Limits<'a> {
    /// The warehouse.
    pub warehouse: Option<Position>,
    /// Kilometres from it.
    pub radius_km: Option<f64>,
    /// PIN codes served.
    pub pincodes: &'a [String],
    /// Whether a polygon of the vendor holds the place.
    pub within_polygon: bool,
}

/// Why a place is or is not served. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Its PIN code is served.
    WithinPincodes,
    /// It is near enough.
    WithinRadius,
    /// It is inside a polygon.
    WithinPolygon,
    /// It is none of these.
    Outside,
    /// The vendor has not said where it is.
    NoLocation,
}

impl Coverage {
    /// Whether it is served.
    #[must_use]
    pub const fn covered(self) -> bool {
        matches!(self, Self::WithinPincodes | Self::WithinRadius | Self::WithinPolygon)
    }

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WithinPincodes => "within_pincodes",
            Self::WithinRadius => "within_radius",
            Self::WithinPolygon => "within_polygon",
            Self::Outside => "outside_service_area",
            Self::NoLocation => "vendor_has_no_location",
        }
    }
}

/// Decides.
#[must_use]
pub fn coverage(limits: &Limits<'_>, place: Position, pincode: Option<&str>) -> Coverage {
    let Some(warehouse) = limits.warehouse else {
        return Coverage::NoLocation;
    };
    if pincode.is_some_and(|pincode| limits.pincodes.iter().any(|served| served == pincode)) {
        return Coverage::WithinPincodes;
    }
    if limits.within_polygon {
        return Coverage::WithinPolygon;
    }
    match limits.radius_km {
        Some(radius) if warehouse.metres_to(place) <= radius * 1000.0 => Coverage::WithinRadius,
        _ => Coverage::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPPAL: Position = Position { latitude: 17.4058, longitude: 78.5591 };
    const GACHIBOWLI: Position = Position { latitude: 17.4401, longitude: 78.3489 };

    fn limits(pincodes: &[String]) -> Limits<'_> {
        Limits { warehouse: Some(UPPAL), radius_km: None, pincodes, within_polygon: false }
    }

    #[test]
    fn uppal_and_gachibowli_are_some_twenty_two_kilometres_apart() {
        let metres = UPPAL.metres_to(GACHIBOWLI);
        assert!((22_000.0..23_500.0).contains(&metres), "{metres}");
        assert_eq!(guessed_road_metres(10_000.4, 130), 13_001);
        assert_eq!(guessed_road_metres(-1.0, 130), 0);
    }

    #[test]
    fn any_limit_that_admits_a_place_is_enough() {
        let served = ["500032".to_owned()];
        assert_eq!(coverage(&limits(&served), GACHIBOWLI, Some("500032")), Coverage::WithinPincodes);
        assert_eq!(coverage(&limits(&served), GACHIBOWLI, Some("500039")), Coverage::Outside);
        assert_eq!(coverage(&limits(&served), GACHIBOWLI, None), Coverage::Outside);
        let near = Limits { radius_km: Some(25.0), ..limits(&[]) };
        assert_eq!(coverage(&near, GACHIBOWLI, None), Coverage::WithinRadius);
        let far = Limits { radius_km: Some(20.0), ..limits(&[]) };
        assert_eq!(coverage(&far, GACHIBOWLI, None), Coverage::Outside);
        let drawn = Limits { within_polygon: true, ..limits(&[]) };
        assert_eq!(coverage(&drawn, GACHIBOWLI, None), Coverage::WithinPolygon);
    }

    #[test]
    fn without_a_warehouse_nothing_is_served() {
        let served = ["500032".to_owned()];
        let nowhere = Limits { warehouse: None, ..limits(&served) };
        assert_eq!(coverage(&nowhere, GACHIBOWLI, Some("500032")), Coverage::NoLocation);
    }

    #[test]
    fn numbers_off_the_globe_are_no_position() {
        assert!(Position::new(91.0, 0.0).is_none());
        assert!(Position::new(0.0, 181.0).is_none());
        assert!(Position::new(f64::NAN, 0.0).is_none());
    }
}
