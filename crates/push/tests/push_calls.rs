//! The client against answers FCM gives.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::{collections::BTreeMap, time::Duration};

use firebase::AccessTokens;
use outbound::{Failure as _, HttpSettings, http_client};
use push::{Device, Fcm, Push, PushError, PushSender, PushSettings};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, method, path},
};

async fn setup() -> (MockServer, Fcm) {
    let server = MockServer::start().await;
    let settings =
        PushSettings { base_url: server.uri(), project_id: "demo-realserv".into(), timeout: Duration::from_millis(300) };
    let http = http_client(HttpSettings::default()).unwrap();
    (server, Fcm::new(&settings, http, AccessTokens::emulator()))
}

fn push() -> Push {
    Push {
        to: Device::Token("device-1".into()),
        title: "Order".into(),
        body: "On its way".into(),
        data: BTreeMap::from([("order".to_owned(), "ORD000001".to_owned())]),
        collapse_key: Some("ORD000001".into()),
        urgent: true,
        keep_for: Duration::from_secs(3600),
    }
}

#[tokio::test]
async fn a_notification_goes_out_as_fcm_wants_it() {
    let (server, fcm) = setup().await;
    Mock::given(method("POST"))
        .and(path("/v1/projects/demo-realserv/messages:send"))
        .and(header("authorization", "Bearer owner"))
        .and(body_json(json!({"message": {"token": "device-1",
            "notification": {"title": "Order", "body": "On its way"}, "data": {"order": "ORD000001"},
            "android": {"priority": "HIGH", "ttl": "3600s", "collapse_key": "ORD000001"},
            "apns": {"headers": {"apns-priority": "10"}}}})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"name": "projects/p/messages/1"})))
        .mount(&server)
        .await;
    assert_eq!(fcm.send(&push()).await.unwrap().provider_id, "projects/p/messages/1");
}

async fn failing(status: u16, body: Value) -> PushError {
    let (server, fcm) = setup().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_json(body)).mount(&server).await;
    fcm.send(&push()).await.unwrap_err()
}

fn coded(status: u16, word: &str, code: &str) -> Value {
    json!({"error": {"code": status, "message": "why", "status": word, "details": [
        {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]}})
}

#[tokio::test]
async fn a_device_that_is_gone_is_told_apart_from_a_bad_message() {
    assert_eq!(failing(404, coded(404, "NOT_FOUND", "UNREGISTERED")).await, PushError::TokenGone);
    assert_eq!(failing(403, coded(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")).await, PushError::TokenGone);
    assert_eq!(failing(400, coded(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")).await, PushError::TokenGone);
    let field = json!({"error": {"code": 400, "message": "why", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "message.data"}]}]}});
    assert!(matches!(failing(400, field).await, PushError::Refused { .. }));
}

#[tokio::test]
async fn quotas_wait_a_minute_outages_are_retried_and_credentials_alert() {
    let quota = failing(429, coded(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")).await;
    assert_eq!(quota.after(), Some(Duration::from_secs(60)));
    for (status, code) in [(503, "UNAVAILABLE"), (500, "INTERNAL")] {
        let error = failing(status, coded(status, code, code)).await;
        assert!(matches!(error, PushError::Retry { .. }), "{error:?}");
    }
    let apns = failing(401, coded(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")).await;
    assert!(matches!(apns, PushError::Alert { .. }));
    assert!(matches!(failing(404, json!({})).await, PushError::Refused { .. }));
}

#[tokio::test]
async fn reserved_keys_and_large_messages_are_not_sent() {
    let (server, fcm) = setup().await;
    let reserved = Push { data: BTreeMap::from([("google.x".to_owned(), String::new())]), ..push() };
    let large = Push { body: "x".repeat(4096), ..push() };
    for push in [reserved, large] {
        assert!(matches!(fcm.send(&push).await, Err(PushError::Refused { .. })));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_answer_in_time_leaves_it_unknown() {
    let (server, fcm) = setup().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
    Mock::given(any()).respond_with(late).mount(&server).await;
    assert!(matches!(fcm.send(&push()).await, Err(PushError::Unknown { .. })));
}
