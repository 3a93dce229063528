//! Finance sets a vendor's commission for new orders; orders keep the rate they were placed at (rule 33).

use domain::events::VendorUpdated;
use domain::{Actor, Rate, VendorId};
use pg_kit::outbox;
use serde_json::json;

use super::{Refusal, audit, change_vendor};
use crate::App;
use crate::domain::vendor::Vendor;
use crate::store::vendors::Standing;

/// Sets the rate.
pub(crate) async fn set_commission(app: &App, actor: &Actor, id: VendorId, rate: Rate) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let before = vendor.commission_rate;
    if before == rate {
        return Ok(vendor);
    }
    let standing = Standing { commission_rate: rate, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(&mut tx, app, &vendor, standing, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorUpdated { vendor: vendor.facts() }).await?;
    let what = ("vendor.commission_changed", "vendor", id.as_uuid());
    audit::record(&mut tx, app, actor, what, json!({"commission_rate": before}), json!({"commission_rate": rate})).await?;
    tx.commit().await?;
    Ok(vendor)
}
