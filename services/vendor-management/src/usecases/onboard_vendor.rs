//! A vendor gives the details of the business.

use clients::integration::AreaSearchIn;
use domain::events::VendorOnboarded;
use domain::{Actor, KycStatus, VendorId};
use pg_kit::outbox;

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::place::Place;
use crate::domain::vendor::{BusinessDetails, Vendor};
use crate::store::vendors;

/// Takes the details in; again, until the papers are approved, over those before.
pub(crate) async fn onboard_vendor(
    app: &App,
    actor: &Actor,
    id: VendorId,
    mut details: BusinessDetails,
) -> Result<Vendor, Refusal> {
    let problems = details.problems(area_drawn(app, id, &details).await?);
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems));
    }
    if details.location.is_none() {
        details.location = locate(app, &details).await;
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    if vendor.kyc_status == KycStatus::Approved {
        return Err(Refusal::KycAlreadyApproved);
    }
    let vendor = change_vendor::detail(&mut tx, app, &vendor, &details, now).await?;
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &VendorOnboarded { vendor: vendor.facts() }).await?;
    tx.commit().await?;
    Ok(vendor)
}

/// Whether the vendor drew an area at the integration service; asked only when nothing else says where it delivers.
pub(crate) async fn area_drawn(app: &App, id: VendorId, details: &BusinessDetails) -> Result<bool, Refusal> {
    if !details.wants_a_drawn_area() {
        return Ok(false);
    }
    let wanted = AreaSearchIn { point: None, vendor_id: Some(id) };
    Ok(!app.integration.vendors_by_area(wanted).await.map_err(Refusal::Neighbour)?.is_empty())
}

/// Where the warehouse may be, when nobody said: by its address or first PIN code. A vendor is not refused for want of it.
async fn locate(app: &App, details: &BusinessDetails) -> Option<Place> {
    let pincode = details.service_pincodes.first().map(|p| format!("{p}, India"));
    let text = details.business_address.clone().or(pincode)?;
    match app.integration.geocode(&text).await {
        Ok(found) => found.map(|p| Place { latitude: p.latitude, longitude: p.longitude }).filter(Place::is_in_india),
        Err(error) => {
            tracing::info!(%error, "a warehouse could not be placed on the map");
            None
        }
    }
}

/// The vendor behind a call, when there is one.
pub(crate) async fn find(app: &App, id: VendorId) -> Result<Vendor, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    vendors::find(&mut conn, &app.sealer, id).await?.ok_or(Refusal::NotFound("vendor"))
}
