//! What a Firebase ID token says, before and after it is believed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::{AdminRole, BuyerId, Phone, UserId, UserStatus, UserType, VendorId};
use serde::Deserialize;

use crate::TokenError;
use crate::token::required;

/// The verified content of a Firebase ID token, with our custom claims (rule 8).
#[derive(Clone, PartialEq, Eq)]
pub struct FirebaseClaims {
    /// Firebase's own id of the person (`sub`). Not our user id.
    pub uid: String,
    /// The phone Firebase has verified; `None` also for numbers RealServ does not serve.
    pub phone: Option<Phone>,
    /// The e-mail address, only if Firebase has verified it.
    pub email: Option<String>,
    /// When the person signed in; refreshing a token does not move it.
    pub auth_time: DateTime<Utc>,
    /// When this token ends.
    pub expires_at: DateTime<Utc>,
    /// Our id of the user; absent until registration.
    pub app_user_id: Option<UserId>,
    /// What the user is.
    pub user_type: Option<UserType>,
    /// A buyer's profile.
    pub buyer_id: Option<BuyerId>,
    /// A vendor's record.
    pub vendor_id: Option<VendorId>,
    /// What an admin may do.
    pub admin_role: Option<AdminRole>,
    /// The user's standing when the token was made. The access list knows better.
    pub status: Option<UserStatus>,
}

impl fmt::Debug for FirebaseClaims {
    /// Leaves out what identifies a person, so that it may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirebaseClaims")
            .field("app_user_id", &self.app_user_id)
            .field("user_type", &self.user_type)
            .field("admin_role", &self.admin_role)
            .field("status", &self.status)
            .field("auth_time", &self.auth_time)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The payload as it came.
#[derive(Deserialize)]
pub(crate) struct RawClaims {
    pub(crate) iss: Option<String>,
    pub(crate) aud: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) iat: Option<i64>,
    pub(crate) exp: Option<i64>,
    pub(crate) auth_time: Option<i64>,
    phone_number: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    app_user_id: Option<String>,
    user_type: Option<String>,
    buyer_id: Option<String>,
    vendor_id: Option<String>,
    admin_role: Option<String>,
    status: Option<String>,
}

impl RawClaims {
    /// Reads the claims in our words. Call it only with what has been checked and verified.
    pub(crate) fn into_claims(self) -> Result<FirebaseClaims, TokenError> {
        Ok(FirebaseClaims {
            uid: required(self.sub, "sub")?,
            phone: self.phone_number.and_then(|phone| phone.parse().ok()),
            email: self.email.filter(|_| self.email_verified == Some(true)),
            auth_time: moment(self.auth_time, "auth_time")?,
            expires_at: moment(self.exp, "exp")?,
            app_user_id: word(self.app_user_id, "app_user_id")?,
            user_type: word(self.user_type, "user_type")?,
            buyer_id: word(self.buyer_id, "buyer_id")?,
            vendor_id: word(self.vendor_id, "vendor_id")?,
            admin_role: word(self.admin_role, "admin_role")?,
            status: word(self.status, "status")?,
        })
    }
}

fn moment(seconds: Option<i64>, name: &'static str) -> Result<DateTime<Utc>, TokenError> {
    DateTime::from_timestamp(required(seconds, name)?, 0).ok_or(TokenError::BadClaim(name))
}

/// Only we write custom claims, so one that cannot be read is refused, not ignored.
fn word<T: FromStr>(text: Option<String>, name: &'static str) -> Result<Option<T>, TokenError> {
    text.map(|text| text.parse().map_err(|_| TokenError::BadClaim(name))).transpose()
}
