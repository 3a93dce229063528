//! The polygons of a vendor: read and replaced as a whole.

use domain::VendorId;
use serde_json::{Value, json};

use crate::App;
use crate::domain::area::{self, AreaError};
use crate::domain::coverage::Position;
use crate::store::areas;

/// Why areas are not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AreasError {
    #[error(transparent)]
    Area(#[from] AreaError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The areas of a vendor, as a feature collection.
pub(crate) async fn of_vendor(app: &App, vendor_id: VendorId) -> Result<Value, sqlx::Error> {
    let mut conn = app.kit.pool.acquire().await?;
    let polygons = areas::of_vendor(&mut conn, vendor_id).await?;
    Ok(collection(&polygons))
}

/// Replaces the areas of a vendor; `None` leaves it without.
pub(crate) async fn replace(app: &App, vendor_id: VendorId, geojson: Option<&Value>) -> Result<Value, AreasError> {
    let drawn = geojson.map(area::read).transpose()?.unwrap_or_default();
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    areas::clear(&mut tx, vendor_id).await?;
    for one in &drawn {
        areas::add(&mut tx, app.kit.ids.uuid(), vendor_id, &one.to_geojson(), one.bounds(), now).await?;
    }
    tx.commit().await?;
    Ok(collection(&drawn.iter().map(area::Area::to_geojson).collect::<Vec<_>>()))
}

/// More vendors than that are not answered.
const MOST: usize = 500;

/// Vendors who drew a polygon that holds the point; any polygon will do without one.
pub(crate) async fn search(
    app: &App,
    vendor_id: Option<VendorId>,
    point: Option<Position>,
) -> Result<Vec<VendorId>, sqlx::Error> {
    let mut conn = app.kit.pool.acquire().await?;
    let polygons = areas::search(&mut conn, vendor_id, point.map(|p| (p.latitude, p.longitude))).await?;
    let holds = |polygon: &Value| point.is_none_or(|point| area::any_holds(std::slice::from_ref(polygon), point));
    let mut found: Vec<VendorId> = polygons.into_iter().filter(|row| holds(&row.polygon)).map(|row| row.vendor_id).collect();
    found.dedup();
    found.truncate(MOST);
    Ok(found)
}

fn collection(polygons: &[Value]) -> Value {
    let features: Vec<Value> =
        polygons.iter().map(|polygon| json!({"type": "Feature", "properties": {}, "geometry": polygon})).collect();
    json!({"type": "FeatureCollection", "features": features})
}
