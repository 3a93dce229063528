//! Staff change a vendor's standing.

use domain::events::VendorStatusChanged;
use domain::{Actor, VendorId, VendorStatus};
use pg_kit::outbox;
use serde_json::json;

use super::{Refusal, audit, change_vendor};
use crate::App;
use crate::domain::standing::{self, Change, StandingRefused};
use crate::domain::vendor::Vendor;
use crate::store::vendors::Standing;

/// Moves the vendor to another standing, with a reason for the log.
pub(crate) async fn set_status(
    app: &App,
    actor: &Actor,
    id: VendorId,
    status: VendorStatus,
    reason: &str,
) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let previous = vendor.status;
    match standing::change(previous, status, vendor.kyc_status) {
        Ok(Change::AlreadyThere) => return Ok(vendor),
        Ok(Change::Moves) => {}
        Err(StandingRefused::PapersNotApproved) => return Err(Refusal::KycNotApproved),
        Err(StandingRefused::Illegal) => {
            return Err(Refusal::IllegalTransition { from: previous.as_str(), to: status.as_str() });
        }
    }
    let vendor = change_vendor::stand(&mut tx, app, &vendor, Standing { status, ..Standing::from(&vendor) }, now).await?;
    let event = VendorStatusChanged { vendor: vendor.facts(), previous };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let what = ("vendor.status_changed", "vendor", id.as_uuid());
    audit::record(&mut tx, app, actor, what, json!({"status": previous}), json!({"status": status, "reason": reason})).await?;
    tx.commit().await?;
    Ok(vendor)
}
