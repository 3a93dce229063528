//! Who deletes the account sells nothing any more.

use bus::Outcome;
use domain::events::{UserFacts, UserUpdated};
use domain::{AdminRole, ServiceName, UserStatus, UserType};
use serde_json::json;
use testkit::Person;

use crate::support::{Fine as _, World};

/// What the user service says of somebody.
fn known(person: &Person, status: UserStatus) -> UserUpdated {
    UserUpdated {
        user: UserFacts {
            user_id: person.user_id,
            firebase_uid: person.uid.clone(),
            phone: "+919848012345".parse().unwrap(),
            email: None,
            full_name: String::new(),
            user_type: UserType::Vendor,
            status,
            buyer_id: None,
            vendor_id: Some(person.vendor_id),
            preferred_language: "en".into(),
        },
    }
}

impl World {
    async fn hear(&self, event: &UserUpdated) -> Outcome {
        self.service.deliver(ServiceName::User, event).await
    }

    async fn found(&self) -> usize {
        let found = self.service.get("/api/v1/vendors/available?pincode=500032", &self.buyer()).await;
        found.data(200).as_array().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_of_a_deleted_user_is_closed_once_and_others_hear_of_it_once() {
    let world = World::selling().await;
    assert_eq!(world.found().await, 1);
    world.service.said().await;
    let deleted = world.service.envelope(ServiceName::User, &known(&world.vendor, UserStatus::Deleted));
    assert_eq!(world.service.deliver_envelope(deleted.clone()).await, Outcome::Done);
    assert_eq!(world.service.deliver_envelope(deleted).await, Outcome::Duplicate);
    // The same fact by another event, and an older one that comes late.
    assert_eq!(world.hear(&known(&world.vendor, UserStatus::Deleted)).await, Outcome::Stale);
    assert_eq!(world.hear(&known(&world.vendor, UserStatus::Active)).await, Outcome::Done);
    let said = world.service.said().await;
    assert_eq!(said.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>(), ["VendorStatusChanged", "AuditRecorded"]);
    let facts = &said[0].data;
    assert_eq!((&facts["vendor_id"], &facts["status"]), (&json!(world.vendor.vendor_id), &json!("blocked")));
    assert_eq!((&facts["previous"], &facts["is_accepting_orders"]), (&json!("active"), &json!(false)));
    assert_eq!(said[1].data["action"], "vendor.closed");
    assert_eq!(said[1].data["before"], json!({"status": "active", "is_accepting_orders": true}));
    assert_eq!(world.found().await, 0);
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let shop = world.service.get(&format!("{path}/availability"), &world.buyer()).await;
    assert_eq!((&shop.data(200)["can_take_orders"], &shop.data(200)["is_accepting_orders"]), (&json!(false), &json!(false)));
    let open = json!({"status": "active", "reason": "by mistake"});
    let again = world.service.put(&format!("{path}/status"), &world.staff(AdminRole::Operations), &open).await;
    assert_eq!(again.code(409), "illegal_transition");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_copies_of_a_deletion_at_once_close_the_shop_once() {
    let world = World::selling().await;
    world.service.said().await;
    let deleted = known(&world.vendor, UserStatus::Deleted);
    let outcomes = futures::future::join_all((0..8).map(|_| world.hear(&deleted))).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count(), 1, "{outcomes:?}");
    assert_eq!(world.service.said_types().await, ["VendorStatusChanged", "AuditRecorded"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_was_blocked_before_only_closes_and_a_new_one_never_gets_approved() {
    let world = World::selling().await;
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let block = json!({"status": "blocked", "reason": "fraud"});
    world.service.put(&format!("{path}/status"), &world.staff(AdminRole::Operations), &block).await.fine(200);
    let new = world.register("+919848011111").await;
    world.service.said().await;
    assert_eq!(world.hear(&known(&world.vendor, UserStatus::Deleted)).await, Outcome::Done);
    assert_eq!(world.service.said_types().await, ["VendorAvailabilityChanged", "AuditRecorded"]);
    assert_eq!(world.hear(&known(&new, UserStatus::Deleted)).await, Outcome::Done);
    assert_eq!(world.service.said_types().await, ["VendorStatusChanged", "AuditRecorded"]);
    let open = json!({"status": "active", "reason": "by mistake"});
    let path = format!("/api/v1/vendors/{}/status", new.vendor_id);
    assert_eq!(world.service.put(&path, &world.staff(AdminRole::Operations), &open).await.code(409), "illegal_transition");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_suspension_nor_the_deletion_of_a_buyer_closes_a_shop() {
    let world = World::selling().await;
    world.service.said().await;
    for status in [UserStatus::Active, UserStatus::Suspended] {
        assert_eq!(world.hear(&known(&world.vendor, status)).await, Outcome::Done);
    }
    let mut buyer = known(&world.buyer, UserStatus::Deleted);
    (buyer.user.user_type, buyer.user.vendor_id, buyer.user.buyer_id) = (UserType::Buyer, None, Some(world.buyer.buyer_id));
    assert_eq!(world.hear(&buyer).await, Outcome::Done);
    assert!(world.service.said_types().await.is_empty());
    assert_eq!(world.found().await, 1);
    world.service.finish().await;
}
