//! What providers say became of messages. Anyone may come; the signature counts.

use std::collections::BTreeMap;

use axum::extract::State;
use mailer::feedback::FeedbackError;
use serde::Serialize;
use service_kit::ApiError;
use service_kit::http::{Data, Problems, RawBody};
use sms::callback::SIGNATURE_HEADER;

use crate::App;
use crate::usecases::receive_feedback::{ReceiveError, receive_ses, receive_twilio};

/// That it was taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookOut {
    /// Whether it says something that was not known.
    new: bool,
}

/// Takes what SNS delivers of SES: bounces, complaints, deliveries, and the question whether we want to hear from the topic.
#[utoipa::path(post, path = "/api/v1/notifications/webhooks/ses", operation_id = "receive_ses_webhook", tag = "webhooks", security(()),
    request_body(content = String, content_type = "text/plain", description = "SNS's message as JSON, signed with Amazon's certificate"),
    responses((status = 200, description = "Taken", body = Data<WebhookOut>), Problems))]
pub(crate) async fn ses(State(app): State<App>, raw: RawBody) -> Result<Data<WebhookOut>, ApiError> {
    let new = receive_ses(&app, &raw.bytes).await?;
    Ok(Data::new(WebhookOut { new }))
}

/// Takes Twilio's word on an SMS.
#[utoipa::path(post, path = "/api/v1/notifications/webhooks/twilio", operation_id = "receive_twilio_webhook", tag = "webhooks", security(()),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Twilio's status callback"),
    params(("x-twilio-signature" = String, Header, description = "HMAC-SHA1 of the address and the sorted fields, in base64")),
    responses((status = 200, description = "Taken", body = Data<WebhookOut>), Problems))]
pub(crate) async fn twilio(State(app): State<App>, raw: RawBody) -> Result<Data<WebhookOut>, ApiError> {
    let signature = raw.headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&raw.bytes).into_owned().collect();
    let new = receive_twilio(&app, &form, signature).await?;
    Ok(Data::new(WebhookOut { new }))
}

impl From<ReceiveError> for ApiError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::NotSigned => Self::unauthorized("invalid_signature", "the signature does not hold"),
            ReceiveError::Feedback(FeedbackError::Topic | FeedbackError::Signature(_)) => {
                Self::unauthorized("invalid_signature", "the signature does not hold")
            }
            ReceiveError::Feedback(FeedbackError::Malformed(_)) | ReceiveError::Malformed => {
                Self::bad_request("malformed_body", "this is not what the provider sends")
            }
            ReceiveError::Feedback(FeedbackError::Outbound(_)) => {
                Self::unavailable("provider_unavailable", "the provider's certificate could not be read; send it again")
            }
            ReceiveError::Db(error) => error.into(),
        }
    }
}
