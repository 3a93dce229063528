//! Users as far as a shop depends on them.

use bus::Outcome;
use domain::events::{Envelope, UserUpdated};
use domain::{Actor, ServiceName, UserStatus, UserType};

use super::{Failed, is_new};
use crate::App;
use crate::usecases::close_vendor::close_vendor;

/// Who is deleted sells nothing any more. Everything else known of a user is of no account here; a suspension passes, and
/// the standing of the vendor is what operations say meanwhile.
pub(super) async fn updated(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: UserUpdated = envelope.parse()?;
    if event.user.status != UserStatus::Deleted || event.user.user_type != UserType::Vendor {
        return Ok(Outcome::Done);
    }
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    let actor = Actor::system(ServiceName::VendorManagement);
    let closed = close_vendor(&mut tx, app, &actor, event.user.user_id).await?;
    tx.commit().await?;
    Ok(if closed { Outcome::Done } else { Outcome::Stale })
}
