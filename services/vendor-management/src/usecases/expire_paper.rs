//! A paper's last day is over.

use domain::events::{VendorKycRejected, VendorStatusChanged};
use domain::{Actor, KycStatus, ServiceName, VendorId, VendorStatus};
use pg_kit::outbox;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Refusal, audit, change_vendor};
use crate::App;
use crate::domain::kyc::{self, VerificationStatus};
use crate::domain::vendor::Vendor;
use crate::store::kyc as papers;
use crate::store::vendors::Standing;

/// Marks a paper as expired, once. When approval wants it, the vendor waits for approval again and sells nothing meanwhile.
pub(crate) async fn expire_paper(app: &App, vendor_id: VendorId, document: Uuid) -> Result<(), Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, vendor_id).await?;
    if let Some(kind) = papers::expire(&mut tx, vendor_id, document, domain::business_time::ist_date(now)).await? {
        let actor = Actor::system(ServiceName::VendorManagement);
        fall_back(&mut tx, app, &actor, &vendor, vec![format!("{kind}: expired")]).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Takes approval back when what is left of the papers is not enough for it. Answers the vendor as it is then.
pub(crate) async fn fall_back(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    vendor: &Vendor,
    reasons: Vec<String>,
) -> Result<Option<Vendor>, Refusal> {
    let Some(details) = vendor.details.as_ref().filter(|_| vendor.kyc_status == KycStatus::Approved) else { return Ok(None) };
    let now = app.kit.clock.now();
    let good: Vec<_> = papers::current(conn, vendor.id)
        .await?
        .into_iter()
        .filter(|paper| paper.verification_status.counts())
        .map(|paper| paper.document_type)
        .collect();
    if kyc::missing(details.gst_scheme, &good).is_empty() {
        return Ok(None);
    }
    let (previous, ids) = (vendor.status, &*app.kit.ids);
    let status = if previous == VendorStatus::Active { VendorStatus::Pending } else { previous };
    let standing = Standing { status, kyc_status: KycStatus::Rejected, ..Standing::from(vendor) };
    let after = json!({"kyc_status": KycStatus::Rejected, "status": status, "reasons": reasons});
    let vendor = change_vendor::stand(conn, app, vendor, standing, now).await?;
    outbox::append(conn, now, ids, actor, &VendorKycRejected { vendor: vendor.facts(), reasons }).await?;
    if status != previous {
        outbox::append(conn, now, ids, actor, &VendorStatusChanged { vendor: vendor.facts(), previous }).await?;
    }
    let before = json!({"kyc_status": KycStatus::Approved, "status": previous});
    audit::record(conn, app, actor, ("vendor.kyc_lapsed", "vendor", vendor.id.as_uuid()), before, after).await?;
    Ok(Some(vendor))
}

impl VerificationStatus {
    /// Whether a paper that stands so counts towards approval.
    pub(crate) const fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Verified)
    }
}
