//! Paying in cash.

use ::domain::{MediaId, Money, PaymentId};
use ::http::StatusCode;
use axum::Json;
use axum::extract::State;
use clients::payment::{OpenPaymentIn, OpenedPayment};
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Caller, Data, PathId, Problems, ServiceOnly};
use service_kit::policy;

use super::online::Opening;
use super::shapes::{PaymentOut, opened};
use crate::App;
use crate::usecases::collect_cod::{CashReport, collect_cod};
use crate::usecases::open_cod::open_cod;
use crate::usecases::own_proof::own_proof;
use crate::usecases::verify_proof;

policy!(pub(crate) Collectors: vendor, admin[Finance]);
policy!(pub(crate) Finance: admin[Finance]);

/// Opens the cash payment of an order. Again for the same order: the same one.
#[utoipa::path(post, path = "/api/v1/payments/cod/create", operation_id = "create_cod_payment", tag = "cod", request_body = OpenPaymentIn,
    responses((status = 200, description = "Opened before", body = Data<OpenedPayment>),
              (status = 201, description = "Opened", body = Data<OpenedPayment>), Problems))]
pub(crate) async fn create(
    State(app): State<App>,
    who: ServiceOnly,
    Body(Opening(terms)): Body<Opening>,
) -> Result<(StatusCode, Json<Data<OpenedPayment>>), ApiError> {
    let (payment, new) = open_cod(&app, &who.actor, &terms).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Data::new(opened(&app, payment)))))
}

/// Cash that was taken in.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkCollectedIn {
    /// Must be what is due.
    #[garde(skip)]
    amount: Money,
    /// A photo of the collection, uploaded before by the caller.
    #[garde(skip)]
    #[serde(default)]
    proof_media_id: Option<MediaId>,
}

/// Says that the cash is in: after delivery, all of it. Again adds a proof, if there was none.
#[utoipa::path(put, path = "/api/v1/payments/cod/{id}/mark-collected", operation_id = "mark_cod_collected", tag = "cod", request_body = MarkCollectedIn,
    params(("id" = PaymentId, Path, description = "The payment")),
    responses((status = 200, description = "The payment as it stands now", body = Data<PaymentOut>), Problems))]
pub(crate) async fn mark_collected(
    State(app): State<App>,
    who: Allowed<Collectors>,
    PathId(id): PathId<PaymentId>,
    Body(asked): Body<MarkCollectedIn>,
) -> Result<Data<PaymentOut>, ApiError> {
    let vendor = match &who.caller {
        Caller::Vendor { vendor_id, .. } => Some(*vendor_id),
        _ => None,
    };
    if let Some(proof) = asked.proof_media_id {
        own_proof(&app, proof, vendor.and(who.caller.user_id())).await?;
    }
    let report = CashReport { vendor, amount: asked.amount, proof: asked.proof_media_id };
    let payment = collect_cod(&app, &who.actor, id, report).await?;
    PaymentOut::seen_by(&who.caller, payment).map(Data::new).ok_or_else(|| ApiError::not_found("payment"))
}

/// What finance notes.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyProofIn {
    /// For the audit log.
    #[garde(inner(length(max = 1000)))]
    #[serde(default)]
    notes: Option<String>,
}

/// Says that finance has looked at the proof of collection and found it good.
#[utoipa::path(post, path = "/api/v1/payments/cod/{id}/verify-proof", operation_id = "verify_cod_proof", tag = "cod", request_body = VerifyProofIn,
    params(("id" = PaymentId, Path, description = "The payment")),
    responses((status = 200, description = "The payment as it stands now", body = Data<PaymentOut>), Problems))]
pub(crate) async fn verify_proof(
    State(app): State<App>,
    who: Allowed<Finance>,
    PathId(id): PathId<PaymentId>,
    Body(asked): Body<VerifyProofIn>,
) -> Result<Data<PaymentOut>, ApiError> {
    let by = who.caller.user_id().ok_or_else(|| ApiError::forbidden("forbidden", "only people look at proofs"))?;
    let payment = verify_proof::verify_proof(&app, &who.actor, by, id, asked.notes.as_deref()).await?;
    PaymentOut::seen_by(&who.caller, payment).map(Data::new).ok_or_else(|| ApiError::not_found("payment"))
}
