use sandbox::Settings;
use serde_json::json;

use crate::support::Stage;

#[tokio::test]
async fn the_state_file_keeps_users_orders_and_keys_over_a_restart() {
    let file = std::env::temp_dir().join(format!("sandbox-state-{}.json", std::process::id()));
    let settings = Settings { state_file: Some(file.clone()), ..Settings::for_tests().unwrap() };
    let before = Stage::with(settings.clone()).await;
    let signed_in = before.sign_in("+919876543210").await;
    let order = before.order(50_000).await;
    let (_, keys) = before.get("/firebase/jwks").await;
    let account = before.sandbox.service_account.private_key.clone();
    before.sandbox.stop().await;

    let after = Stage::with(settings).await;
    assert_eq!(after.get("/firebase/jwks").await.1, keys);
    assert_eq!(after.sandbox.service_account.private_key, account);
    assert_eq!(after.refresh(&signed_in["refreshToken"]).await.0, 200);
    assert_eq!(after.razorpay_get(&format!("/orders/{order}")).await.0, 200);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn a_webhook_not_yet_delivered_survives_a_restart() {
    let file = std::env::temp_dir().join(format!("sandbox-webhooks-{}.json", std::process::id()));
    let settings = Settings { state_file: Some(file.clone()), webhook_retry_ms: 60_000, ..Settings::for_tests().unwrap() };
    let before = Stage::with(settings.clone()).await;
    before.receiver.refuse(1);
    let order = before.order(50_000).await;
    before.pay(&order, json!({"outcome": "failed"})).await;
    let first = before.receiver.wait_for(1).await;
    before.sandbox.stop().await;

    let url = before.receiver.url.clone();
    let after = sandbox::start(Settings { razorpay_webhook_url: Some(url), ..settings }).await.unwrap();
    let again = before.receiver.wait_for(2).await;
    assert_eq!(again[1].bytes, first[0].bytes);
    after.stop().await;
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_keys() {
    let stage = Stage::new().await;
    let order = stage.order(50_000).await;
    let (_, keys) = stage.get("/firebase/jwks").await;
    stage.fault(json!({"system": "maps", "kind": "latency", "value": 1})).await;
    assert_eq!(stage.post("/_sandbox/reset", &json!({})).await.0, 204);
    assert_eq!(stage.razorpay_get(&format!("/orders/{order}")).await.0, 400);
    assert_eq!(stage.get("/_sandbox/faults").await.1, json!({"data": []}));
    assert_eq!(stage.get("/firebase/jwks").await.1, keys);
}

#[tokio::test]
async fn a_misspelt_fault_is_refused_and_calls_are_counted() {
    let stage = Stage::new().await;
    assert_eq!(stage.post("/_sandbox/faults", &json!({"system": "razor", "kind": "latency"})).await.0, 400);
    assert_eq!(stage.post("/_sandbox/faults", &json!({"system": "razorpay", "kind": "latencies"})).await.0, 400);
    stage.order(50_000).await;
    stage.order(50_000).await;
    assert_eq!(stage.get("/_sandbox/calls").await.1["data"]["razorpay.create_order"], 2);
    assert!(stage.get("/_sandbox/state").await.1["data"]["world"]["razorpay"]["orders"].is_array());
}
