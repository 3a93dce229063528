//! What staff do with vendors.

use axum::extract::State;
use domain::{Gstin, KycStatus, Pan, Rate, VendorId, VendorStatus};
use garde::Validate;
use serde::Deserialize;
use service_kit::http::{Allowed, Body, Data, Page, PageParams, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::vendor_shapes::VendorOut;
use super::vendors::sight;
use crate::App;
use crate::store::ByAge;
use crate::store::vendors::{self, Filter};
use crate::usecases::set_commission::set_commission;
use crate::usecases::set_status::set_status;

policy!(pub(super) Operations: admin[Operations]);
policy!(pub(super) Finance: admin[Finance]);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put_status)).routes(routes!(put_commission))
}

/// What to narrow the list to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    #[garde(skip)]
    status: Option<VendorStatus>,
    #[garde(skip)]
    kyc_status: Option<KycStatus>,
    /// Text in the name of business or owner.
    #[garde(length(chars, max = 100))]
    q: Option<String>,
    /// The whole GSTIN.
    #[garde(skip)]
    gstin: Option<Gstin>,
    /// The whole PAN.
    #[garde(skip)]
    pan: Option<Pan>,
    /// The whole number.
    #[garde(length(min = 9, max = 18))]
    bank_account_number: Option<String>,
}

/// Lists vendors, newest first
#[utoipa::path(get, path = "/api/v1/vendors", tag = "vendors", operation_id = "listVendors", params(ListParams, PageParams),
    responses((status = 200, description = "The vendors", body = Page<VendorOut>), Problems))]
async fn list(
    caller: Allowed<Operations>,
    State(app): State<App>,
    Params(filter): Params<ListParams>,
    Params(page): Params<PageParams>,
) -> Result<Page<VendorOut>, ApiError> {
    let page = page.request::<ByAge>()?;
    let filter = Filter {
        status: filter.status,
        kyc_status: filter.kyc_status,
        text: filter.q,
        gstin: filter.gstin,
        pan: filter.pan,
        bank_account_number: filter.bank_account_number,
    };
    let mut conn = app.kit.pool.acquire().await?;
    let found = vendors::list(&mut conn, &app.sealer, &filter, &page).await?;
    let place = |v: &crate::domain::vendor::Vendor| ByAge { at: v.created_at, id: v.id.as_uuid() };
    Ok(page.page(found, place, |vendor| {
        let sees = sight(&caller.caller, vendor.id);
        VendorOut::of(vendor, sees)
    }))
}

/// A change of standing.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatusIn {
    /// `active`, `suspended` or `blocked`.
    #[garde(skip)]
    status: VendorStatus,
    #[garde(length(chars, min = 3, max = 500))]
    reason: String,
}

/// Changes a vendor's standing
#[utoipa::path(put, path = "/api/v1/vendors/{id}/status", tag = "vendors", operation_id = "setVendorStatus", request_body = StatusIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor", body = Data<VendorOut>), Problems))]
async fn put_status(
    caller: Allowed<Operations>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<StatusIn>,
) -> Result<Data<VendorOut>, ApiError> {
    let vendor = set_status(&app, &caller.actor, id, body.status, &body.reason).await?;
    Ok(Data::new(VendorOut::of(vendor, sight(&caller.caller, id))))
}

/// A commission.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommissionIn {
    /// Percent of what buyers pay, for orders placed from now on.
    #[garde(custom(at_most_half))]
    commission_rate: Rate,
}

fn at_most_half(rate: &Rate, (): &()) -> garde::Result {
    if (0..=5_000).contains(&rate.basis_points()) { Ok(()) } else { Err(garde::Error::new("from 0.00 to 50.00")) }
}

/// Sets a vendor's commission for new orders
#[utoipa::path(put, path = "/api/v1/vendors/{id}/commission", tag = "vendors", operation_id = "setVendorCommission", request_body = CommissionIn,
    params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor", body = Data<VendorOut>), Problems))]
async fn put_commission(
    caller: Allowed<Finance>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Body(body): Body<CommissionIn>,
) -> Result<Data<VendorOut>, ApiError> {
    let vendor = set_commission(&app, &caller.actor, id, body.commission_rate).await?;
    Ok(Data::new(VendorOut::of(vendor, sight(&caller.caller, id))))
}
