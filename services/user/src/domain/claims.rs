//! The custom claims of a user (rule 8).

use serde_json::{Map, Value, json};

use super::User;

/// What a user's token says besides what Firebase says: `app_user_id`, `user_type`, `buyer_id` or `vendor_id`,
/// `admin_role`, `status`. Never `user_id`, which Firebase overwrites.
///
/// A vendor whose record was not opened yet has none of them: half an identity would be refused everywhere.
#[must_use]
pub fn claims(user: &User) -> Map<String, Value> {
    let mut claims = Map::new();
    if user.needs_vendor() {
        return claims;
    }
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            claims.insert(name.to_owned(), value);
        }
    };
    say("app_user_id", json!(user.id));
    say("user_type", json!(user.user_type));
    say("buyer_id", json!(user.buyer_id));
    say("vendor_id", json!(user.vendor_id));
    say("admin_role", json!(user.admin_role));
    say("status", json!(user.status));
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::tests::buyer;
    use domain::{AdminRole, UserType, VendorId};
    use uuid::Uuid;

    fn names(user: &User) -> Vec<String> {
        let mut names: Vec<String> = claims(user).keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn each_kind_of_user_has_exactly_the_claims_of_its_kind() {
        assert_eq!(names(&buyer()), ["app_user_id", "buyer_id", "status", "user_type"]);
        let vendor =
            User { user_type: UserType::Vendor, buyer_id: None, vendor_id: Some(VendorId::new(Uuid::from_u128(3))), ..buyer() };
        assert_eq!(names(&vendor), ["app_user_id", "status", "user_type", "vendor_id"]);
        let admin = User { user_type: UserType::Admin, buyer_id: None, admin_role: Some(AdminRole::Finance), ..buyer() };
        assert_eq!(names(&admin), ["admin_role", "app_user_id", "status", "user_type"]);
    }

    #[test]
    fn a_vendor_without_a_record_has_no_claims_yet() {
        let vendor = User { user_type: UserType::Vendor, buyer_id: None, ..buyer() };
        assert!(claims(&vendor).is_empty());
    }

    #[test]
    fn firebase_takes_every_claim_we_make() {
        assert!(firebase::check_claims(&claims(&buyer())).is_ok());
    }
}
