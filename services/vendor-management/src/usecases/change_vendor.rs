//! The part that every change of a vendor's standing shares: hold, write over the revision that was read, read again.

use chrono::{DateTime, Utc};
use domain::VendorId;
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::vendor::{BusinessDetails, Vendor};
use crate::store::vendors::{self, Standing};

/// The vendor, held until the transaction ends.
pub(crate) async fn hold(conn: &mut PgConnection, app: &App, id: VendorId) -> Result<Vendor, Refusal> {
    vendors::lock(conn, &app.sealer, id).await?.ok_or(Refusal::NotFound("vendor"))
}

/// Writes a standing and answers the vendor as it is then.
pub(crate) async fn stand(
    conn: &mut PgConnection,
    app: &App,
    vendor: &Vendor,
    standing: Standing,
    now: DateTime<Utc>,
) -> Result<Vendor, Refusal> {
    if !vendors::write_standing(conn, vendor.id, vendor.revision, standing, now).await? {
        return Err(Refusal::ConcurrentChange);
    }
    vendors::find(conn, &app.sealer, vendor.id).await?.ok_or(Refusal::NotFound("vendor"))
}

/// Writes details and answers the vendor as it is then.
pub(crate) async fn detail(
    conn: &mut PgConnection,
    app: &App,
    vendor: &Vendor,
    details: &BusinessDetails,
    now: DateTime<Utc>,
) -> Result<Vendor, Refusal> {
    if !vendors::write_details(conn, &app.sealer, vendor.id, vendor.revision, details, now).await? {
        return Err(Refusal::ConcurrentChange);
    }
    vendors::find(conn, &app.sealer, vendor.id).await?.ok_or(Refusal::NotFound("vendor"))
}
