//! Open a pending vendor for a user who registers.

use clients::vendor::OpenVendorIn;

use super::Refusal;
use crate::App;
use crate::domain::vendor::Vendor;
use crate::store::vendors::{self, NewVendor};

/// Where RealServ is; onboarding says where the vendor is.
const TELANGANA: &str = "36";

/// Opens the vendor; again answers the same.
pub(crate) async fn open_vendor(app: &App, wanted: &OpenVendorIn) -> Result<Vendor, Refusal> {
    let mut tx = app.kit.pool.begin().await?;
    let new = NewVendor {
        id: app.kit.ids.next(),
        user_id: wanted.user_id,
        owner_name: wanted.full_name.trim(),
        business_name: wanted.business_name.as_deref().unwrap_or_default().trim(),
        phone: &wanted.phone,
        state_code: TELANGANA,
        commission_rate: app.config.default_commission_rate,
        now: app.kit.clock.now(),
    };
    vendors::open(&mut tx, &new).await?;
    let vendor = vendors::find_by_user(&mut tx, &app.sealer, wanted.user_id).await?.ok_or(Refusal::NotFound("vendor"))?;
    tx.commit().await?;
    Ok(vendor)
}
