//! The polygons of a vendor: read and replaced as a whole.

use domain::{Actor, VendorId};
use pg_kit::DbError;
use serde_json::{Value, json};

use super::audit;
use super::store_media::sha256;
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
    Database(#[from] DbError),
}

impl From<sqlx::Error> for AreasError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The areas of a vendor, as a feature collection.
pub(crate) async fn of_vendor(app: &App, vendor_id: VendorId) -> Result<Value, sqlx::Error> {
    let mut conn = app.kit.pool.acquire().await?;
    let polygons = areas::of_vendor(&mut conn, vendor_id).await?;
    Ok(collection(&polygons))
}

/// Replaces the areas of a vendor; `None` leaves it without.
pub(crate) async fn replace(app: &App, actor: &Actor, vendor_id: VendorId, geojson: Option<&Value>) -> Result<Value, AreasError> {
    let drawn = geojson.map(area::read).transpose()?.unwrap_or_default();
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let before = if audit::is_staff(actor) { areas::of_vendor(&mut tx, vendor_id).await? } else { Vec::new() };
    areas::clear(&mut tx, vendor_id).await?;
    for one in &drawn {
        areas::add(&mut tx, app.kit.ids.uuid(), vendor_id, &one.to_geojson(), one.bounds(), now).await?;
    }
    if audit::is_staff(actor) {
        let after = areas::of_vendor(&mut tx, vendor_id).await?;
        if after != before {
            let deed = ("service_areas.replaced", "vendor", vendor_id.as_uuid());
            audit::record(app, &mut tx, actor, deed, Some(audited(&before)), audited(&after)).await?;
        }
    }
    tx.commit().await?;
    Ok(collection(&drawn.iter().map(area::Area::to_geojson).collect::<Vec<_>>()))
}

/// Corners up to which the audit log keeps a drawing itself; of a larger one it keeps the fingerprint, since an event has
/// to fit into EventBridge's 256 KiB.
const AUDITED_CORNERS: usize = 500;

fn audited(polygons: &[Value]) -> Value {
    let rings = polygons.iter().filter_map(|polygon| polygon["coordinates"].as_array()).flatten();
    let corners: usize = rings.filter_map(Value::as_array).map(Vec::len).sum();
    let areas = (corners <= AUDITED_CORNERS).then_some(polygons);
    json!({"polygons": polygons.len(), "corners": corners, "sha256": sha256(json!(polygons).to_string().as_bytes()),
           "areas": areas})
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
