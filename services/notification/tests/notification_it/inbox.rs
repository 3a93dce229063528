//! What was sent to somebody is theirs to read.

use domain::{AdminRole, ServiceName};

use crate::samples::Order;
use crate::support::world;

#[tokio::test]
async fn messages_are_read_by_their_owner_and_by_support_and_are_not_there_for_others() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    world.happen(ServiceName::Order, &order.cancelled()).await;
    let path = format!("/api/v1/notifications/user/{}", buyer.user_id);
    let page = world.get(&path, &buyer.person.token).await;
    assert_eq!(page.data(200).as_array().unwrap().len(), 4);
    assert_eq!(page.body["unread_count"], 2);
    let support = world.people.admin(AdminRole::Support);
    let finance = world.people.admin(AdminRole::Finance);
    let _ = world.get(&path, &support.token).await.data(200);
    assert_eq!(world.get(&path, &vendor.person.token).await.code(404), "not_found");
    assert_eq!(world.get(&path, &finance.token).await.code(404), "not_found");

    let first = world.get(&format!("{path}?limit=3&channel=in_app"), &buyer.person.token).await;
    let id = first.data(200)[0]["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v1/notifications/{id}");
    assert_eq!(world.get(&one, &buyer.person.token).await.data(200)["order_id"], order.id.to_string());
    assert_eq!(world.get(&one, &vendor.person.token).await.code(404), "not_found");
    assert_eq!(world.put(&format!("{one}/read"), &vendor.person.token, &serde_json::Value::Null).await.code(404), "not_found");
    for _ in 0..2 {
        let read = world.put(&format!("{one}/read"), &buyer.person.token, &serde_json::Value::Null).await;
        assert_eq!(read.data(200)["status"], "read");
    }
    let unread = world.get(&format!("{path}?unread=true"), &buyer.person.token).await;
    assert_eq!((unread.data(200).as_array().unwrap().len(), &unread.body["unread_count"]), (1, &serde_json::json!(1)));
    let whatsapp = world.get(&format!("{path}?channel=whatsapp"), &buyer.person.token).await;
    let id = whatsapp.data(200)[0]["id"].as_str().unwrap().to_owned();
    let refused = world.put(&format!("/api/v1/notifications/{id}/read"), &buyer.person.token, &serde_json::Value::Null).await;
    assert_eq!(refused.code(409), "not_in_inbox");
}

#[tokio::test]
async fn a_list_is_paged_without_gaps_or_repeats() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    world.happen(ServiceName::Order, &order.cancelled()).await;
    world.happen(ServiceName::VendorManagement, &order.delivery_failed()).await;
    let path = format!("/api/v1/notifications/user/{}?limit=4", buyer.user_id);
    let first = world.get(&path, &buyer.person.token).await;
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap().to_owned();
    let second = world.get(&format!("{path}&cursor={cursor}"), &buyer.person.token).await;
    let mut ids: Vec<String> = [&first, &second]
        .iter()
        .flat_map(|page| page.data(200).as_array().unwrap().iter().map(|one| one["id"].to_string()).collect::<Vec<_>>())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert!(second.body["page"]["next_cursor"].is_null());
}
