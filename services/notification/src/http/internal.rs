//! What only our own services ask for.

use axum::extract::State;
use clients::notification::{DeliveryOtpIn, SentOut};
use domain::{OrderId, UserId};
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Accepted, Body, Data, Problems, ServiceOnly};

use crate::App;
use crate::usecases::send_delivery_otp::{DeliveryOtp, send_delivery_otp};

/// [`DeliveryOtpIn`], checked.
#[derive(Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckedOtp {
    #[garde(skip)]
    user_id: UserId,
    #[garde(skip)]
    order_id: OrderId,
    #[garde(length(min = 1, max = 20))]
    order_number: String,
    #[garde(length(equal = 6), custom(digits))]
    code: String,
    #[garde(range(min = 1, max = 1440))]
    valid_minutes: u32,
}

fn digits(code: &str, (): &()) -> garde::Result {
    if code.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(garde::Error::new("must be digits")) }
}

/// Sends a delivery code to the buyer by SMS and WhatsApp at once. It is kept nowhere.
///
/// Answers when at least one of them was taken; 503 `otp_not_sent` when none was.
#[utoipa::path(post, path = "/internal/v1/notifications/delivery-otp", tag = "internal", request_body = DeliveryOtpIn,
               responses((status = 202, description = "Taken by at least one provider", body = Data<SentOut>), Problems))]
pub(crate) async fn delivery_otp(
    State(app): State<App>,
    _caller: ServiceOnly,
    Body(body): Body<CheckedOtp>,
) -> Result<Accepted<SentOut>, ApiError> {
    let CheckedOtp { user_id, order_id, order_number, code, valid_minutes } = body;
    let otp = DeliveryOtp { user_id, order_id, order_number, code, valid_minutes };
    let notification_ids = send_delivery_otp(&app, &otp).await?;
    Ok(Accepted(SentOut { notification_ids }))
}
