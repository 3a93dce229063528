//! Paying online: the gateway's order, and the app's word that it was paid.

use ::domain::OrderId;
use ::http::StatusCode;
use axum::Json;
use axum::extract::State;
use clients::payment::{OpenPaymentIn, OpenedPayment, ReplacePaymentIn};
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, BuyerCaller, Caller, Data, PathId, Problems, RawBody, ServiceOnly, body};
use service_kit::policy;

use super::shapes::{PaymentOut, opened};
use crate::App;
use crate::usecases::open_online::{open_online, reopen_online};
use crate::usecases::replace_payment::replace_payment;
use crate::usecases::verify_payment::{CheckoutAnswer, verify_payment};

policy!(pub(crate) Openers: buyer, service);

/// What a buyer sends: the order is known, its terms are on record.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyerCreateOrderIn {
    /// The buyer's own unpaid online order.
    #[garde(skip)]
    order_id: OrderId,
}

/// What the order service sends.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Opening(pub(super) OpenPaymentIn);

impl garde::Validate for Opening {
    type Context = ();
    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if self.0.amount.is_zero() || self.0.amount.is_negative() {
            report.append(parent().join("amount"), garde::Error::new("must be above zero"));
        }
    }
}

/// Either of the two bodies.
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two bodies")]
pub(crate) enum CreateOrderIn {
    /// From the order service.
    Service(OpenPaymentIn),
    /// From the buyer's app.
    Buyer(BuyerCreateOrderIn),
}

/// Opens the gateway's order of an unpaid online order. Again for the same order: the same one.
#[utoipa::path(post, path = "/api/v1/payments/create-order", operation_id = "create_payment_order", tag = "online", request_body = CreateOrderIn,
    responses((status = 200, description = "Opened before", body = Data<OpenedPayment>),
              (status = 201, description = "Opened", body = Data<OpenedPayment>), Problems))]
pub(crate) async fn create_order(
    State(app): State<App>,
    who: Allowed<Openers>,
    raw: RawBody,
) -> Result<(StatusCode, Json<Data<OpenedPayment>>), ApiError> {
    let (payment, new) = match &who.caller {
        Caller::Buyer { buyer_id, .. } => {
            let asked: BuyerCreateOrderIn = body::parse(&raw.bytes)?;
            (reopen_online(&app, &who.actor, *buyer_id, asked.order_id).await?, false)
        }
        _ => {
            let Opening(terms) = body::parse(&raw.bytes)?;
            open_online(&app, &who.actor, &terms).await?
        }
    };
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Data::new(opened(&app, payment)))))
}

/// What the order service sends for an edited order.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Replacement(ReplacePaymentIn);

impl garde::Validate for Replacement {
    type Context = ();
    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if self.0.amount.is_zero() || self.0.amount.is_negative() {
            report.append(parent().join("amount"), garde::Error::new("must be above zero"));
        }
        // It is part of the receipt, which has room for seven digits.
        if !(1..=9_999_999).contains(&self.0.revision) {
            report.append(parent().join("revision"), garde::Error::new("must be from 1 to 9999999"));
        }
    }
}

/// Puts another amount in the place of what is due, because the order's items were edited before it was paid. Online the
/// gateway's order is replaced too: money that still comes on the old one never counts and goes back by itself. Again, or
/// with an older revision: the newest one. `payment_under_way` once money is held or taken.
#[utoipa::path(post, path = "/internal/v1/payments/order/{orderId}/replace", operation_id = "replace_payment", tag = "internal",
    request_body = ReplacePaymentIn, params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The payment as it is to be paid now", body = Data<OpenedPayment>), Problems))]
pub(crate) async fn replace(
    State(app): State<App>,
    who: ServiceOnly,
    PathId(order_id): PathId<OrderId>,
    Body(Replacement(asked)): Body<Replacement>,
) -> Result<Data<OpenedPayment>, ApiError> {
    let payment = replace_payment(&app, &who.actor, order_id, &asked).await?;
    Ok(Data::new(opened(&app, payment)))
}

/// What Checkout handed to the app.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyIn {
    /// The gateway's order.
    #[garde(length(min = 1, max = 64))]
    razorpay_order_id: String,
    /// The gateway's payment.
    #[garde(length(min = 1, max = 64))]
    razorpay_payment_id: String,
    /// Checkout's signature.
    #[garde(length(min = 1, max = 512))]
    razorpay_signature: String,
}

/// Checks what Checkout handed to the app, and asks the gateway how the payment stands. A signature that does not fit
/// changes nothing.
#[utoipa::path(post, path = "/api/v1/payments/verify", operation_id = "verify_payment", tag = "online", request_body = VerifyIn,
    responses((status = 200, description = "The payment as it stands now", body = Data<PaymentOut>), Problems))]
pub(crate) async fn verify(
    State(app): State<App>,
    buyer: BuyerCaller,
    Body(asked): Body<VerifyIn>,
) -> Result<Data<PaymentOut>, ApiError> {
    let answer = CheckoutAnswer {
        gateway_order: asked.razorpay_order_id,
        gateway_payment: asked.razorpay_payment_id,
        signature: asked.razorpay_signature,
    };
    let payment = verify_payment(&app, &buyer.actor, buyer.buyer_id, &answer).await?;
    let caller = Caller::Buyer { user_id: buyer.user_id, buyer_id: buyer.buyer_id };
    PaymentOut::seen_by(&caller, payment).map(Data::new).ok_or_else(|| ApiError::not_found("payment"))
}
