//! Settlements and earnings.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use domain::{AdminRole, SettlementId, SettlementNumber, VendorId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::http::{Allowed, Body, Data, Page, PageParams, PageRequest, Params, PathId, Problems};
use service_kit::{ApiError, policy};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::settlement_shapes::{EarningsOut, SettlementOut, SettlementWholeOut, whole};
use super::statements::{self, Format};
use super::vendor_staff::Finance;
use crate::App;
use crate::domain::settlement::{PayoutMethod, SettlementStatus};
use crate::store::ByAge;
use crate::store::settlements::{self, Filter};
use crate::usecases::approve_settlement::approve_settlement;
use crate::usecases::earnings;
use crate::usecases::generate_settlements::{Run, generate_settlements};
use crate::usecases::mark_settlement_paid::{Payout, mark_settlement_paid};
use crate::usecases::onboard_vendor;

policy!(
    /// Who sees a vendor's money.
    pub(super) Readers: vendor, admin[Finance]
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(generate))
        .routes(routes!(get))
        .routes(routes!(by_vendor))
        .routes(routes!(approve))
        .routes(routes!(mark_paid))
        .routes(routes!(earned))
}

/// What is to be settled.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GenerateIn {
    /// One vendor; all when left out.
    #[garde(skip)]
    #[serde(default)]
    vendor_id: Option<VendorId>,
    /// First Indian day.
    #[garde(skip)]
    period_start: NaiveDate,
    /// Last Indian day; it must be over.
    #[garde(skip)]
    period_end: NaiveDate,
}

/// What was made, or was there.
#[derive(Debug, Serialize, ToSchema)]
struct GeneratedOut {
    settlements: Vec<SettlementOut>,
    /// Vendors left out because another settlement of theirs covers some of these days.
    refused: Vec<RefusedOut>,
}

/// A vendor that was left out.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedOut {
    vendor_id: VendorId,
    #[schema(example = "period_overlaps")]
    code: &'static str,
    settlement_number: SettlementNumber,
    period_start: NaiveDate,
    period_end: NaiveDate,
}

impl From<Run> for GeneratedOut {
    fn from(run: Run) -> Self {
        let refused = run.refused.into_iter().map(|other| RefusedOut {
            vendor_id: other.vendor_id,
            code: "period_overlaps",
            settlement_number: other.settlement_number,
            period_start: other.period_start_date,
            period_end: other.period_end_date,
        });
        Self { refused: refused.collect(), settlements: run.settlements.into_iter().map(SettlementOut::from).collect() }
    }
}

/// Makes the settlements of a period
///
/// For one vendor or all. Again, also at the same time, answers the same settlements. No settlement is made of nothing.
#[utoipa::path(post, path = "/api/v1/settlements/generate", tag = "settlements", operation_id = "generateSettlements", request_body = GenerateIn,
    responses((status = 200, description = "The settlements", body = Data<GeneratedOut>), Problems))]
async fn generate(
    caller: Allowed<Finance>,
    State(app): State<App>,
    Body(body): Body<GenerateIn>,
) -> Result<Data<GeneratedOut>, ApiError> {
    let days = (body.period_start, body.period_end);
    let run = generate_settlements(&app, &caller.actor, body.vendor_id, days).await?;
    Ok(Data::new(run.into()))
}

/// In which form.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct FormParams {
    /// `json` when left out; `csv` and `pdf` are the statement.
    #[garde(skip)]
    #[param(inline)]
    format: Option<Format>,
}

/// Reads a settlement with its lines, or its statement
#[utoipa::path(get, path = "/api/v1/settlements/{id}", tag = "settlements", operation_id = "getSettlement",
    params(("id" = SettlementId, Path, description = "The settlement"), FormParams),
    responses((status = 200, description = "The settlement, or its statement",
        content((Data<SettlementWholeOut> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/pdf"))), Problems))]
async fn get(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<SettlementId>,
    Params(form): Params<FormParams>,
) -> Result<Response, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let found = settlements::find(&mut conn, id).await?;
    let settlement = found
        .filter(|s| caller.caller.is_vendor(s.vendor_id) || caller.caller.is_admin(&[AdminRole::Finance]))
        .ok_or_else(|| ApiError::not_found("settlement"))?;
    match form.format.unwrap_or_default() {
        Format::Json => Ok(Data::new(whole(&mut conn, settlement).await?).into_response()),
        format => statements::answer(&app, &mut conn, settlement, format).await,
    }
}

/// What to narrow the list to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    #[garde(skip)]
    status: Option<SettlementStatus>,
}

async fn listed(app: &App, filter: &Filter, page: &PageRequest<ByAge>) -> Result<Page<SettlementOut>, ApiError> {
    let mut conn = app.kit.pool.acquire().await?;
    let found = settlements::list(&mut conn, filter, page).await?;
    Ok(page.page(found, |s| ByAge { at: s.created_at, id: s.id.as_uuid() }, SettlementOut::from))
}

/// Refuses other vendors.
fn own_or_finance(caller: &Allowed<Readers>, id: VendorId) -> Result<(), ApiError> {
    if caller.caller.is_vendor(id) || caller.caller.is_admin(&[AdminRole::Finance]) {
        return Ok(());
    }
    Err(ApiError::forbidden("forbidden", "this is another vendor's"))
}

/// Lists a vendor's settlements, newest first
#[utoipa::path(get, path = "/api/v1/settlements/vendor/{vendorId}", tag = "settlements", operation_id = "listSettlementsOfVendor",
    params(("vendorId" = VendorId, Path, description = "The vendor"), ListParams, PageParams),
    responses((status = 200, description = "The settlements", body = Page<SettlementOut>), Problems))]
