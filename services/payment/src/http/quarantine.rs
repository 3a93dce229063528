//! Money that is held because it is not what an order waits for.

use ::domain::{Money, OrderNumber, PaymentId, UserId};
use axum::extract::Path;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Data, Page, PageParams, Params, Problems};

use super::cod::Finance;
use crate::App;
use crate::domain::online::CURRENCY;
use crate::store::strays::{StrayPlace, StrayRow};
use crate::usecases::resolve_quarantine::{Decision, held, resolve_quarantine};

/// Held money.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HeldOut {
    /// The gateway's payment.
    gateway_payment_id: String,
    /// Our payment, of whose order it came.
    payment_id: PaymentId,
    /// The order's number.
    order_number: OrderNumber,
    /// How much, in the smallest unit of its currency.
    amount_minor: i64,
    /// Its currency.
    currency: String,
    /// How much, when it is in rupees.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    /// What the order waits for, in rupees.
    due: Money,
    /// What differs.
    reason: String,
    /// When the gateway took it; before that the bank holds it, and it may come free by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_at: Option<DateTime<Utc>>,
    /// `released` or `refunded`, once finance decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<UserId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<DateTime<Utc>>,
    /// What was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// When it was first seen.
    created_at: DateTime<Utc>,
}

impl From<StrayRow> for HeldOut {
    fn from(row: StrayRow) -> Self {
        Self {
            amount: (row.currency == CURRENCY).then(|| row.money()),
            gateway_payment_id: row.gateway_payment,
            payment_id: row.payment_id,
            order_number: row.order_number,
            amount_minor: row.amount_paise,
            currency: row.currency,
            due: row.due,
            reason: row.reason,
            captured_at: row.captured_at,
            resolution: row.resolution,
            resolved_by: row.resolved_by,
            resolved_at: row.resolved_at,
            notes: row.resolution_notes,
            created_at: row.created_at,
        }
    }
}

/// Which held money.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeldParams {
    /// Decided on or not; both when left out.
    #[garde(skip)]
    #[serde(default)]
    resolved: Option<bool>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// Money in quarantine, newest first.
#[utoipa::path(get, path = "/api/v1/payments/quarantine", operation_id = "list_quarantine", tag = "quarantine", params(HeldParams),
    responses((status = 200, description = "A page of held money", body = Page<HeldOut>), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    _who: Allowed<Finance>,
    Params(asked): Params<HeldParams>,
) -> Result<Page<HeldOut>, ApiError> {
    let page = PageParams { cursor: asked.cursor, limit: asked.limit }.request::<StrayPlace>()?;
    let rows = held(&app, asked.resolved, page.after.clone(), page.fetch()).await?;
    Ok(page.page(rows, |row| (row.created_at, row.gateway_payment.clone()), HeldOut::from))
}

/// Why finance decides so.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveIn {
    /// For the audit log.
    #[garde(length(min = 1, max = 1000))]
    notes: String,
}

/// Takes held money for its order after all: only when it is enough and the order still waits. What is over goes back.
#[utoipa::path(post, path = "/api/v1/payments/quarantine/{gatewayPaymentId}/release", operation_id = "release_quarantine",
    tag = "quarantine", request_body = ResolveIn, params(("gatewayPaymentId" = String, Path, description = "The gateway's payment")),
    responses((status = 200, description = "The money, decided on", body = Data<HeldOut>), Problems))]
pub(crate) async fn release(
    State(app): State<App>,
    who: Allowed<Finance>,
    Path(id): Path<String>,
    Body(asked): Body<ResolveIn>,
) -> Result<Data<HeldOut>, ApiError> {
    decide(&app, &who, &id, Decision::Release, &asked).await
}

/// Gives held money back, whole.
#[utoipa::path(post, path = "/api/v1/payments/quarantine/{gatewayPaymentId}/refund", operation_id = "refund_quarantine",
    tag = "quarantine", request_body = ResolveIn, params(("gatewayPaymentId" = String, Path, description = "The gateway's payment")),
    responses((status = 200, description = "The money, decided on", body = Data<HeldOut>), Problems))]
pub(crate) async fn refund(
    State(app): State<App>,
    who: Allowed<Finance>,
    Path(id): Path<String>,
    Body(asked): Body<ResolveIn>,
) -> Result<Data<HeldOut>, ApiError> {
    decide(&app, &who, &id, Decision::Refund, &asked).await
}

async fn decide(
    app: &App,
    who: &Allowed<Finance>,
    id: &str,
    decision: Decision,
    asked: &ResolveIn,
) -> Result<Data<HeldOut>, ApiError> {
    let is_an_id = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_an_id {
        return Err(ApiError::not_found("payment"));
    }
    let by = who.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "only people decide on held money"))?;
    let stray = resolve_quarantine(app, &who.actor, by, (id, decision), Some(&asked.notes)).await?;
    Ok(Data::new(stray.into()))
}
