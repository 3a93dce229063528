//! Send the buyer a delivery code (rule 37).

use chrono::{DateTime, TimeDelta, Utc};
use clients::ServiceError;
use clients::notification::DeliveryOtpIn;
use domain::events::DeliveryOtpGenerated;
use domain::{Actor, DeliveryId, DeliveryStatus, VendorId};
use pg_kit::outbox;

use super::{Refusal, move_delivery};
use crate::App;
use crate::domain::otp;
use crate::store::{deliveries, otps};

/// Makes a code, keeps its hash, and sends it to the buyer after the commit. Answers until when it counts; the code itself
/// goes nowhere else.
pub(crate) async fn generate_otp(app: &App, actor: &Actor, owner: VendorId, id: DeliveryId) -> Result<DateTime<Utc>, Refusal> {
    let now = app.kit.clock.now();
    let expires_at = now + otp::valid_for();
    let code = otp::new_code(&*app.kit.random);
    let log_id = app.kit.ids.uuid();

    let mut tx = app.kit.pool.begin().await?;
    let delivery = move_delivery::hold(&mut tx, id, Some(owner)).await?;
    if delivery.status != DeliveryStatus::InTransit {
        return Err(Refusal::NotInTransit { status: delivery.status.as_str() });
    }
    let made = otps::made_since(&mut tx, id, now - TimeDelta::hours(1)).await?;
    if let Some(until) = otp::wait_until(&made) {
        let seconds = u64::try_from((until - now).num_seconds()).unwrap_or(0) + 1;
        return Err(Refusal::TooManyCodes { until, seconds });
    }
    let hash = app.otp_key.hash(log_id, id, &code);
    otps::insert(&mut tx, log_id, id, &hash, expires_at, now).await?;
    deliveries::code_made(&mut tx, id, expires_at, now).await?;
    let event = DeliveryOtpGenerated { delivery: delivery.facts(), expires_at };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    tx.commit().await?;

    let message = DeliveryOtpIn {
        user_id: delivery.buyer_user_id,
        order_id: delivery.order_id,
        order_number: delivery.order_number.to_string(),
        code,
        valid_minutes: otp::VALID_MINUTES,
    };
    if let Err(error) = app.notification.delivery_otp(&message).await {
        // Whether a call that got no answer had its effect nobody knows: such a code counts, for it may have arrived.
        if !matches!(error, ServiceError::Unknown { .. }) {
            let mut conn = app.kit.pool.acquire().await?;
            otps::sending_failed(&mut conn, log_id).await?;
        }
        return Err(Refusal::OtpNotSent(error));
    }
    Ok(expires_at)
}
