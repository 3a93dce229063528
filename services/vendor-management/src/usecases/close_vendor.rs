//! The shop of somebody who deleted the account closes, for good.

use domain::events::{VendorAvailabilityChanged, VendorStatusChanged};
use domain::{Actor, UserId, VendorStatus};
use pg_kit::outbox;
use serde_json::json;
use sqlx::PgConnection;

use super::{Refusal, audit, change_vendor};
use crate::App;
use crate::store::vendors::{self, Standing};

/// Blocks the vendor of a user, from where no way leads back, and takes it off the market. False when the user has none or
/// it stands so already: then nobody hears of it again.
pub(crate) async fn close_vendor(conn: &mut PgConnection, app: &App, actor: &Actor, owner: UserId) -> Result<bool, Refusal> {
    let Some(found) = vendors::find_by_user(conn, &app.sealer, owner).await? else { return Ok(false) };
    let vendor = change_vendor::hold(conn, app, found.id).await?;
    let (previous, was_accepting) = (vendor.status, vendor.is_accepting_orders);
    if previous == VendorStatus::Blocked && !was_accepting {
        return Ok(false);
    }
    let now = app.kit.clock.now();
    let standing = Standing { status: VendorStatus::Blocked, is_accepting_orders: false, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(conn, app, &vendor, standing, now).await?;
    let (ids, facts) = (&*app.kit.ids, vendor.facts());
    if previous == VendorStatus::Blocked {
        outbox::append(conn, now, ids, actor, &VendorAvailabilityChanged { vendor: facts }).await?;
    } else {
        outbox::append(conn, now, ids, actor, &VendorStatusChanged { vendor: facts, previous }).await?;
    }
    let before = json!({"status": previous, "is_accepting_orders": was_accepting});
    let after = json!({"status": vendor.status, "is_accepting_orders": false, "reason": "its owner's account was deleted"});
    audit::record(conn, app, actor, ("vendor.closed", "vendor", vendor.id.as_uuid()), before, after).await?;
    Ok(true)
}
