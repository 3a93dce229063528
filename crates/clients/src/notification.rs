//! The notification service as others call it.

use std::collections::BTreeMap;

use domain::{NotificationChannel, NotificationId, OrderId, UserId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// `POST /api/v1/notifications/{channel}` from a service: a template and its variables for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendIn {
    /// To whom.
    pub user_id: UserId,
    /// By which template.
    pub template: String,
    /// What it says.
    pub variables: BTreeMap<String, String>,
    /// About which order, if any.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// The same key is sent once.
    #[serde(default)]
    pub dedupe_key: Option<String>,
}

/// `POST /internal/v1/notifications/delivery-otp`: the code goes to the buyer by SMS and WhatsApp at once and is kept
/// nowhere (rule 37).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOtpIn {
    /// The buyer as a user.
    pub user_id: UserId,
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: String,
    /// The six digits.
    pub code: String,
    /// Minutes until it no longer counts.
    pub valid_minutes: u32,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SentOut {
    /// The messages.
    pub notification_ids: Vec<NotificationId>,
}

client! {
    /// Calls the notification service.
    NotificationClient of Notification
}

impl NotificationClient {
    /// `POST /api/v1/notifications/{channel}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn send(&self, channel: NotificationChannel, message: &SendIn) -> Result<SentOut, ServiceError> {
        self.0.post(&format!("/api/v1/notifications/{channel}"), message, None).await
    }

    /// `POST /internal/v1/notifications/delivery-otp`. Succeeds when at least one channel took it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn delivery_otp(&self, message: &DeliveryOtpIn) -> Result<SentOut, ServiceError> {
        self.0.post("/internal/v1/notifications/delivery-otp", message, None).await
    }
}
