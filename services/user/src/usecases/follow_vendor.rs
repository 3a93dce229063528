//! Keeps what vendor-management says of a vendor.

use bus::Outcome;
use domain::events::{Envelope, VendorFacts};
use pg_kit::inbox;

use super::refusal::Refusal;
use super::sync_identity::{attach_vendor_in, promise};
use crate::App;
use crate::store;

/// Takes in a vendor's news: its standing, and its id when registration has not learned it yet.
pub(crate) async fn follow_vendor(app: &App, envelope: &Envelope, vendor: &VendorFacts) -> Result<Outcome, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, "user", envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    let Some(user) = store::users::by_vendor_or_id(&mut tx, vendor.vendor_id, vendor.user_id).await? else {
        return Ok(Outcome::Reject(format!("no user {} of vendor {}", vendor.user_id, vendor.vendor_id)));
    };
    let news = store::users::note_vendor(&mut tx, user.id, vendor.status, vendor.revision).await?;
    if user.needs_vendor() {
        attach_vendor_in(app, &mut tx, user.id, vendor.vendor_id, now).await?;
    }
    if news && user.vendor_status != Some(vendor.status) {
        promise(app, &mut tx, user.id, now).await?;
    }
    tx.commit().await?;
    Ok(if news { Outcome::Done } else { Outcome::Stale })
}
