//! Giving money back.

use ::domain::{Money, PaymentId};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Caller, Created, Data, IdempotencyKey, PathId, Problems};
use service_kit::policy;

use super::shapes::{RefundOut, RefundStatusOut};
use crate::App;
use crate::domain::online::CURRENCY;
use crate::usecases::read_payments;
use crate::usecases::request_refund::{RefundOrder, request_refund};

policy!(pub(crate) Refunders: admin[Finance], service);
policy!(pub(crate) RefundReaders: buyer, admin[Finance], service);

/// Why somebody asks for a refund.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundReasonIn {
    /// The order is off.
    Cancellation,
    /// A dispute was decided.
    Dispute,
    /// Goods came back.
    Return,
    /// To be nice.
    Goodwill,
}

impl RefundReasonIn {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cancellation => "cancellation",
            Self::Dispute => "dispute",
            Self::Return => "return",
            Self::Goodwill => "goodwill",
        }
    }
}

/// What is to go back.
#[derive(Debug, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundIn {
    /// How much; all that is left when left out.
    #[garde(skip)]
    #[serde(default)]
    amount: Option<Money>,
    /// Why.
    #[garde(skip)]
    reason: RefundReasonIn,
    /// For the books.
    #[garde(inner(length(max = 1000)))]
    #[serde(default)]
    notes: Option<String>,
}

/// Asks for a refund, whole or in part. It is carried out right afterwards; `refund-status` tells how it stands.
#[utoipa::path(post, path = "/api/v1/payments/{id}/refund", operation_id = "request_refund", tag = "refunds", request_body = RefundIn,
    params(("id" = PaymentId, Path, description = "The payment"),
           ("idempotency-key" = String, Header, description = "The same when the request is repeated")),
    responses((status = 201, description = "Asked for", body = Data<RefundOut>), Problems))]
pub(crate) async fn request(
    State(app): State<App>,
    who: Allowed<Refunders>,
    PathId(id): PathId<PaymentId>,
    IdempotencyKey(key): IdempotencyKey,
    Body(asked): Body<RefundIn>,
) -> Result<Created<serde_json::Value>, ApiError> {
    let order = RefundOrder {
        body: serde_json::to_value(&asked).map_err(ApiError::internal)?,
        reason: asked.reason.as_str(),
        amount: asked.amount,
        notes: asked.notes,
        caller: who.caller.key(),
        key,
    };
    let said =
        request_refund(&app, &who.actor, id, order, |refund| serde_json::to_value(RefundOut::from(refund)).unwrap_or_default());
    Ok(Created(said.await?))
}

/// How a payment's refunds stand.
#[utoipa::path(get, path = "/api/v1/payments/{id}/refund-status", operation_id = "get_refund_status", tag = "refunds",
    params(("id" = PaymentId, Path, description = "The payment")),
    responses((status = 200, description = "The refunds", body = Data<RefundStatusOut>), Problems))]
pub(crate) async fn status(
    State(app): State<App>,
    who: Allowed<RefundReaders>,
    PathId(id): PathId<PaymentId>,
) -> Result<Data<RefundStatusOut>, ApiError> {
    let (payment, refunds) = read_payments::with_refunds(&app, id).await?;
    if matches!(who.caller, Caller::Buyer { .. }) && !who.caller.is_buyer(payment.buyer_id) {
        return Err(ApiError::not_found("payment"));
    }
    Ok(Data::new(RefundStatusOut {
        payment_id: payment.id,
        payment_status: payment.status,
        amount: payment.amount,
        refund_requested: payment.refund_requested,
        refund_amount: payment.refund_amount,
        refundable: payment.refundable().left()?,
        currency: CURRENCY,
        refunds: refunds.iter().map(RefundOut::from).collect(),
    }))
}
