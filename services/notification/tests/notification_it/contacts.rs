//! Who can be reached: a read copy that bears disorder.

use std::time::Duration;

use bus::Outcome;
use domain::ServiceName;
use domain::events::{UserRegistered, VendorUpdated};
use serde_json::json;

use crate::samples::{Order, event, user, vendor_facts, with};
use crate::support::{known, pair, world};

#[tokio::test]
async fn an_event_about_somebody_not_known_yet_waits_for_them() {
    let world = world().await;
    let buyer = world.buyer().await;
    let vendor = known(world.people.vendor());
    let order = Order::new(&buyer, &vendor, "online");
    let envelope = world.envelope(ServiceName::Payment, &order.captured());
    assert_eq!(world.deliver_envelope(envelope.clone()).await, Outcome::Retry(Duration::from_secs(1)));
    assert_eq!(world.kept(buyer.user_id).await, []);
    world.deliver(ServiceName::User, &user(&vendor, "vendor", "en")).await;
    assert_eq!(world.deliver_envelope(envelope).await, Outcome::Done);
    assert_eq!(world.states(vendor.user_id, "new_order").await.len(), 2);
}

#[tokio::test]
async fn somebody_who_registers_is_welcomed_and_an_older_fact_changes_nothing() {
    let world = world().await;
    let buyer = known(world.people.buyer());
    let registered = UserRegistered { user: user(&buyer, "buyer", "en").user };
    let mut renamed = user(&buyer, "buyer", "hi");
    renamed.user.email = Some("new@example.com".into());
    let mut newer = world.envelope(ServiceName::User, &renamed);
    newer.sequence = 2;
    assert_eq!(world.deliver_envelope(newer).await, Outcome::Done);
    assert_eq!(world.deliver(ServiceName::User, &registered).await, Outcome::Stale);
    let email: Option<String> = sqlx::query_scalar("SELECT email FROM contacts").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(email.as_deref(), Some("new@example.com"));

    let other = known(world.people.buyer());
    let registered = UserRegistered { user: user(&other, "buyer", "en").user };
    world.happen(ServiceName::User, &registered).await;
    assert_eq!(world.states(other.user_id, "welcome").await, [pair("in_app", "delivered"), pair("whatsapp", "sent")]);
    assert_eq!(world.chat(&other.phone).await, ["welcome: Lakshmi Rao"]);
}

#[tokio::test]
async fn of_a_deleted_user_nothing_personal_stays_and_nothing_is_sent() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let mut gone = user(&buyer, "buyer", "en");
    gone.user.status = domain::UserStatus::Deleted;
    let mut envelope = world.envelope(ServiceName::User, &gone);
    envelope.sequence = 2;
    assert_eq!(world.deliver_envelope(envelope).await, Outcome::Done);
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    assert_eq!(world.kept(buyer.user_id).await, []);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM contacts WHERE user_id = $1 AND (phone IS NOT NULL OR full_name <> '')")
            .bind(buyer.user_id.as_uuid())
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_business_is_told_through_the_person_behind_it_and_older_revisions_change_nothing() {
    let world = world().await;
    let owner = world.vendor().await;
    let business = domain::VendorId::new(uuid::Uuid::from_u128(77));
    let newer: VendorUpdated = event(with(vendor_facts(business, owner.user_id), json!({"revision": 3})));
    let older: VendorUpdated =
        event(with(vendor_facts(business, domain::UserId::new(uuid::Uuid::from_u128(1))), json!({"revision": 2})));
    assert_eq!(world.deliver(ServiceName::VendorManagement, &newer).await, Outcome::Done);
    assert_eq!(world.deliver(ServiceName::VendorManagement, &older).await, Outcome::Stale);
    let buyer = world.buyer().await;
    let behind = crate::support::Known { vendor_id: business, ..owner.clone() };
    world.happen(ServiceName::Payment, &Order::new(&buyer, &behind, "cod").opened()).await;
    assert_eq!(world.chat(&owner.phone).await, ["new_order: ORD000042 | 1,23,456.50 | cash on delivery"]);
}
