//! Who does something, and through which channel (rule 18).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::states::{Channel, ServiceName};
use crate::text::text_enum;
use crate::{Phone, UserId};

text_enum! {
    /// The kinds of those who act.
    pub enum ActorKind {
        /// A buyer.
        Buyer => "buyer",
        /// A vendor.
        Vendor => "vendor",
        /// One of RealServ's own staff.
        Admin => "admin",
        /// RealServ by itself: a time-out, a sweeper, an event.
        System => "system",
    }
}

/// Who does something: kept in every history row and every event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The user, when a person acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The channel the person came through; `system` for RealServ itself.
    pub channel: Channel,
    /// The service that acts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
}

impl Actor {
    /// A service acting by itself.
    #[must_use]
    pub const fn system(service: ServiceName) -> Self {
        Self { kind: ActorKind::System, user_id: None, channel: Channel::System, service: Some(service) }
    }

    /// A person acting.
    #[must_use]
    pub const fn person(kind: ActorKind, user_id: UserId, channel: Channel) -> Self {
        Self { kind, user_id: Some(user_id), channel, service: None }
    }

    /// The user's raw id for a `changed_by` column.
    #[must_use]
    pub fn user_uuid(&self) -> Option<Uuid> {
        self.user_id.map(Uuid::from)
    }
}

/// Somebody who can be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contact {
    /// The user.
    pub user_id: UserId,
    /// Name as given.
    pub name: String,
    /// Phone in E.164.
    pub phone: Phone,
}
