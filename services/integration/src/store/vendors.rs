//! The read copy of vendors.

use chrono::{DateTime, Utc};
use domain::events::VendorFacts;
use domain::{Pincode, UserId, VendorId};
use sqlx::PgConnection;

/// Where a vendor is and how far it delivers.
#[derive(Debug, Clone)]
pub(crate) struct VendorPlace {
    pub(crate) latitude: Option<f64>,
    pub(crate) longitude: Option<f64>,
    pub(crate) service_radius_km: Option<f64>,
    pub(crate) service_pincodes: Vec<String>,
}

/// Keeps what is known of a vendor unless something newer is; false when it is.
pub(crate) async fn keep(conn: &mut PgConnection, vendor: &VendorFacts, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let place = vendor.latitude.zip(vendor.longitude);
    let pincodes: Vec<String> = vendor.service_pincodes.iter().map(Pincode::to_string).collect();
    let kept = sqlx::query!(
        "INSERT INTO vendors AS known (vendor_id, user_id, business_name, status, phone, latitude, longitude,
                                       service_radius_km, service_pincodes, revision, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (vendor_id) DO UPDATE SET user_id = $2, business_name = $3, status = $4, phone = $5, latitude = $6,
                longitude = $7, service_radius_km = $8, service_pincodes = $9, revision = $10, updated_at = $11
          WHERE known.revision < $10",
        vendor.vendor_id as VendorId,
        vendor.user_id as UserId,
        vendor.business_name,
        vendor.status.as_str(),
        vendor.phone.as_str(),
        place.map(|(latitude, _)| latitude),
        place.map(|(_, longitude)| longitude),
        vendor.service_radius_km,
        &pincodes,
        vendor.revision,
        now,
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Where a vendor is, when it is known at all.
pub(crate) async fn place(conn: &mut PgConnection, id: VendorId) -> sqlx::Result<Option<VendorPlace>> {
    sqlx::query_as!(
        VendorPlace,
        "SELECT latitude, longitude, service_radius_km, service_pincodes FROM vendors WHERE vendor_id = $1",
        id as VendorId,
    )
    .fetch_optional(conn)
    .await
}

/// The vendor that a user is.
pub(crate) async fn of_user(conn: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<VendorId>> {
    sqlx::query_scalar!(
        r#"SELECT vendor_id as "vendor_id: VendorId" FROM vendors WHERE user_id = $1 ORDER BY vendor_id LIMIT 1"#,
        user_id as UserId,
    )
    .fetch_optional(conn)
    .await
}
