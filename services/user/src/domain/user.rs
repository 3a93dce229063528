//! A user as a whole, with what it is as buyer, vendor or staff.

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::UserFacts;
use domain::{AdminRole, BuyerId, Phone, UserId, UserStatus, UserType, VendorId, VendorStatus};

/// A user as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Our id.
    pub id: UserId,
    /// Firebase's id.
    pub firebase_uid: String,
    /// Phone; absent once erased, and of staff who sign in by e-mail.
    pub phone: Option<Phone>,
    /// E-mail.
    pub email: Option<String>,
    /// Name as given; empty once erased.
    pub full_name: String,
    /// Buyer, vendor or admin.
    pub user_type: UserType,
    /// Active, suspended or deleted.
    pub status: UserStatus,
    /// Picture.
    pub profile_photo_url: Option<String>,
    /// `en`, `hi` or `te`.
    pub preferred_language: String,
    /// The buyer profile, of a buyer.
    pub buyer_id: Option<BuyerId>,
    /// The vendor, of a vendor that was opened.
    pub vendor_id: Option<VendorId>,
    /// What was last heard of the vendor.
    pub vendor_status: Option<VendorStatus>,
    /// The role, of staff.
    pub admin_role: Option<AdminRole>,
    /// Refresh tokens of sign-ins before this are void.
    pub tokens_valid_since: Option<DateTime<Utc>>,
    /// Number of what Firebase should know.
    pub sync_revision: i64,
    /// Number of what Firebase knows.
    pub synced_revision: i64,
    /// When the user registered.
    pub created_at: DateTime<Utc>,
    /// When something last changed.
    pub updated_at: DateTime<Utc>,
    /// When the user was last seen.
    pub last_login_at: Option<DateTime<Utc>>,
}

impl User {
    /// What others may know. Nothing of somebody without a phone: no other service could use it.
    #[must_use]
    pub fn facts(&self) -> Option<UserFacts> {
        Some(UserFacts {
            user_id: self.id,
            firebase_uid: self.firebase_uid.clone(),
            phone: self.phone.clone()?,
            email: self.email.clone(),
            full_name: self.full_name.clone(),
            user_type: self.user_type,
            status: self.status,
            buyer_id: self.buyer_id,
            vendor_id: self.vendor_id,
            preferred_language: self.preferred_language.clone(),
        })
    }

    /// Whether Firebase knows everything it should: claims, standing, revocation.
    #[must_use]
    pub const fn is_in_sync(&self) -> bool {
        self.synced_revision >= self.sync_revision
    }

    /// When a change of access made now counts from: later than any before, whatever the clocks of our processes say,
    /// so that every service takes the changes in their order; and not before the newest sign-in known, which is told by
    /// Firebase's clock, so that no token of ours outlives it for being from "the future".
    #[must_use]
    pub fn access_changes_at(&self, now: DateTime<Utc>, newest_sign_in: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let since = newest_sign_in.map_or(now, |sign_in| now.max(sign_in));
        self.tokens_valid_since.map_or(since, |last| since.max(last + TimeDelta::microseconds(1)))
    }

    /// Whether vendor-management has still to be asked for this user's vendor.
    #[must_use]
    pub fn needs_vendor(&self) -> bool {
        self.user_type == UserType::Vendor && self.vendor_id.is_none() && self.status != UserStatus::Deleted
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use uuid::Uuid;

    pub(crate) fn buyer() -> User {
        User {
            id: UserId::new(Uuid::from_u128(1)),
            firebase_uid: "uid-1".into(),
            phone: "9876543210".parse().ok(),
            email: None,
            full_name: "Asha".into(),
            user_type: UserType::Buyer,
            status: UserStatus::Active,
            profile_photo_url: None,
            preferred_language: "te".into(),
            buyer_id: Some(BuyerId::new(Uuid::from_u128(2))),
            vendor_id: None,
            vendor_status: None,
            admin_role: None,
            tokens_valid_since: None,
            sync_revision: 1,
            synced_revision: 0,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            last_login_at: None,
        }
    }

    #[test]
    fn a_user_without_a_phone_is_nothing_that_others_know() {
        assert!(buyer().facts().is_some());
        assert!(User { phone: None, ..buyer() }.facts().is_none());
    }

    #[test]
    fn changes_of_access_follow_each_other_though_clocks_do_not() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        assert_eq!(buyer().access_changes_at(now, None), now);
        let ahead = User { tokens_valid_since: Some(now + TimeDelta::seconds(3)), ..buyer() };
        assert!(ahead.access_changes_at(now, None) > now + TimeDelta::seconds(3));
    }

    #[test]
    fn a_sign_in_by_a_clock_ahead_of_ours_does_not_outlive_a_change_of_access() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        let signed_in = now + TimeDelta::seconds(2);
        assert_eq!(buyer().access_changes_at(now, Some(signed_in)), signed_in);
        assert_eq!(buyer().access_changes_at(now, Some(now - TimeDelta::hours(1))), now);
    }

    #[test]
    fn only_a_vendor_without_a_record_needs_one() {
        assert!(!buyer().needs_vendor());
        let vendor = User { user_type: UserType::Vendor, ..buyer() };
        assert!(vendor.needs_vendor());
        assert!(!User { status: UserStatus::Deleted, ..vendor }.needs_vendor());
    }
}
