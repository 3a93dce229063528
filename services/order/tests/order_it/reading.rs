//! Who sees what, and lists page by page.

use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};

use crate::support::World;

fn numbers(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|order| order["order_number"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_order_exists_only_for_its_parties_and_staff() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let path = format!("/api/v1/orders/{}", order.id);
    let (other_buyer, other_vendor) = (world.service.people.buyer(), world.service.people.vendor());
    for token in [&other_buyer.token, &other_vendor.token] {
        for at in [path.clone(), format!("{path}/timeline"), format!("{path}/items"), "/api/v1/orders/by-number/ORD1".into()] {
            assert_eq!(world.service.get(&at, token).await.code(404), "not_found", "{at}");
        }
        assert_eq!(world.cancel(&order, token).await.code(404), "not_found");
    }
    let confirm = world.service.post(&format!("{path}/confirm"), &other_vendor.token, &json!({})).await;
    assert_eq!(confirm.code(404), "not_found");
    for role in [AdminRole::Operations, AdminRole::Support, AdminRole::Finance, AdminRole::SuperAdmin] {
        let _ = world.service.get(&path, &world.service.people.admin(role).token).await.data(200);
    }
    let answer = world.service.send(reqwest::Method::GET, &path, None, None, &[]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_found_by_its_number_however_it_is_typed() {
    let world = World::new().await;
    let order = world.placed("online").await;
    for typed in ["ORD000001", "ord%201", "%23ORD1", "0RDOO1"] {
        let answer = world.service.get(&format!("/api/v1/orders/by-number/{typed}"), &world.vendor.token).await;
        assert_eq!(answer.data(200)["id"], json!(order.id), "{typed}");
    }
    assert_eq!(world.service.get("/api/v1/orders/by-number/ORD1A", &world.vendor.token).await.code(404), "not_found");
    world.finish().await;
}

#[tokio::test]
async fn lists_are_filtered_by_status_and_day_and_read_page_by_page() {
    let world = World::new().await;
    for _ in 0..3 {
        world.placed("cod").await;
    }
    world.advance(24 * 60 - 60);
    // Past the hour of the first token.
    let claims = json!({"app_user_id": world.buyer.user_id, "user_type": "buyer", "buyer_id": world.buyer.buyer_id,
        "status": "active"});
    let mut world = world;
    world.buyer.token = world.service.people.token(&world.buyer.uid, &claims);
    world.service.run_due_jobs().await;
    for _ in 0..2 {
        world.placed("cod").await;
    }
    let base = format!("/api/v1/orders/buyer/{}", world.buyer.buyer_id);
    let token = world.buyer.token.clone();
    let first = world.service.get(&format!("{base}?limit=2"), &token).await.body;
    assert_eq!(numbers(&first), ["ORD000005", "ORD000004"]);
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    let second = world.service.get(&format!("{base}?limit=2&cursor={cursor}"), &token).await.body;
    assert_eq!(numbers(&second), ["ORD000003", "ORD000002"]);
    assert_eq!(second["data"][0]["items"][0]["name"], "UltraTech OPC 53");
    let pending = world.service.get(&format!("{base}?status=pending"), &token).await.body;
    assert_eq!(numbers(&pending), ["ORD000005", "ORD000004"]);
    let both =
        world.service.get(&format!("{base}?status=pending&status=cancelled&from=2026-11-16&to=2026-11-16"), &token).await.body;
    assert_eq!(numbers(&both), ["ORD000003", "ORD000002", "ORD000001"]);
    assert_eq!(world.service.get(&format!("{base}?status=lost"), &token).await.code(422), "validation_failed");
    assert_eq!(world.service.get(&format!("{base}?limit=101"), &token).await.code(422), "validation_failed");
    world.finish().await;
}

#[tokio::test]
async fn a_list_is_its_owners_and_staffs_alone() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let staff = world.service.people.admin(AdminRole::Support);
    let of_vendor = format!("/api/v1/orders/vendor/{}", world.vendor.vendor_id);
    let of_buyer = format!("/api/v1/orders/buyer/{}", world.buyer.buyer_id);
    for (path, token) in [(&of_vendor, &world.vendor.token), (&of_vendor, &staff.token), (&of_buyer, &staff.token)] {
        assert_eq!(numbers(&world.service.get(path, token).await.body), [order.number.as_str()]);
    }
    assert_eq!(world.service.get(&of_vendor, &world.service.people.vendor().token).await.code(404), "not_found");
    assert_eq!(world.service.get(&of_buyer, &world.service.people.buyer().token).await.code(404), "not_found");
    assert_eq!(world.service.get(&of_vendor, &world.buyer.token).await.code(403), "forbidden");
    assert_eq!(world.service.get("/api/v1/orders", &world.buyer.token).await.code(403), "forbidden");
    for query in ["", "?q=ord1", "?q=ORD0000", "?status=pending"] {
        let answer = world.service.get(&format!("/api/v1/orders{query}"), &staff.token).await;
        assert_eq!(numbers(&answer.body), [order.number.as_str()], "{query}");
    }
    assert!(numbers(&world.service.get("/api/v1/orders?q=ord2", &staff.token).await.body).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn services_read_orders_and_what_was_completed_in_a_period() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let token = world.service.service_token(ServiceName::VendorManagement);
    let vendor = world.vendor.vendor_id;
    let path = |from: &str, to: &str| format!("/internal/v1/orders/completed?vendor_id={vendor}&from={from}&to={to}");
    let within = world.service.get(&path("2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z"), &token).await;
    assert_eq!(within.data(200)[0]["order_id"], json!(order.id));
    assert_eq!(within.data(200)[0]["status"], "completed");
    let before = world.service.get(&path("2026-11-15T00:00:00Z", "2026-11-16T00:00:00Z"), &token).await;
    assert_eq!(*before.data(200), json!([]));
    let by_number = world.service.get("/internal/v1/orders/by-number/ord1", &token).await;
    assert_eq!(by_number.data(200)["order_number"], "ORD000001");
    assert_eq!(world.service.get("/internal/v1/orders/by-number/ORD1", &world.buyer.token).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test]
async fn services_learn_which_orders_of_somebody_still_run() {
    let world = World::new().await;
    let (running, gone) = (world.placed("cod").await, world.placed("cod").await);
    let _ = world.cancel(&gone, &world.buyer.token).await.data(200);
    let token = world.service.service_token(ServiceName::User);
    for whose in [format!("buyer_id={}", world.buyer.buyer_id), format!("vendor_id={}", world.vendor.vendor_id)] {
        let answer = world.service.get(&format!("/internal/v1/orders/running?{whose}"), &token).await;
        let ids: Vec<&Value> = answer.data(200).as_array().unwrap().iter().map(|order| &order["order_id"]).collect();
        assert_eq!(ids, [&json!(running.id)], "{whose}: {}", answer.body);
    }
    assert_eq!(world.service.get("/internal/v1/orders/running", &token).await.code(422), "validation_failed");
    world.finish().await;
}
