use serde_json::{Value, json};

use crate::support::{Answer, MESSAGING_SCOPE, Stage, send};

async fn push(stage: &Stage, message: &Value) -> Answer {
    let (_, granted) = stage.access_token(MESSAGING_SCOPE).await;
    let url = stage.url("/fcm/v1/projects/demo-realserv/messages:send");
    send(stage.http.post(url).bearer_auth(granted["access_token"].as_str().unwrap()).json(&json!({"message": message}))).await
}

#[tokio::test]
async fn a_device_gets_what_was_pushed_until_the_app_is_removed() {
    let stage = Stage::new().await;
    let message = json!({"token": "device-1", "notification": {"title": "Paid", "body": "ORD000001"}, "data": {"order": "1"}});
    let (status, sent) = push(&stage, &message).await;
    assert_eq!(status, 200, "{sent}");
    let (_, received) = stage.get("/_sandbox/devices/device-1/push").await;
    assert_eq!(received["data"][0]["notification"]["title"], "Paid");
    stage.http.delete(stage.url("/_sandbox/devices/device-1")).send().await.unwrap();
    let (status, refusal) = push(&stage, &message).await;
    assert_eq!((status, refusal["error"]["details"][0]["errorCode"].as_str()), (404, Some("UNREGISTERED")));
}

#[tokio::test]
async fn data_is_text_and_small_and_goes_to_one_target() {
    let stage = Stage::new().await;
    for message in [
        json!({"token": "d", "data": {"count": 1}}),
        json!({"token": "d", "data": {"from": "me"}}),
        json!({"token": "d", "topic": "t"}),
        json!({"notification": {"title": "x"}}),
        json!({"token": "d", "data": {"long": "x".repeat(4_096)}}),
    ] {
        assert_eq!(push(&stage, &message).await.0, 400, "{message}");
    }
}
