//! What other services say.

use bus::Outcome;
use domain::ServiceName;
use domain::events::{OrderCompleted, VendorStatusChanged};
use serde_json::json;

use crate::register::vendor_facts;
use crate::support::world;

#[tokio::test]
async fn a_completed_order_counts_once_for_its_buyer() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let order: OrderCompleted = serde_json::from_value(json!({
        "order_id": "019a0000-0000-7000-8000-00000000c001", "order_number": "ORD000001", "buyer_id": buyer.buyer_id,
        "buyer_user_id": buyer.user_id, "vendor_id": "019a0000-0000-7000-8000-00000000a001", "order_type": "material",
        "payment_method": "online", "total": "10000.50", "commission_rate": "10.00", "refunded": "500.25",
        "cod_collected": "0.00", "subtotal": "9000.00", "tax": "1000.50", "placed_at": "2026-11-20T05:00:00Z",
        "completed_at": "2026-11-20T06:00:00Z",
    }))
    .unwrap();
    let envelope = world.envelope(ServiceName::Order, &order);
    assert!(matches!(world.deliver_envelope(envelope.clone()).await, Outcome::Done));
    assert!(matches!(world.deliver_envelope(envelope).await, Outcome::Duplicate));
    let profile = world.get(&buyer.path(""), &buyer.human.token).await;
    assert_eq!((&profile.data(200)["total_orders"], &profile.data(200)["total_spent"]), (&json!(1), &json!("9500.25")));
    world.finish().await;
}

#[tokio::test]
async fn news_of_a_vendor_moves_only_forward_and_gives_a_late_id() {
    let world = world().await;
    let human = world.sign_in("+919000000002").await;
    let registered = world.register(&human, "vendor").await;
    let user_id = registered.data(201)["user"]["id"].clone();
    let news = |revision, status| -> VendorStatusChanged {
        let mut facts = vendor_facts(&user_id, revision, status);
        facts["previous"] = json!("pending");
        serde_json::from_value(facts).unwrap()
    };
    assert!(matches!(world.deliver(ServiceName::VendorManagement, &news(3, "active")).await, Outcome::Done));
    assert!(matches!(world.deliver(ServiceName::VendorManagement, &news(2, "pending")).await, Outcome::Stale));
    let kept: String = sqlx::query_scalar("SELECT vendor_status FROM users").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(kept, "active", "of the newest revision");
    world.later(60).await;
    // Another standing is told to Firebase again, however often that fails.
    world.fault("update", "status", 503).await;
    assert!(matches!(world.deliver(ServiceName::VendorManagement, &news(4, "suspended")).await, Outcome::Done));
    let behind = "SELECT count(*) FROM users WHERE synced_revision < sync_revision";
    world.later(10).await;
    assert_eq!(world.count(behind).await, 1);
    world.no_faults().await;
    world.later(120).await;
    assert_eq!(world.count(behind).await, 0);
    assert!(matches!(world.deliver(ServiceName::VendorManagement, &news(5, "suspended")).await, Outcome::Done));
    assert_eq!(world.count(behind).await, 0, "the same standing is no news to Firebase");
    let claims = world.claims(&human).await;
    assert_eq!(claims["vendor_id"], "019a0000-0000-7000-8000-00000000a001");
    assert_eq!(claims["status"], "active", "of the user, not of the vendor");
    world.finish().await;
}
