//! Facts of the user service, and the audit record that every service sends it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domain_event;
use crate::{BuyerId, Phone, ServiceName, UserId, UserStatus, UserType, VendorId};

/// What others may know of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserFacts {
    /// The user.
    pub user_id: UserId,
    /// Firebase's id of the user.
    pub firebase_uid: String,
    /// Phone.
    pub phone: Phone,
    /// E-mail, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name as given.
    pub full_name: String,
    /// Buyer, vendor or admin.
    pub user_type: UserType,
    /// Active, suspended or deleted.
    pub status: UserStatus,
    /// The buyer profile, of a buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<BuyerId>,
    /// The vendor, of a vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<VendorId>,
    /// `en`, `hi` or `te`.
    pub preferred_language: String,
}

/// Somebody registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserRegistered {
    /// Who.
    #[serde(flatten)]
    pub user: UserFacts,
}
domain_event!(UserRegistered, "UserRegistered", 1, |e| e.user.user_id.into());

/// Something known of a user changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserUpdated {
    /// What is known now.
    #[serde(flatten)]
    pub user: UserFacts,
}
domain_event!(UserUpdated, "UserUpdated", 1, |e| e.user.user_id.into());

/// A user was suspended, reactivated or deleted, or got another role: tokens signed in before no longer count (rule 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserAccessChanged {
    /// The user.
    pub user_id: UserId,
    /// Firebase's id of the user, which is what a token names.
    pub firebase_uid: String,
    /// Active, suspended or deleted.
    pub status: UserStatus,
    /// Tokens with an `auth_time` up to this moment are refused.
    pub changed_at: DateTime<Utc>,
}
domain_event!(UserAccessChanged, "UserAccessChanged", 1, |e| e.user_id.into());

/// Somebody did something that the audit log keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditRecorded {
    /// Which service says so.
    pub service: ServiceName,
    /// What was done, such as `vendor.kyc_approved`.
    pub action: String,
    /// The kind of thing, such as `vendor`.
    pub entity_type: String,
    /// The thing.
    pub entity_id: Uuid,
    /// How it was, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// How it is now, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}
domain_event!(AuditRecorded, "AuditRecorded", 1, |e| e.entity_id);
