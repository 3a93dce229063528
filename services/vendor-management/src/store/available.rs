//! Who can deliver somewhere.

use domain::{Pincode, VendorId};
use sqlx::PgConnection;

use super::Stored;
use crate::domain::place::Place;
use crate::domain::vendor::BusinessType;

/// A vendor that can deliver.
#[derive(Debug)]
pub(crate) struct Available {
    pub(crate) id: VendorId,
    pub(crate) business_name: String,
    pub(crate) business_type: BusinessType,
    pub(crate) categories: Vec<String>,
    pub(crate) average_rating: Option<String>,
    /// In a straight line; unknown without a point or a warehouse.
    pub(crate) distance_km: Option<f64>,
    pub(crate) by_pincode: bool,
    pub(crate) by_radius: bool,
}

/// Where to, and what of.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) pincode: Option<Pincode>,
    pub(crate) point: Option<Place>,
    pub(crate) offers: Option<BusinessType>,
    pub(crate) category: Option<String>,
    /// Vendors whose drawn area holds the point.
    pub(crate) by_area: Vec<VendorId>,
    pub(crate) limit: i64,
}

/// Open shops whose pincodes, radius or drawn area cover the place, nearest first; those of unknown distance last.
pub(crate) async fn find(conn: &mut PgConnection, wanted: &Wanted) -> Stored<Vec<Available>> {
    sqlx::query_as!(
        Available,
        r#"SELECT id as "id: VendorId", business_name, business_type as "business_type: BusinessType", categories,
                  average_rating::text as average_rating, distance_km, by_pincode as "by_pincode!",
                  coalesce(distance_km <= service_radius_km::float8, false) as "by_radius!"
             FROM (
               SELECT v.*, coalesce(service_areas ? $1::text, false) AS by_pincode,
                      6371.0088 * 2 * asin(least(1, sqrt(
                          power(sin(radians($2::float8 - warehouse_latitude::float8) / 2), 2)
                          + cos(radians($2::float8)) * cos(radians(warehouse_latitude::float8))
                            * power(sin(radians($3::float8 - warehouse_longitude::float8) / 2), 2)))) AS distance_km
                 FROM vendors v
                WHERE status = 'active' AND is_accepting_orders AND open_by_hours
             ) AS open
            WHERE (by_pincode OR distance_km <= service_radius_km::float8 OR id = ANY ($7))
              AND ($4::text IS NULL OR business_type IN ($4, 'both'))
              AND ($5::text IS NULL OR $5 = ANY (categories))
            ORDER BY distance_km NULLS LAST, id
            LIMIT $6"#,
        wanted.pincode.as_ref().map(Pincode::as_str),
        wanted.point.map(|p| p.latitude),
        wanted.point.map(|p| p.longitude),
        wanted.offers.map(BusinessType::as_str),
        wanted.category.as_deref(),
        wanted.limit,
        &wanted.by_area.iter().map(VendorId::as_uuid).collect::<Vec<_>>()
    )
    .fetch_all(conn)
    .await
}
