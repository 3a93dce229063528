//! A vendor opens or closes the shop.

use domain::events::VendorAvailabilityChanged;
use domain::{Actor, VendorId};
use pg_kit::outbox;

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::vendor::Vendor;
use crate::store::vendors::Standing;

/// Opens or closes; again changes nothing.
pub(crate) async fn set_availability(app: &App, actor: &Actor, id: VendorId, open: bool) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, id).await?;
    if vendor.is_accepting_orders == open {
        return Ok(vendor);
    }
    let standing = Standing { is_accepting_orders: open, ..Standing::from(&vendor) };
    let vendor = change_vendor::stand(&mut tx, &vendor, standing, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorAvailabilityChanged { vendor: vendor.facts() }).await?;
    tx.commit().await?;
    Ok(vendor)
}
