use std::time::Duration;

use sandbox::signing;
use serde_json::json;

use crate::support::{Received, Stage, WEBHOOK_SECRET};

fn is_signed(received: &Received) -> bool {
    received.header("x-razorpay-signature") == signing::razorpay_webhook(WEBHOOK_SECRET, &received.bytes)
}

#[tokio::test]
async fn paying_an_order_tells_about_it_in_signed_webhooks() {
    let stage = Stage::new().await;
    stage.paid_payment(50_000).await;
    let received = stage.receiver.wait_for(3).await;
    let events: Vec<String> = received.iter().map(Received::event).collect();
    assert_eq!(events, ["payment.authorized", "payment.captured", "order.paid"]);
    assert!(received.iter().all(is_signed));
    let paid = received[2].body();
    assert_eq!(paid["contains"], json!(["payment", "order"]));
    assert_eq!(paid["payload"]["order"]["entity"]["amount_due"], 0);
}

#[tokio::test]
async fn a_refused_webhook_comes_again_with_the_same_id_bytes_and_signature() {
    let stage = Stage::new().await;
    stage.receiver.refuse(2);
    let order = stage.order(50_000).await;
    stage.pay(&order, json!({"outcome": "failed"})).await;
    let received = stage.receiver.wait_for(3).await;
    for again in &received[1..] {
        assert_eq!(again.bytes, received[0].bytes);
        assert_eq!(again.header("x-razorpay-event-id"), received[0].header("x-razorpay-event-id"));
        assert!(is_signed(again));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.receiver.received().len(), 3);
}

#[tokio::test]
async fn duplicated_webhooks_come_twice_under_one_id() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "razorpay", "kind": "duplicate_webhooks", "count": 1})).await;
    let order = stage.order(50_000).await;
    stage.pay(&order, json!({"outcome": "failed"})).await;
    let received = stage.receiver.wait_for(2).await;
    assert_eq!(received[0].header("x-razorpay-event-id"), received[1].header("x-razorpay-event-id"));
}

#[tokio::test]
async fn withheld_webhooks_come_when_they_are_released() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "razorpay", "kind": "withhold_webhooks"})).await;
    stage.paid_payment(50_000).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(stage.receiver.received().is_empty());
    let (_, released) = stage.post("/_sandbox/razorpay/webhooks/release", &json!({})).await;
    assert_eq!(released["data"]["released"], 3);
    stage.receiver.wait_for(3).await;
}

#[tokio::test]
async fn shuffled_webhooks_all_come() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "razorpay", "kind": "shuffle_webhooks", "value": 100})).await;
    for _ in 0..4 {
        stage.paid_payment(50_000).await;
    }
    let mut ids: Vec<String> = stage.receiver.wait_for(12).await.iter().map(|one| one.header("x-razorpay-event-id")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 12);
}

#[tokio::test]
async fn batched_notifications_share_one_signed_body() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "whatsapp", "kind": "batch_webhooks", "value": 100})).await;
    for at in 0..3 {
        stage.types("+919876543210", json!({"text": format!("message {at}")})).await;
    }
    let received = stage.receiver.wait_for(1).await;
    assert_eq!(received[0].body()["entry"].as_array().unwrap().len(), 3);
    assert_eq!(received[0].header("x-hub-signature-256"), signing::meta(crate::support::APP_SECRET, &received[0].bytes));
}
