//! Paying by a link.

use ::domain::{OrderId, PaymentId};
use axum::extract::State;
use clients::payment::PaymentLinkOut;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Data, PathId, Problems, ServiceOnly};
use service_kit::policy;

use crate::App;
use crate::domain::online::CURRENCY;
use crate::store::links::LinkRow;
use crate::store::payments::PaymentRow;
use crate::usecases::send_link::{Of, send_link};

policy!(pub(crate) LinkSenders: admin[Finance, Support]);

/// Nothing is to be said.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendLinkIn {}

/// Makes a payment link for an unpaid online order, or finds the good one, and sends it to the buyer by SMS and WhatsApp.
#[utoipa::path(post, path = "/internal/v1/payments/order/{orderId}/payment-link", operation_id = "send_payment_link_of_order",
    tag = "internal", request_body = SendLinkIn, params(("orderId" = OrderId, Path, description = "The order")),
    responses((status = 200, description = "The link", body = Data<PaymentLinkOut>), Problems))]
pub(crate) async fn of_order(
    State(app): State<App>,
    who: ServiceOnly,
    PathId(order): PathId<OrderId>,
    Body(SendLinkIn {}): Body<SendLinkIn>,
) -> Result<Data<PaymentLinkOut>, ApiError> {
    Ok(Data::new(out(send_link(&app, &who.actor, Of::Order(order)).await?)))
}

/// Makes a payment link for an unpaid online order, or finds the good one, and sends it to the buyer by SMS and WhatsApp:
/// for a buyer who lost the app. `payment_under_way` once money is held or taken.
#[utoipa::path(post, path = "/api/v1/payments/{id}/payment-link", operation_id = "send_payment_link", tag = "online",
    request_body = SendLinkIn, params(("id" = PaymentId, Path, description = "The payment")),
    responses((status = 200, description = "The link", body = Data<PaymentLinkOut>), Problems))]
pub(crate) async fn of_payment(
    State(app): State<App>,
    who: Allowed<LinkSenders>,
    PathId(id): PathId<PaymentId>,
    Body(SendLinkIn {}): Body<SendLinkIn>,
) -> Result<Data<PaymentLinkOut>, ApiError> {
    Ok(Data::new(out(send_link(&app, &who.actor, Of::Payment(id)).await?)))
}

fn out((payment, link): (PaymentRow, LinkRow)) -> PaymentLinkOut {
    PaymentLinkOut {
        payment_id: payment.id,
        link_id: link.gateway_link_id.unwrap_or_default(),
        url: link.url.unwrap_or_default(),
        amount: link.amount,
        currency: CURRENCY.to_owned(),
        expires_at: link.expires_at,
    }
}
