//! Staff reject some of a vendor's papers.

use domain::events::VendorKycRejected;
use domain::{Actor, KycStatus, UserId, VendorId};
use pg_kit::outbox;
use serde_json::json;
use uuid::Uuid;

use super::{Refusal, audit, change_vendor, expire_paper};
use crate::App;
use crate::domain::kyc::VerificationStatus;
use crate::domain::vendor::Vendor;
use crate::store::kyc as papers;
use crate::store::vendors::Standing;

/// Rejects papers, each with its reason. The vendor may hand in others.
pub(crate) async fn reject_kyc(
    app: &App,
    actor: &Actor,
    by: UserId,
    id: VendorId,
    rejected: &[(Uuid, String)],
) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let approved = vendor.kyc_status == KycStatus::Approved;
    if vendor.kyc_status != KycStatus::Submitted && !approved {
        return Err(Refusal::IllegalTransition { from: vendor.kyc_status.as_str(), to: "rejected" });
    }
    let current = papers::current(&mut tx, id).await?;
    let mut reasons = Vec::with_capacity(rejected.len());
    for (document, reason) in rejected {
        let paper = current.iter().find(|paper| paper.id == *document).ok_or(Refusal::NotFound("document"))?;
        if approved && paper.verification_status == VerificationStatus::Verified {
            // What approval stands on is not taken back paper by paper: suspend the vendor instead.
            return Err(Refusal::IllegalTransition { from: paper.verification_status.as_str(), to: "rejected" });
        }
        if !papers::reject(&mut tx, id, *document, reason, by, now).await? {
            return Err(Refusal::IllegalTransition { from: paper.verification_status.as_str(), to: "rejected" });
        }
        reasons.push(format!("{}: {reason}", paper.document_type));
    }
    if approved {
        let fallen = expire_paper::fall_back(&mut tx, app, actor, &vendor, reasons).await?;
        tx.commit().await?;
        return Ok(fallen.unwrap_or(vendor));
    }
    let standing = Standing { kyc_status: KycStatus::Rejected, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(&mut tx, app, &vendor, standing, now).await?;
    let after = json!({"kyc_status": vendor.kyc_status, "reasons": reasons});
    let event = VendorKycRejected { vendor: vendor.facts(), reasons };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let what = ("vendor.kyc_rejected", "vendor", id.as_uuid());
    audit::record(&mut tx, app, actor, what, json!({"kyc_status": KycStatus::Submitted}), after).await?;
    tx.commit().await?;
    Ok(vendor)
}
