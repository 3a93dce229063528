//! Shapes that more than one operation speaks.

use chrono::{DateTime, Utc};
use domain::{AddressId, AdminRole, BuyerId, Money, Phone, Pincode, StateCode, UserId, UserStatus, UserType, VendorId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Address, Buyer, User};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserOut {
    /// Our id: `app_user_id` of the token.
    pub(crate) id: UserId,
    /// Firebase's id.
    pub(crate) firebase_uid: String,
    /// Phone; null once erased.
    pub(crate) phone: Option<Phone>,
    /// E-mail.
    pub(crate) email: Option<String>,
    /// Name as given; empty once erased.
    pub(crate) full_name: String,
    /// Buyer, vendor or admin.
    pub(crate) user_type: UserType,
    /// Active, suspended or deleted.
    pub(crate) status: UserStatus,
    /// Picture.
    pub(crate) profile_photo_url: Option<String>,
    /// `en`, `hi` or `te`.
    pub(crate) preferred_language: String,
    /// The buyer profile, of a buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buyer_id: Option<BuyerId>,
    /// The vendor, of a vendor whose profile was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vendor_id: Option<VendorId>,
    /// The role, of staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin_role: Option<AdminRole>,
    /// When the user registered.
    pub(crate) created_at: DateTime<Utc>,
    /// When something last changed.
    pub(crate) updated_at: DateTime<Utc>,
    /// When the user was last seen, to the minute.
    pub(crate) last_login_at: Option<DateTime<Utc>>,
}

impl From<User> for UserOut {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            firebase_uid: user.firebase_uid,
            phone: user.phone,
            email: user.email,
            full_name: user.full_name,
            user_type: user.user_type,
            status: user.status,
            profile_photo_url: user.profile_photo_url,
            preferred_language: user.preferred_language,
            buyer_id: user.buyer_id,
            vendor_id: user.vendor_id,
            admin_role: user.admin_role,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// A buyer's profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuyerOut {
    /// The profile: `buyer_id` of the token.
    pub(crate) id: BuyerId,
    /// Whose.
    pub(crate) user_id: UserId,
    /// Name of the business, if there is one.
    pub(crate) business_name: Option<String>,
    /// `individual_builder`, `contractor` or `other`.
    pub(crate) business_type: Option<String>,
    /// `online`, `cod` or `both`.
    pub(crate) preferred_payment_method: Option<String>,
    /// Completed orders.
    pub(crate) total_orders: i32,
    /// What they cost, less refunds.
    pub(crate) total_spent: Money,
    /// `INR`.
    pub(crate) currency: &'static str,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<Buyer> for BuyerOut {
    fn from(buyer: Buyer) -> Self {
        Self {
            id: buyer.id,
            user_id: buyer.user_id,
            business_name: buyer.business_name,
            business_type: buyer.business_type,
            preferred_payment_method: buyer.preferred_payment_method,
            total_orders: buyer.total_orders,
            total_spent: buyer.total_spent,
            currency: "INR",
            created_at: buyer.created_at,
            updated_at: buyer.updated_at,
        }
    }
}

/// A delivery address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddressOut {
    /// The address.
    pub(crate) id: AddressId,
    /// Whose.
    pub(crate) buyer_id: BuyerId,
    /// `Home`, `Site 1` …
    pub(crate) label: Option<String>,
    /// First line.
    pub(crate) address_line1: String,
    /// Second line.
    pub(crate) address_line2: Option<String>,
    /// What it is near.
    pub(crate) landmark: Option<String>,
    /// City.
    pub(crate) city: String,
    /// State by name.
    pub(crate) state: String,
    /// State by GST code.
    pub(crate) state_code: StateCode,
    /// PIN code.
    pub(crate) pincode: Pincode,
    /// Degrees north; null until the map knows.
    pub(crate) latitude: Option<f64>,
    /// Degrees east; null until the map knows.
    pub(crate) longitude: Option<f64>,
    /// Who receives there, if not the buyer.
    pub(crate) contact_name: Option<String>,
    /// How to reach them.
    pub(crate) contact_phone: Option<Phone>,
    /// Whether it is taken when none is named.
    pub(crate) is_default: bool,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<Address> for AddressOut {
    fn from(address: Address) -> Self {
        let text = address.text;
        let (latitude, longitude) = text.point.unzip();
        Self {
            id: address.id,
            buyer_id: address.buyer_id,
            label: text.label,
            address_line1: text.address_line1,
            address_line2: text.address_line2,
            landmark: text.landmark,
            city: text.city,
            state: text.state,
            state_code: text.state_code,
            pincode: text.pincode,
            latitude,
            longitude,
            contact_name: text.contact_name,
            contact_phone: text.contact_phone,
            is_default: address.is_default,
            created_at: address.created_at,
            updated_at: address.updated_at,
        }
    }
}

/// Staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminOut {
    /// The user.
    #[serde(flatten)]
    pub(crate) user: UserOut,
    /// What they may do beyond their role.
    pub(crate) permissions: Vec<String>,
}

/// Languages that people are written to in.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Hindi.
    Hi,
    /// Telugu.
    Te,
}

impl Language {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Hi => "hi",
            Self::Te => "te",
        }
    }
}
