use std::time::Duration;

use sandbox::signing;
use serde_json::json;

use crate::support::{Stage, client, send, text};

#[tokio::test]
async fn credentials_and_the_word_basic_are_taken_strictly() {
    let stage = Stage::new().await;
    let url = stage.url("/razorpay/v1/orders");
    let (status, refusal) = send(stage.http.get(&url).basic_auth("rzp_test_sandbox", Some("wrong"))).await;
    assert_eq!(status, 401);
    assert_eq!(refusal["error"]["description"], "Authentication failed");
    let right = crate::support::base64(b"rzp_test_sandbox:rs_test_key_secret_0123456789");
    assert_eq!(send(stage.http.get(&url).header("authorization", format!("basic {right}"))).await.0, 401);
    assert_eq!(send(stage.http.get(&url).header("authorization", format!("Basic {right}"))).await.0, 200);
}

#[tokio::test]
async fn an_order_looks_as_documented_and_is_found_by_its_receipt() {
    let stage = Stage::new().await;
    let id = stage.order(118_000).await;
    assert!(id.starts_with("order_") && id.len() == 20);
    let (_, order) = stage.razorpay_get(&format!("/orders/{id}")).await;
    assert_eq!(order["notes"], json!([]));
    assert_eq!(order["status"], "created");
    assert_eq!(order["amount_due"], 118_000);
    let (_, found) = stage.razorpay_get("/orders?receipt=ORD000001").await;
    assert_eq!(found["items"][0]["id"], json!(id));
    let (_, found) = stage.razorpay_get("/orders?receipt=ORD000002").await;
    assert_eq!(found["count"], 0);
}

#[tokio::test]
async fn refusals_are_400_even_for_unknown_ids_and_addresses() {
    let stage = Stage::new().await;
    for (body, field) in [
        (json!({"amount": 99, "currency": "INR"}), "amount"),
        (json!({"amount": 1.5, "currency": "INR"}), "amount"),
        (json!({"currency": "INR"}), "amount"),
        (json!({"amount": 100}), "currency"),
        (json!({"amount": 100, "currency": "INR", "receipt": "x".repeat(41)}), "receipt"),
    ] {
        let (status, refusal) = stage.razorpay_post("/orders", &body).await;
        assert_eq!((status, refusal["error"]["field"].as_str()), (400, Some(field)), "{body}");
    }
    let (status, _) = stage.razorpay_post("/orders", &json!({"amount": 100, "currency": "INR", "colour": "red"})).await;
    assert_eq!(status, 400);
    for path in ["/orders/order_AAAAAAAAAAAAAA", "/orders/short", "/nowhere"] {
        let (status, refusal) = stage.razorpay_get(path).await;
        assert_eq!((status, refusal["error"]["code"].as_str()), (400, Some("BAD_REQUEST_ERROR")), "{path}");
    }
}

#[tokio::test]
async fn a_paid_order_stays_paid_and_hands_the_app_a_signature() {
    let stage = Stage::new().await;
    let order = stage.order(50_000).await;
    let paid = stage.pay(&order, json!({"method": "card"})).await;
    let payment = text(&paid["razorpay_payment_id"]);
    let expected = signing::razorpay_checkout("rs_test_key_secret_0123456789", &order, &payment);
    assert_eq!(paid["razorpay_signature"], json!(expected));
    let (_, fetched) = stage.razorpay_get(&format!("/payments/{payment}")).await;
    assert_eq!(fetched["status"], "captured");
    assert_eq!(fetched["fee"], 1_180);
    let (status, _) = stage.post(&format!("/_sandbox/razorpay/orders/{order}/pay"), &json!({})).await;
    assert_eq!(status, 400);
    stage.razorpay_post(&format!("/payments/{payment}/refund"), &json!({})).await;
    let (_, after) = stage.razorpay_get(&format!("/orders/{order}")).await;
    assert_eq!(after["status"], "paid");
    let (_, fetched) = stage.razorpay_get(&format!("/payments/{payment}")).await;
    assert_eq!((fetched["status"].as_str(), fetched["refund_status"].as_str()), (Some("refunded"), Some("full")));
}

