//! The read copy of vendors.

use chrono::{DateTime, Utc};
use domain::VendorId;
use domain::events::VendorFacts;
use sqlx::PgConnection;

use super::Stored;

/// Keeps what is known now; false when something newer is known already.
pub(crate) async fn keep(conn: &mut PgConnection, vendor: &VendorFacts, now: DateTime<Utc>) -> Stored<bool> {
    let pincodes: Vec<String> = vendor.service_pincodes.iter().map(ToString::to_string).collect();
    let done = sqlx::query!(
        "INSERT INTO vendors AS known
             (vendor_id, business_name, status, is_accepting_orders, latitude, longitude, service_radius_km,
              service_pincodes, revision, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (vendor_id) DO UPDATE
            SET business_name = excluded.business_name, status = excluded.status,
                is_accepting_orders = excluded.is_accepting_orders, latitude = excluded.latitude,
                longitude = excluded.longitude, service_radius_km = excluded.service_radius_km,
                service_pincodes = excluded.service_pincodes, revision = excluded.revision,
                updated_at = excluded.updated_at
          WHERE known.revision < excluded.revision",
        vendor.vendor_id as VendorId,
        vendor.business_name,
        vendor.status.as_str(),
        vendor.is_accepting_orders,
        vendor.latitude,
        vendor.longitude,
        vendor.service_radius_km,
        &pincodes,
        vendor.revision,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A place that something is to be delivered to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub pincode: Option<domain::Pincode>,
    /// Degrees north and east.
    pub point: Option<(f64, f64)>,
}

/// Vendors that are active, accept orders and deliver to a place: they name its PIN code, or it lies within their radius. As
/// the integration service decides it, but for areas drawn on a map, which no vendor event tells.
pub(crate) async fn delivering_to(conn: &mut PgConnection, place: &Place) -> Stored<Vec<VendorId>> {
    sqlx::query_scalar!(
        r#"SELECT vendor_id as "vendor_id: VendorId" FROM vendors
            WHERE status = 'active' AND is_accepting_orders AND latitude IS NOT NULL AND longitude IS NOT NULL
              AND (service_pincodes @> ARRAY[$1::text]
                   -- A degree north is 111.2 km everywhere: most are told apart by that alone.
                   OR (abs(latitude - $2::double precision) * 111.1 <= service_radius_km
                       AND 2 * 6371.0088 * asin(least(1, sqrt(
                               power(sin(radians(latitude - $2) / 2), 2)
                               + cos(radians($2)) * cos(radians(latitude)) * power(sin(radians(longitude - $3) / 2), 2))))
                           <= service_radius_km))
            ORDER BY vendor_id"#,
        place.pincode.as_ref().map(ToString::to_string),
        place.point.map(|(latitude, _)| latitude),
        place.point.map(|(_, longitude)| longitude) as Option<f64>
    )
    .fetch_all(conn)
    .await
}
