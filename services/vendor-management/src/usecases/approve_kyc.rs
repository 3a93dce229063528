//! Staff approve a vendor's papers.

use domain::events::{VendorKycApproved, VendorStatusChanged};
use domain::{Actor, KycStatus, UserId, VendorId, VendorStatus};
use pg_kit::outbox;
use serde_json::json;

use super::{Refusal, audit, change_vendor};
use crate::App;
use crate::domain::kyc;
use crate::domain::vendor::Vendor;
use crate::store::kyc as papers;
use crate::store::vendors::Standing;

/// Approves; the vendor may sell from now on. Again changes nothing.
pub(crate) async fn approve_kyc(app: &App, actor: &Actor, by: UserId, id: VendorId) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    if vendor.kyc_status == KycStatus::Approved {
        // Papers that were renewed or added since.
        papers::verify_all(&mut tx, id, by, now).await?;
        tx.commit().await?;
        return Ok(vendor);
    }
    let details = vendor.details.as_ref().ok_or(Refusal::NotOnboarded)?;
    let good: Vec<_> = papers::current(&mut tx, id)
        .await?
        .into_iter()
        .filter(|paper| paper.verification_status.counts())
        .map(|paper| paper.document_type)
        .collect();
    let missing = kyc::missing(details.gst_scheme, &good);
    if !missing.is_empty() {
        return Err(Refusal::KycIncomplete(missing));
    }
    if vendor.kyc_status != KycStatus::Submitted || vendor.status == VendorStatus::Blocked {
        return Err(Refusal::IllegalTransition { from: vendor.kyc_status.as_str(), to: "approved" });
    }
    let previous = vendor.status;
    let status = if previous == VendorStatus::Pending { VendorStatus::Active } else { previous };
    papers::verify_all(&mut tx, id, by, now).await?;
    let standing = Standing { status, kyc_status: KycStatus::Approved, ..Standing::from(&vendor) };
    let before = json!({"kyc_status": vendor.kyc_status, "status": previous});
    let vendor = change_vendor::stand(&mut tx, app, &vendor, standing, now).await?;
    let ids = &*app.kit.ids;
    outbox::append(&mut tx, now, ids, actor, &VendorKycApproved { vendor: vendor.facts() }).await?;
    if status != previous {
        outbox::append(&mut tx, now, ids, actor, &VendorStatusChanged { vendor: vendor.facts(), previous }).await?;
    }
    let after = json!({"kyc_status": vendor.kyc_status, "status": vendor.status});
    audit::record(&mut tx, app, actor, ("vendor.kyc_approved", "vendor", id.as_uuid()), before, after).await?;
    tx.commit().await?;
    Ok(vendor)
}
