//! Orders counted, and stories followed as they happen.

use std::time::Duration;

use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};

use crate::support::{Placed, World};

impl World {
    async fn follow(&self, order: &Placed, token: &str, last: Option<&str>) -> reqwest::Response {
        let url = format!("{}/api/v1/orders/{}/events", self.service.base_url, order.id);
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        let mut request = http.get(url).bearer_auth(token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        request.send().await.unwrap()
    }
}

/// Reads so many events: their ids and types.
async fn events(response: &mut reqwest::Response, count: usize) -> Vec<(String, String)> {
    let mut text = String::new();
    let read = async {
        while text.matches("\n\n").count() < count {
            let piece = response.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
    let field = |event: &str, name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let one = |event: &str| {
        let data: Value = serde_json::from_str(&field(event, "data: ")).unwrap();
        (field(event, "id: "), data["type"].as_str().unwrap().to_owned())
    };
    text.split("\n\n").filter(|event| event.contains("data: ")).map(one).collect()
}

fn types(events: &[(String, String)]) -> Vec<&str> {
    events.iter().map(|(_, what)| what.as_str()).collect()
}

#[tokio::test]
async fn who_follows_an_order_reads_what_happened_and_then_what_happens() {
    let world = World::new().await;
    let order = world.paid().await;
    let mut response = world.follow(&order, &world.buyer.token, None).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(types(&events(&mut response, 2).await), ["OrderPlaced", "PaymentCaptured"]);
    let _ = world.confirm(&order).await.data(200);
    assert_eq!(types(&events(&mut response, 1).await), ["OrderConfirmed"]);
    world.finish().await;
}

#[tokio::test]
async fn who_comes_back_goes_on_behind_the_last_event_also_when_a_later_one_happened_earlier() {
    let world = World::new().await;
    let order = world.paid().await;
    let first = events(&mut world.follow(&order, &world.vendor.token, None).await, 2).await;
    // Comes late: it happened before what was read already.
    let mut late = world.service.envelope(ServiceName::VendorManagement, &world.dispatched(&order));
    let _ = world.confirm(&order).await.data(200);
    late.occurred_at -= chrono::TimeDelta::hours(1);
    world.service.deliver_envelope(late).await;
    let mut again = world.follow(&order, &world.vendor.token, Some(&first[1].0)).await;
    let rest = events(&mut again, 3).await;
    assert_eq!(types(&rest), ["OrderConfirmed", "DeliveryDispatched", "OrderInTransit"]);
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_followed_only_by_its_parties_and_a_token_that_ends_ends_the_stream() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let stranger = world.service.people.buyer();
    assert_eq!(world.follow(&order, &stranger.token, None).await.status().as_u16(), 404);
    let other_vendor = world.service.people.vendor();
    assert_eq!(world.follow(&order, &other_vendor.token, None).await.status().as_u16(), 404);
    let mut response = world.follow(&order, &world.buyer.token, None).await;
    let _ = events(&mut response, 1).await;
    world.service.clock.advance(chrono::TimeDelta::hours(2));
    let end = tokio::time::timeout(Duration::from_secs(10), response.chunk()).await.unwrap().unwrap();
    assert!(end.is_none(), "{end:?}");
    world.service.run_due_jobs().await;
    world.finish().await;
}

#[tokio::test]
async fn staff_reads_how_many_orders_came_and_what_they_brought() {
    let world = World::new().await;
    let (paid, open) = (world.paid().await, world.placed("cod").await);
    let cancelled = world.placed("cod").await;
    let _ = world.cancel(&cancelled, &world.buyer.token).await.data(200);
    let finance = world.service.people.admin(AdminRole::Finance);
    let answer = world.service.get("/api/v1/orders/analytics?from=2026-11-16&to=2026-11-16", &finance.token).await;
    let data = answer.data(200);
    let ordered = paid.total.checked_add(open.total).unwrap().checked_add(cancelled.total).unwrap();
    let totals = json!({"orders": 3, "completed": 0, "cancelled": 1, "ordered_amount": ordered, "revenue": paid.total});
    assert_eq!(data["totals"], totals);
    assert_eq!((&data["by_day"][0]["day"], &data["by_day"][0]["revenue"]), (&json!("2026-11-16"), &json!(paid.total)));
    let statuses: Vec<&Value> = data["by_status"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, [&json!("cancelled"), &json!("paid"), &json!("pending")]);
    assert_eq!(data["by_vendor"][0]["vendor_id"], json!(world.vendor.vendor_id));
    let nothing = world.service.get("/api/v1/orders/analytics?from=2026-01-01&to=2026-01-02", &finance.token).await;
    assert_eq!((&nothing.data(200)["totals"]["orders"], &nothing.data(200)["by_day"]), (&json!(0), &json!([])));
    let all = "/api/v1/orders/analytics";
    for query in ["?from=2026-11-17&to=2026-11-16", "?from=2024-01-01&to=2026-11-16", "?from=yesterday"] {
        assert_eq!(world.service.get(&format!("{all}{query}"), &finance.token).await.code(422), "validation_failed", "{query}");
    }
    for token in [&world.buyer.token, &world.service.people.admin(AdminRole::Support).token] {
        assert_eq!(world.service.get(all, token).await.code(403), "forbidden");
    }
    world.finish().await;
}
