//! For our other services only.

use axum::extract::State;
use clients::vendor::{OpenVendorIn, SettlementLineFacts, SupplierFacts};
use domain::events::VendorFacts;
use domain::{OrderId, Phone, UserId, VendorId};
use garde::Validate;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, Data, PathId, Problems, ServiceOnly};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::store::{settlements, vendors};
use crate::usecases::onboard_vendor;
use crate::usecases::open_vendor::open_vendor;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(get))
        .routes(routes!(supplier))
        .routes(routes!(by_user))
        .routes(routes!(settlement_lines))
}

/// A vendor to be opened: [`OpenVendorIn`] with its limits.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenBody {
    #[garde(skip)]
    user_id: UserId,
    #[garde(skip)]
    phone: Phone,
    #[garde(length(chars, max = 255))]
    full_name: String,
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    business_name: Option<String>,
}

impl From<OpenBody> for OpenVendorIn {
    fn from(body: OpenBody) -> Self {
        Self { user_id: body.user_id, phone: body.phone, full_name: body.full_name, business_name: body.business_name }
    }
}

/// Opens a pending vendor
///
/// Once for a user; again answers the same vendor.
#[utoipa::path(post, path = "/internal/v1/vendors", tag = "internal", operation_id = "openVendor", request_body = OpenBody,
    responses((status = 200, description = "The vendor", body = Data<VendorFacts>), Problems))]
async fn open(_caller: ServiceOnly, State(app): State<App>, Body(body): Body<OpenBody>) -> Result<Data<VendorFacts>, ApiError> {
    Ok(Data::new(open_vendor(&app, &body.into()).await?.facts()))
}

/// Reads a vendor
#[utoipa::path(get, path = "/internal/v1/vendors/{id}", tag = "internal", operation_id = "getVendorFacts", params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor", body = Data<VendorFacts>), Problems))]
async fn get(_caller: ServiceOnly, State(app): State<App>, PathId(id): PathId<VendorId>) -> Result<Data<VendorFacts>, ApiError> {
    Ok(Data::new(onboard_vendor::find(&app, id).await?.facts()))
}

/// Reads what a vendor's invoices say about the vendor
#[utoipa::path(get, path = "/internal/v1/vendors/{id}/supplier", tag = "internal", operation_id = "getSupplierFacts", params(("id" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "The vendor as a supplier", body = Data<SupplierFacts>), Problems))]
async fn supplier(
    _caller: ServiceOnly,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
) -> Result<Data<SupplierFacts>, ApiError> {
    let vendor = onboard_vendor::find(&app, id).await?;
    let details = vendor.details;
    let address = details.as_ref().and_then(|details| details.business_address.clone()).unwrap_or_default();
    Ok(Data::new(SupplierFacts {
        vendor_id: vendor.id,
        business_name: vendor.business_name,
        address,
        gstin: details.and_then(|details| details.gstin),
        state_code: vendor.state_code,
        phone: vendor.business_phone,
    }))
}

/// Reads the vendor of a user
#[utoipa::path(get, path = "/internal/v1/vendors/by-user/{userId}", tag = "internal", operation_id = "getVendorOfUser",
    params(("userId" = UserId, Path, description = "The user")),
    responses((status = 200, description = "The vendor", body = Data<VendorFacts>), Problems))]
async fn by_user(
    _caller: ServiceOnly,
    State(app): State<App>,
    PathId(id): PathId<UserId>,
) -> Result<Data<VendorFacts>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let vendor = vendors::find_by_user(&mut conn, &app.sealer, id).await?.ok_or_else(|| ApiError::not_found("vendor"))?;
    Ok(Data::new(vendor.facts()))
}

/// Orders: [`clients::vendor::SettlementLinesIn`] with its limit.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinesBody {
    #[garde(length(max = 500))]
    order_ids: Vec<OrderId>,
}

/// Reads the settlement lines of orders, as far as they are settled
#[utoipa::path(post, path = "/internal/v1/settlements/lines", tag = "internal", operation_id = "listSettlementLinesOfOrders", request_body = LinesBody,
    responses((status = 200, description = "The lines", body = Data<Vec<SettlementLineFacts>>), Problems))]
async fn settlement_lines(
    _caller: ServiceOnly,
    State(app): State<App>,
    Body(body): Body<LinesBody>,
) -> Result<Data<Vec<SettlementLineFacts>>, ApiError> {
    let orders: Vec<_> = body.order_ids.iter().map(OrderId::as_uuid).collect();
    let mut conn = app.kit.pool.acquire().await?;
    let lines = settlements::lines_of_orders(&mut conn, &orders).await?;
    Ok(Data::new(lines.into_iter().map(SettlementLineFacts::from).collect()))
}
