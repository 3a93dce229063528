//! Who may go, and what is said to those who are gone.

use domain::{AdminRole, UserId};
use serde_json::{Value, json};

use crate::register::vendor_facts;
use crate::support::world;

fn at(user: UserId) -> String {
    format!("/api/v1/users/{user}")
}

fn running(number: &str) -> Value {
    let id = uuid::Uuid::from_u128(1);
    json!({
        "order_id": id, "order_number": number, "buyer_id": id, "buyer_user_id": id,
        "vendor_id": id, "order_type": "material", "payment_method": "online", "total": "10000.50",
        "status": "preparing", "payment_status": "paid", "commission_rate": "10.00", "refunded": "0.00",
        "placed_at": "2026-11-20T05:00:00Z",
    })
}

#[tokio::test]
async fn who_has_running_orders_is_not_deleted_by_anybody() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    world.orders_run(("buyer_id", &buyer.buyer_id.to_string()), json!([running("ORD000007")])).await;
    world.said().await;
    let operations = world.staff(AdminRole::Operations);
    for token in [&buyer.human.token, &operations] {
        let refused = world.delete(&at(buyer.user_id), token).await;
        assert_eq!(refused.code(409), "orders_running");
        assert_eq!(refused.body["error"]["details"]["orders"], json!(["ORD000007"]));
    }
    assert_eq!(world.get("/api/v1/auth/me", &buyer.human.token).await.data(200)["status"], "active");
    assert!(world.said_types().await.is_empty(), "nothing happened");

    world.orders_run(("buyer_id", &buyer.buyer_id.to_string()), json!([])).await;
    assert_eq!(world.delete(&at(buyer.user_id), &buyer.human.token).await.status, 204);
    world.orders_run(("buyer_id", &buyer.buyer_id.to_string()), json!([running("ORD000007")])).await;
    assert_eq!(world.delete(&at(buyer.user_id), &operations).await.status, 204, "gone already");
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_with_orders_to_deliver_is_not_deleted() {
    let world = world().await;
    let facts = vendor_facts(&json!("019a0000-0000-7000-8000-00000000b001"), 1, "pending");
    world.neighbour("POST", "/internal/v1/vendors", 200, facts.clone()).await;
    let human = world.sign_in("+919000000002").await;
    let registered = world.register(&human, "vendor").await;
    let user: UserId = serde_json::from_value(registered.data(201)["user"]["id"].clone()).unwrap();
    let human = world.refresh(&human).await;
    let vendor = facts["vendor_id"].as_str().unwrap();
    world.orders_run(("vendor_id", vendor), json!([running("ORD000008"), running("ORD000009")])).await;
    let refused = world.delete(&at(user), &human.token).await;
    assert_eq!(refused.code(409), "orders_running");
    assert_eq!(refused.body["error"]["details"]["orders"], json!(["ORD000008", "ORD000009"]));
    world.orders_run(("vendor_id", vendor), json!([])).await;
    assert_eq!(world.delete(&at(user), &human.token).await.status, 204);
    world.finish().await;
}

#[tokio::test]
async fn nobody_is_deleted_while_their_orders_cannot_be_seen() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    world.orders_are_down().await;
    assert_eq!(world.delete(&at(buyer.user_id), &buyer.human.token).await.code(503), "orders_unavailable");
    assert_eq!(world.get("/api/v1/auth/me", &buyer.human.token).await.data(200)["status"], "active");
    world.finish().await;
}

#[tokio::test]
async fn a_refresh_says_whether_the_account_is_deleted_or_suspended() {
    let world = world().await;
    let (gone, held) = (world.buyer("+919000000001").await, world.buyer("+919000000002").await);
    let refresh = async |token: &str| world.open_post("/api/v1/auth/refresh-token", &json!({ "refresh_token": token })).await;
    let stranger = world.sign_in("+919000000003").await;
    let disabled = async |user: UserId| {
        let staff = world.staff(AdminRole::Operations);
        world.put(&format!("{}/status", at(user)), &staff, &json!({"status": "suspended"})).await
    };
    assert_eq!(world.delete(&at(gone.user_id), &gone.human.token).await.status, 204);
    let _ = disabled(held.user_id).await.data(200);
    assert_eq!(refresh(&gone.human.refresh_token).await.code(401), "account_deleted");
    assert_eq!(refresh(&held.human.refresh_token).await.code(403), "account_suspended");

    // A token that the app's SDK holds and that was never seen here.
    let registered = world.register(&stranger, "buyer").await;
    let id: UserId = serde_json::from_value(registered.data(201)["user"]["id"].clone()).unwrap();
    let _ = disabled(id).await.data(200);
    assert_eq!(refresh(&stranger.refresh_token).await.code(403), "account_disabled");
    let kept = world.count("SELECT count(*) FROM refresh_tokens").await;
    assert_eq!(kept, 2, "of those that were seen");
    world.finish().await;
}

#[tokio::test]
async fn a_name_that_nobody_can_read_is_refused_wherever_it_is_given() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    let buyer = world.buyer("+919000000002").await;
    let admin = world.staff(AdminRole::SuperAdmin);
    for name in ["\u{202e}", "\u{200b}\u{2060}", "\u{3164}", "Asha\u{202e}oaR", "..."] {
        let body = json!({"user_type": "buyer", "full_name": name});
        assert_eq!(world.post("/api/v1/auth/register", &human.token, &body).await.code(422), "validation_failed", "{name:?}");
        let answers = [
            world.put(&at(buyer.user_id), &buyer.human.token, &json!({ "full_name": name })).await,
            world.put(&buyer.path(""), &buyer.human.token, &json!({ "business_name": name })).await,
            world
                .post("/api/v1/admin/users", &admin, &json!({"phone": "9000000010", "full_name": name, "role": "support"}))
                .await,
            world
                .post(
                    &buyer.path("/addresses"),
                    &buyer.human.token,
                    &json!({"address_line1": "Plot 12", "pincode": "500032", "latitude": 17.4, "longitude": 78.3,
                            "contact_name": name}),
                )
                .await,
        ];
        for answer in answers {
            assert_eq!(answer.code(422), "validation_failed", "{name:?}: {}", answer.body);
        }
    }
    let body = json!({"user_type": "buyer", "full_name": "క్\u{200c}షమ"});
    assert_eq!(world.post("/api/v1/auth/register", &human.token, &body).await.data(201)["user"]["full_name"], "క్\u{200c}షమ");
    world.finish().await;
}
