//! Polygons that a vendor delivers within: read from GeoJSON, checked, asked.

use geo::{BoundingRect as _, Intersects as _, Validation as _};
use geojson::{GeoJson, GeometryValue, Position as GeoPosition};
use serde_json::Value;

use super::coverage::Position;

/// Corners in one vendor's areas at most: it is drawn by hand.
const MAX_CORNERS: usize = 5_000;

/// The box around a polygon, for a quick look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// Southern edge.
    pub min_latitude: f64,
    /// Northern edge.
    pub max_latitude: f64,
    /// Western edge.
    pub min_longitude: f64,
    /// Eastern edge.
    pub max_longitude: f64,
}

/// One polygon, holes and all.
#[derive(Debug, Clone)]
pub struct Area {
    polygon: geo::Polygon,
    bounds: BoundingBox,
}

/// What is wrong with a drawing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// Not GeoJSON, or of a kind that is no area.
    #[error("send a GeoJSON Polygon or MultiPolygon, or a Feature or FeatureCollection of them")]
    Kind,
    /// A ring that is not closed or has too few corners.
    #[error("each ring has at least four positions, and the last is the first")]
    Ring,
    /// A position that is none.
    #[error("positions are [longitude, latitude] in degrees")]
    Position,
    /// Edges that cross, holes outside, and the like.
    #[error("the polygon is not valid: {0}")]
    Invalid(String),
    /// Too many corners.
    #[error("an area has at most {MAX_CORNERS} positions")]
    TooLarge,
}

impl Area {
    /// Whether it holds a position; its edge counts.
    #[must_use]
    pub fn holds(&self, position: Position) -> bool {
        self.polygon.intersects(&geo::Point::from(position))
    }

    /// The box around it.
    #[must_use]
    pub const fn bounds(&self) -> BoundingBox {
        self.bounds
    }

    /// As a GeoJSON polygon.
    #[must_use]
    pub fn to_geojson(&self) -> Value {
        let ring = |line: &geo::LineString| line.coords().map(|corner| vec![corner.x, corner.y]).collect::<Vec<_>>();
        let mut rings = vec![ring(self.polygon.exterior())];
        rings.extend(self.polygon.interiors().iter().map(ring));
        serde_json::json!({"type": "Polygon", "coordinates": rings})
    }
}

/// Reads areas from GeoJSON and checks them.
///
/// # Errors
/// [`AreaError`] names the first thing that is wrong.
pub fn read(geojson: &Value) -> Result<Vec<Area>, AreaError> {
    let document: GeoJson = serde_json::from_value(geojson.clone()).map_err(|_| AreaError::Kind)?;
    let mut rings = Vec::new();
    collect(document, &mut rings)?;
    let corners: usize = rings.iter().flatten().map(Vec::len).sum();
    if corners > MAX_CORNERS {
        return Err(AreaError::TooLarge);
    }
    if rings.is_empty() {
        return Err(AreaError::Kind);
    }
    rings.into_iter().map(area).collect()
}

/// Whether one of the stored polygons holds a position. What cannot be read holds nothing.
#[must_use]
pub fn any_holds(polygons: &[Value], position: Position) -> bool {
    polygons.iter().filter_map(|polygon| read(polygon).ok()).flatten().any(|area| area.holds(position))
}

type Ring = Vec<GeoPosition>;

fn collect(document: GeoJson, into: &mut Vec<Vec<Ring>>) -> Result<(), AreaError> {
    let geometries = match document {
        GeoJson::Geometry(geometry) => vec![geometry],
        GeoJson::Feature(feature) => vec![feature.geometry.ok_or(AreaError::Kind)?],
        GeoJson::FeatureCollection(all) => {
            all.features.into_iter().map(|feature| feature.geometry.ok_or(AreaError::Kind)).collect::<Result<_, _>>()?
        }
    };
    for geometry in geometries {
        match geometry.value {
            GeometryValue::Polygon { coordinates } => into.push(coordinates),
            GeometryValue::MultiPolygon { coordinates } => into.extend(coordinates),
            _ => return Err(AreaError::Kind),
        }
    }
    Ok(())
}

fn area(rings: Vec<Ring>) -> Result<Area, AreaError> {
    let mut lines = rings.into_iter().map(line).collect::<Result<Vec<_>, _>>()?.into_iter();
    let exterior = lines.next().ok_or(AreaError::Ring)?;
    let polygon = geo::Polygon::new(exterior, lines.collect());
    polygon.check_validation().map_err(|error| AreaError::Invalid(error.to_string()))?;
    let bounds = polygon.bounding_rect().ok_or(AreaError::Ring)?;
    let bounds = BoundingBox {
        min_latitude: bounds.min().y,
        max_latitude: bounds.max().y,
        min_longitude: bounds.min().x,
        max_longitude: bounds.max().x,
    };
    Ok(Area { polygon, bounds })
}

fn line(ring: Ring) -> Result<geo::LineString, AreaError> {
    let corners = ring
        .iter()
        .map(|position| match position.as_slice() {
            [longitude, latitude, ..] => Position::new(*latitude, *longitude).ok_or(AreaError::Position),
            _ => Err(AreaError::Position),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if corners.len() < 4 || corners.first() != corners.last() {
        return Err(AreaError::Ring);
    }
    Ok(corners.into_iter().map(geo::Point::from).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position::new(latitude, longitude).unwrap()
    }

    #[test]
    fn a_polygon_holds_what_is_inside_and_not_what_is_in_its_hole() {
        let drawn = json!({"type": "Polygon", "coordinates": [
            [[78.3, 17.3], [78.5, 17.3], [78.5, 17.5], [78.3, 17.5], [78.3, 17.3]],
            [[78.38, 17.38], [78.42, 17.38], [78.42, 17.42], [78.38, 17.42], [78.38, 17.38]],
        ]});
        let areas = read(&drawn).unwrap();
        assert!(areas[0].holds(at(17.35, 78.35)));
        assert!(areas[0].holds(at(17.3, 78.4)), "its edge counts");
        assert!(!areas[0].holds(at(17.40, 78.40)), "a hole");
        assert!(!areas[0].holds(at(17.6, 78.4)));
        let again = read(&areas[0].to_geojson()).unwrap();
        assert_eq!(again[0].bounds(), areas[0].bounds());
        assert!(any_holds(&[areas[0].to_geojson()], at(17.35, 78.35)));
    }

    #[test]
    fn a_drawing_that_is_no_area_is_refused_with_its_reason() {
        assert_eq!(read(&json!({"type": "Point", "coordinates": [78.3, 17.3]})).unwrap_err(), AreaError::Kind);
        assert_eq!(read(&json!({"colour": "red"})).unwrap_err(), AreaError::Kind);
        let open = json!({"type": "Polygon", "coordinates": [[[78.3, 17.3], [78.5, 17.3], [78.5, 17.5], [78.3, 17.5]]]});
        assert_eq!(read(&open).unwrap_err(), AreaError::Ring);
        let swapped = json!({"type": "Polygon", "coordinates": [[[17.3, 178.3], [17.3, 78.5], [17.5, 78.5], [17.3, 178.3]]]});
        assert_eq!(read(&swapped).unwrap_err(), AreaError::Position);
        let bow =
            json!({"type": "Polygon", "coordinates": [[[78.3, 17.3], [78.5, 17.5], [78.5, 17.3], [78.3, 17.5], [78.3, 17.3]]]});
        assert!(matches!(read(&bow).unwrap_err(), AreaError::Invalid(_)));
    }
}