#[tokio::test]
async fn a_failed_payment_may_be_captured_late() {
    let stage = Stage::new().await;
    let order = stage.order(50_000).await;
    stage.pay(&order, json!({"outcome": "captured", "late": true})).await;
    let mut events: Vec<String> = stage.receiver.wait_for(4).await.iter().map(crate::support::Received::event).collect();
    assert_eq!(events, ["payment.failed", "payment.authorized", "payment.captured", "order.paid"]);
    events.dedup();
    let (_, payments) = stage.razorpay_get(&format!("/orders/{order}/payments")).await;
    assert_eq!((payments["count"].as_u64(), payments["items"][0]["status"].as_str()), (Some(1), Some("captured")));
}

#[tokio::test]
async fn an_authorised_payment_is_captured_for_its_exact_amount_and_once() {
    let stage = Stage::new().await;
    let order = stage.order(50_000).await;
    let paid = stage.pay(&order, json!({"outcome": "authorized"})).await;
    let capture = format!("/payments/{}/capture", text(&paid["razorpay_payment_id"]));
    assert_eq!(stage.razorpay_post(&capture, &json!({"amount": 49_999, "currency": "INR"})).await.0, 400);
    assert_eq!(stage.razorpay_post(&capture, &json!({"amount": 50_000, "currency": "INR"})).await.0, 200);
    assert_eq!(stage.razorpay_post(&capture, &json!({"amount": 50_000, "currency": "INR"})).await.0, 400);
}

#[tokio::test]
async fn a_lost_answer_leaves_an_order_that_its_receipt_finds() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "timeout_after_effect", "count": 1})).await;
    let impatient = client(Duration::from_millis(300));
    let request = stage.razorpay(
        impatient.post(stage.url("/razorpay/v1/orders")).json(&json!({"amount": 100, "currency": "INR", "receipt": "R-1"})),
    );
    assert!(request.send().await.unwrap_err().is_timeout());
    let (_, found) = stage.razorpay_get("/orders?receipt=R-1").await;
    assert_eq!(found["count"], 1);
    let (status, _) = stage.razorpay_post("/orders", &json!({"amount": 100, "currency": "INR"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_payment_link_is_paid_once_and_its_reference_is_unique() {
    let stage = Stage::new().await;
    let request = json!({"amount": 70_000, "currency": "INR", "reference_id": "RS-1", "description": "Balance"});
    let (status, link) = stage.razorpay_post("/payment_links", &request).await;
    assert_eq!((status, link["notes"].clone(), link["payments"].clone()), (200, json!(null), json!(null)));
    assert_eq!(stage.razorpay_post("/payment_links/", &request).await.0, 400);
    let id = text(&link["id"]);
    let (_, paid) = stage.post(&format!("/_sandbox/razorpay/payment_links/{id}/pay"), &json!({})).await;
    let payment = text(&paid["razorpay_payment_id"]);
    let expected = signing::razorpay_payment_link("rs_test_key_secret_0123456789", &id, "RS-1", "paid", &payment);
    assert_eq!(paid["razorpay_signature"], json!(expected));
    let events = stage.receiver.wait_for(4).await;
    let event = events.iter().find(|received| received.event() == "payment_link.paid").unwrap().body();
    assert!(!text(&event["payload"]["order"]["entity"]["id"]).starts_with("order_"));
    assert_eq!(stage.razorpay_post(&format!("/payment_links/{id}/cancel"), &json!({})).await.0, 400);
}

#[tokio::test]
async fn an_outage_speaks_three_shapes_of_error() {
    let stage = Stage::new().await;
    for status in [429, 500, 503] {
        stage.fault(json!({"system": "razorpay", "kind": "status", "value": status, "count": 1})).await;
    }
    let (status, body) = stage.razorpay_get("/orders").await;
    assert_eq!((status, body["message"].is_string()), (429, true));
    let (status, body) = stage.razorpay_get("/orders").await;
    assert_eq!((status, body["error"]["code"].as_str()), (500, Some("SERVER_ERROR")));
    let (status, body) = stage.razorpay_get("/orders").await;
    assert_eq!((status, body.is_string()), (503, true));
    assert_eq!(stage.razorpay_get("/orders").await.0, 200);
}
