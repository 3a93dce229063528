//! Who a verified caller is, in our words.

use std::fmt;

use domain::{Actor, ActorKind, AdminRole, BuyerId, Channel, Phone, UserId, UserType, VendorId};

use crate::token::required;
use crate::{FirebaseClaims, TokenError};

/// A person, as far as a verified token tells.
#[derive(Clone, PartialEq, Eq)]
pub enum Principal {
    /// Signed in with Firebase, not (yet) registered with us.
    Unregistered {
        /// Firebase's id.
        uid: String,
        /// The verified phone.
        phone: Option<Phone>,
    },
    /// A buyer.
    Buyer {
        /// Our user.
        user_id: UserId,
        /// The buyer's profile.
        buyer_id: BuyerId,
        /// Firebase's id.
        uid: String,
    },
    /// A vendor.
    Vendor {
        /// Our user.
        user_id: UserId,
        /// The vendor's record.
        vendor_id: VendorId,
        /// Firebase's id.
        uid: String,
    },
    /// One of our own staff.
    Admin {
        /// Our user.
        user_id: UserId,
        /// What this admin may do.
        role: AdminRole,
        /// Firebase's id.
        uid: String,
    },
}

impl Principal {
    /// Reads who it is from verified claims.
    ///
    /// # Errors
    /// A registered user whose claims lack what their type needs is refused: half an identity
    /// must not pass for another kind of caller.
    pub fn from_claims(claims: &FirebaseClaims) -> Result<Self, TokenError> {
        let uid = claims.uid.clone();
        let Some(user_id) = claims.app_user_id else {
            return Ok(Self::Unregistered { uid, phone: claims.phone.clone() });
        };
        Ok(match required(claims.user_type, "user_type")? {
            UserType::Buyer => Self::Buyer { user_id, buyer_id: required(claims.buyer_id, "buyer_id")?, uid },
            UserType::Vendor => Self::Vendor { user_id, vendor_id: required(claims.vendor_id, "vendor_id")?, uid },
            UserType::Admin => Self::Admin { user_id, role: required(claims.admin_role, "admin_role")?, uid },
        })
    }

    /// Firebase's id.
    #[must_use]
    pub fn uid(&self) -> &str {
        match self {
            Self::Unregistered { uid, .. } | Self::Buyer { uid, .. } | Self::Vendor { uid, .. } | Self::Admin { uid, .. } => uid,
        }
    }

    /// Our user, once registered.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Unregistered { .. } => None,
            Self::Buyer { user_id, .. } | Self::Vendor { user_id, .. } | Self::Admin { user_id, .. } => Some(*user_id),
        }
    }

    /// True for an admin with one of these roles; `super_admin` always passes.
    #[must_use]
    pub fn is_admin_with(&self, roles: &[AdminRole]) -> bool {
        matches!(self, Self::Admin { role, .. } if *role == AdminRole::SuperAdmin || roles.contains(role))
    }

    /// The actor to write into histories and events, once registered.
    #[must_use]
    pub fn actor(&self, channel: Channel) -> Option<Actor> {
        let kind = match self {
            Self::Unregistered { .. } => return None,
            Self::Buyer { .. } => ActorKind::Buyer,
            Self::Vendor { .. } => ActorKind::Vendor,
            Self::Admin { .. } => ActorKind::Admin,
        };
        Some(Actor::person(kind, self.user_id()?, channel))
    }
}

impl fmt::Debug for Principal {
    /// Our ids only: neither phone nor Firebase's id belongs in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unregistered { .. } => f.write_str("Unregistered"),
            Self::Buyer { user_id, .. } => write!(f, "Buyer({user_id})"),
            Self::Vendor { user_id, .. } => write!(f, "Vendor({user_id})"),
            Self::Admin { user_id, role, .. } => write!(f, "Admin({user_id}, {role})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    fn claims() -> FirebaseClaims {
        FirebaseClaims {
            uid: "uid-0001".to_owned(),
            phone: Some("9876543210".parse().unwrap()),
            email: None,
            auth_time: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            app_user_id: None,
            user_type: None,
            buyer_id: None,
            vendor_id: None,
            admin_role: None,
            status: None,
        }
    }

    #[test]
    fn someone_without_our_user_id_is_unregistered() {
        let principal = Principal::from_claims(&claims()).unwrap();
        assert!(matches!(&principal, Principal::Unregistered { phone: Some(_), .. }));
        assert_eq!((principal.user_id(), principal.actor(Channel::Web)), (None, None));
        assert_eq!(format!("{principal:?}"), "Unregistered");
    }

    #[test]
    fn each_kind_of_user_needs_the_id_of_its_kind() {
        let user_id = UserId::new(Uuid::from_u128(1));
        for (user_type, lacking) in
            [(UserType::Buyer, "buyer_id"), (UserType::Vendor, "vendor_id"), (UserType::Admin, "admin_role")]
        {
            let mut claims = FirebaseClaims { app_user_id: Some(user_id), user_type: Some(user_type), ..claims() };
            assert_eq!(Principal::from_claims(&claims), Err(TokenError::MissingClaim(lacking)));
            claims.buyer_id = Some(BuyerId::new(Uuid::from_u128(2)));
            claims.vendor_id = Some(VendorId::new(Uuid::from_u128(3)));
            claims.admin_role = Some(AdminRole::Finance);
            let principal = Principal::from_claims(&claims).unwrap();
            assert_eq!(principal.actor(Channel::Web).unwrap().kind.as_str(), user_type.as_str());
            assert_eq!((principal.uid(), principal.user_id()), ("uid-0001", Some(user_id)));
        }
        let claims = FirebaseClaims { app_user_id: Some(user_id), ..claims() };
        assert_eq!(Principal::from_claims(&claims), Err(TokenError::MissingClaim("user_type")));
    }

    #[test]
    fn a_super_admin_passes_wherever_an_admin_may() {
        let admin = |role| Principal::Admin { user_id: UserId::new(Uuid::from_u128(1)), role, uid: String::new() };
        assert!(admin(AdminRole::SuperAdmin).is_admin_with(&[AdminRole::Finance]));
        assert!(admin(AdminRole::Finance).is_admin_with(&[AdminRole::Finance]));
        assert!(!admin(AdminRole::Support).is_admin_with(&[AdminRole::Finance]));
        let buyer = Principal::Buyer {
            user_id: UserId::new(Uuid::from_u128(1)),
            buyer_id: BuyerId::new(Uuid::from_u128(2)),
            uid: String::new(),
        };
        assert!(!buyer.is_admin_with(&[AdminRole::Finance]));
    }
}
