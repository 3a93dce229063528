//! Facts of the notification service.

use serde::{Deserialize, Serialize};

use super::domain_event;
use crate::{NotificationChannel, NotificationId, OrderId, UserId};

macro_rules! notification_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The message.
            pub notification_id: NotificationId,
            /// To whom.
            pub user_id: Option<UserId>,
            /// About which order, if any.
            pub order_id: Option<OrderId>,
            /// How.
            pub channel: NotificationChannel,
            /// By which template.
            pub template: String,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.notification_id.into());
    )+};
}

notification_events! {
    /// A message was handed to its provider.
    NotificationSent "NotificationSent" {
        /// The provider's id of it.
        provider_message_id: Option<String>,
    },
    /// A message could not be sent.
    NotificationFailed "NotificationFailed" {
        /// Why.
        reason: String,
    },
}
