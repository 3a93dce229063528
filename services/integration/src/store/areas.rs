//! The polygons that vendors deliver within.

use chrono::{DateTime, Utc};
use domain::VendorId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::area::BoundingBox;

/// The polygons of a vendor.
pub(crate) async fn of_vendor(conn: &mut PgConnection, vendor_id: VendorId) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        "SELECT polygon_geojson FROM service_area_polygons WHERE vendor_id = $1 ORDER BY id",
        vendor_id as VendorId,
    )
    .fetch_all(conn)
    .await
}

/// The polygons of a vendor whose bounding box holds a point.
pub(crate) async fn near(conn: &mut PgConnection, vendor_id: VendorId, at: (f64, f64)) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar!(
        "SELECT polygon_geojson FROM service_area_polygons
          WHERE vendor_id = $1 AND ($2::float8)::numeric BETWEEN min_latitude AND max_latitude
            AND ($3::float8)::numeric BETWEEN min_longitude AND max_longitude",
        vendor_id as VendorId,
        at.0,
        at.1,
    )
    .fetch_all(conn)
    .await
}

/// Whose polygon it is.
#[derive(Debug)]
pub(crate) struct OfVendor {
    pub(crate) vendor_id: VendorId,
    pub(crate) polygon: Value,
}

/// Polygons of one vendor or of all; when a point is given, those whose bounding box holds it.
pub(crate) async fn search(
    conn: &mut PgConnection,
    vendor_id: Option<VendorId>,
    at: Option<(f64, f64)>,
) -> sqlx::Result<Vec<OfVendor>> {
    sqlx::query_as!(
        OfVendor,
        r#"SELECT vendor_id as "vendor_id: VendorId", polygon_geojson as polygon FROM service_area_polygons
            WHERE ($1::uuid IS NULL OR vendor_id = $1)
              AND ($2::float8 IS NULL OR (($2::float8)::numeric BETWEEN min_latitude AND max_latitude
                                          AND ($3::float8)::numeric BETWEEN min_longitude AND max_longitude))
            ORDER BY vendor_id LIMIT 5000"#,
        vendor_id.map(|id| id.as_uuid()),
        at.map(|(latitude, _)| latitude),
        at.map(|(_, longitude)| longitude),
    )
    .fetch_all(conn)
    .await
}

/// Drops all polygons of a vendor.
pub(crate) async fn clear(conn: &mut PgConnection, vendor_id: VendorId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM service_area_polygons WHERE vendor_id = $1", vendor_id as VendorId).execute(conn).await?;
    Ok(())
}

/// Adds a polygon.
pub(crate) async fn add(
    conn: &mut PgConnection,
    id: Uuid,
    vendor_id: VendorId,
    polygon: &Value,
    bounds: BoundingBox,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO service_area_polygons (id, vendor_id, polygon_geojson, min_latitude, max_latitude, min_longitude,
                                            max_longitude, created_at, updated_at)
         VALUES ($1, $2, $3, trunc(($4::float8)::numeric, 7) - 0.0000001, trunc(($5::float8)::numeric, 7) + 0.0000001,
                 trunc(($6::float8)::numeric, 7) - 0.0000001, trunc(($7::float8)::numeric, 7) + 0.0000001, $8, $8)",
        id,
        vendor_id as VendorId,
        polygon,
        bounds.min_latitude,
        bounds.max_latitude,
        bounds.min_longitude,
        bounds.max_longitude,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
