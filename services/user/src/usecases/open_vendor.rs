//! Opens a vendor's basic profile, which vendor-management keeps.

use auth::FirebaseClaims;
use clients::vendor::OpenVendorIn;
use domain::UserType;
use domain::events::VendorFacts;

use super::refusal::Refusal;
use super::sync_identity::{attach_vendor, try_now};
use crate::App;
use crate::store;

/// Asks vendor-management for the caller's vendor. Again answers the same one. True when it was not known here before.
pub(crate) async fn open_vendor(
    app: &App,
    claims: &FirebaseClaims,
    business_name: Option<String>,
) -> Result<(VendorFacts, bool), Refusal> {
    let user = {
        let mut conn = app.kit.pool.acquire().await?;
        store::users::by_uid(&mut conn, &claims.uid).await?.ok_or(Refusal::NotRegistered)?
    };
    if user.user_type != UserType::Vendor {
        return Err(Refusal::NotAVendor);
    }
    let phone = user.phone.clone().ok_or(Refusal::PhoneMissing)?;
    let opening = OpenVendorIn { user_id: user.id, phone, full_name: user.full_name.clone(), business_name };
    let vendor = app.vendors.open(&opening).await?;
    let is_new = user.vendor_id.is_none();
    if is_new {
        attach_vendor(app, user.id, vendor.vendor_id).await?;
        try_now(app, user.id).await;
    }
    Ok((vendor, is_new))
}