async fn by_vendor(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
    Params(filter): Params<ListParams>,
    Params(page): Params<PageParams>,
) -> Result<Page<SettlementOut>, ApiError> {
    own_or_finance(&caller, id)?;
    listed(&app, &Filter { vendor_id: Some(id), status: filter.status }, &page.request()?).await
}

/// Lists all settlements, newest first
#[utoipa::path(get, path = "/api/v1/settlements", tag = "settlements", operation_id = "listSettlements", params(ListParams, PageParams),
    responses((status = 200, description = "The settlements", body = Page<SettlementOut>), Problems))]
async fn list(
    _caller: Allowed<Finance>,
    State(app): State<App>,
    Params(filter): Params<ListParams>,
    Params(page): Params<PageParams>,
) -> Result<Page<SettlementOut>, ApiError> {
    listed(&app, &Filter { vendor_id: None, status: filter.status }, &page.request()?).await
}

/// Approves a settlement
///
/// One with nothing to pay out closes with that.
#[utoipa::path(put, path = "/api/v1/settlements/{id}/approve", tag = "settlements", operation_id = "approveSettlement",
    params(("id" = SettlementId, Path, description = "The settlement")),
    responses((status = 200, description = "The settlement", body = Data<SettlementOut>), Problems))]
async fn approve(
    caller: Allowed<Finance>,
    State(app): State<App>,
    PathId(id): PathId<SettlementId>,
) -> Result<Data<SettlementOut>, ApiError> {
    let by = caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "you may not do this"))?;
    Ok(Data::new(approve_settlement(&app, &caller.actor, by, id).await?.into()))
}

/// How a settlement was paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct MarkPaidIn {
    /// `bank_transfer` when left out.
    #[garde(skip)]
    #[serde(default)]
    payment_method: Option<PayoutMethod>,
    /// The bank's reference, such as a UTR.
    #[garde(length(chars, min = 3, max = 100))]
    payment_reference: String,
    #[garde(length(chars, max = 1000))]
    #[serde(default)]
    notes: Option<String>,
}

/// Says that the money went out
///
/// Of an approved settlement; above the limit by somebody else than who approved it.
#[utoipa::path(put, path = "/api/v1/settlements/{id}/mark-paid", tag = "settlements", operation_id = "markSettlementPaid", request_body = MarkPaidIn,
    params(("id" = SettlementId, Path, description = "The settlement")),
    responses((status = 200, description = "The settlement", body = Data<SettlementOut>), Problems))]
async fn mark_paid(
    caller: Allowed<Finance>,
    State(app): State<App>,
    PathId(id): PathId<SettlementId>,
    Body(body): Body<MarkPaidIn>,
) -> Result<Data<SettlementOut>, ApiError> {
    let by = caller.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "you may not do this"))?;
    let payout = Payout {
        method: body.payment_method.unwrap_or(PayoutMethod::BankTransfer),
        reference: body.payment_reference.trim().to_owned(),
        notes: body.notes,
    };
    Ok(Data::new(mark_settlement_paid(&app, &caller.actor, by, id, &payout).await?.into()))
}

/// What a vendor earned to date
#[utoipa::path(get, path = "/api/v1/earnings/vendor/{vendorId}", tag = "settlements", operation_id = "getEarnings",
    params(("vendorId" = VendorId, Path, description = "The vendor")),
    responses((status = 200, description = "To date", body = Data<EarningsOut>), Problems))]
async fn earned(
    caller: Allowed<Readers>,
    State(app): State<App>,
    PathId(id): PathId<VendorId>,
) -> Result<Data<EarningsOut>, ApiError> {
    own_or_finance(&caller, id)?;
    onboard_vendor::find(&app, id).await?;
    let earnings = earnings::to_date(&app, id).await?;
    Ok(Data::new(EarningsOut::of(id, &earnings)?))
}
