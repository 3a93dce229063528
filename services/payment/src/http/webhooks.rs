//! What the gateway sends us.

use axum::extract::State;
use razorpay::{EVENT_ID_HEADER, SIGNATURE_HEADER};
use serde::Serialize;
use service_kit::ApiError;
use service_kit::http::{Data, Problems, RawBody};

use crate::App;
use crate::usecases::receive_webhook::receive_webhook;

/// That it was kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookOut {
    /// Whether it is new; the same event again is not.
    new: bool,
}

/// Takes an event of Razorpay's. The signature is over the raw body; the event is kept and worked on afterwards.
#[utoipa::path(post, path = "/api/v1/payments/webhooks/razorpay", operation_id = "receive_razorpay_webhook", tag = "online", security(()),
    request_body(content = Object, content_type = "application/json", description = "Razorpay's event, signed"),
    params(("x-razorpay-signature" = String, Header, description = "HMAC-SHA256 of the raw body, in hex"),
           ("x-razorpay-event-id" = Option<String>, Header, description = "The same on every retry")),
    responses((status = 200, description = "Kept", body = Data<WebhookOut>), Problems))]
pub(crate) async fn razorpay(State(app): State<App>, raw: RawBody) -> Result<Data<WebhookOut>, ApiError> {
    let header = |name: &str| raw.headers.get(name).and_then(|value| value.to_str().ok());
    let new = receive_webhook(&app, &raw.bytes, header(SIGNATURE_HEADER), header(EVENT_ID_HEADER)).await?;
    Ok(Data::new(WebhookOut { new }))
}
