//! Change the details of a business.

use domain::events::VendorUpdated;
use domain::{Actor, ActorKind, KycStatus, VendorId};
use pg_kit::outbox;
use serde_json::json;

use super::{Refusal, audit, change_vendor, onboard_vendor};
use crate::App;
use crate::domain::vendor::{BusinessDetails, Vendor};

/// Changes what `edit` changes. After approval the fields that papers were approved for are staff's to change.
pub(crate) async fn update_vendor(
    app: &App,
    actor: &Actor,
    id: VendorId,
    edit: impl Fn(&mut BusinessDetails) + Send,
) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    // What is outside is asked before the transaction, by what stands now: in the transaction it is edited again.
    let draft = onboard_vendor::find(app, id).await?.details.map(|mut details| {
        edit(&mut details);
        details
    });
    let area_drawn = match &draft {
        Some(details) => onboard_vendor::area_drawn(app, id, details).await?,
        None => false,
    };
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let before = vendor.details.clone().ok_or(Refusal::NotOnboarded)?;
    let mut details = before.clone();
    edit(&mut details);
    if details == before {
        return Ok(vendor);
    }
    let problems = details.problems(area_drawn);
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems));
    }
    let approved = details.approved_fields_changed(&before);
    let by_staff = actor.kind == ActorKind::Admin;
    if vendor.kyc_status == KycStatus::Approved && !by_staff && !approved.is_empty() {
        return Err(Refusal::LockedAfterApproval(approved));
    }
    let vendor = change_vendor::detail(&mut tx, app, &vendor, &details, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorUpdated { vendor: vendor.facts() }).await?;
    if by_staff {
        let what = ("vendor.updated", "vendor", id.as_uuid());
        // Which fields, not their values: numbers of accounts and papers have no place in a log.
        audit::record(&mut tx, app, actor, what, json!({}), json!({"approved_fields_changed": approved})).await?;
    }
    tx.commit().await?;
    Ok(vendor)
}
