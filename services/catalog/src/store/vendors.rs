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
