//! PutEvents that takes some entries and not others, throttles, or answers for too few: the stand-in
//! never does.

use std::sync::{Arc, Mutex};

use bus::aws::sdk_config;
use bus::{Catalogue, EventBridgePublisher};
use domain::ServiceName;
use domain::events::{Envelope, EventSink, PublishError};
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::envelope;

async fn publisher(server: &MockServer) -> EventBridgePublisher {
    let keys = aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test");
    let config = sdk_config(Some(&server.uri())).await.into_builder();
    let config = config
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(keys))
        .region(aws_config::Region::from_static("ap-south-1"))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    let catalogue = Arc::new(Catalogue::load().unwrap());
    EventBridgePublisher::new(aws_sdk_eventbridge::Client::new(&config), catalogue, "realserv", ServiceName::Order).unwrap()
}

fn numbered(count: usize) -> Vec<Envelope> {
    (0..count).map(|n| envelope("OrderPlaced", json!({ "n": n }))).collect()
}

fn entries(request: &Request) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body.get("Entries").unwrap().as_array().unwrap().clone()
}

async fn answer(server: &MockServer, how: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) {
    Mock::given(header("x-amz-target", "AWSEvents.PutEvents")).respond_with(how).mount(server).await;
}

fn results(results: &[Value]) -> ResponseTemplate {
    let failed = results.iter().filter(|r| r.get("ErrorCode").is_some()).count();
    let body = json!({ "FailedEntryCount": failed, "Entries": results }).to_string();
    ResponseTemplate::new(200).set_body_raw(body, "application/x-amz-json-1.1")
}

#[tokio::test]
async fn each_entry_has_its_own_result_also_over_several_calls() {
    let server = MockServer::start().await;
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    answer(&server, move |request| {
        let entries = entries(request);
        seen.lock().unwrap().push(entries.len());
        let each: Vec<Value> = entries
            .iter()
            .map(|entry| {
                assert_eq!(entry.get("Source").unwrap(), "realserv.order");
                assert_eq!(entry.get("EventBusName").unwrap(), "realserv");
                let detail: Value = serde_json::from_str(entry.get("Detail").unwrap().as_str().unwrap()).unwrap();
                match detail.pointer("/data/n").unwrap().as_u64().unwrap() {
                    4 => json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "slow down" }),
                    11 => json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "no" }),
                    n => json!({ "EventId": format!("id-{n}") }),
                }
            })
            .collect();
        results(&each)
    })
    .await;
    let outcomes = publisher(&server).await.publish(&numbered(13)).await;
    assert_eq!(*sizes.lock().unwrap(), [10, 3]);
    assert_eq!(outcomes.len(), 13);
    for (n, outcome) in outcomes.iter().enumerate() {
        match n {
            4 => assert!(matches!(outcome, Err(PublishError::Retry(_))), "{n}: {outcome:?}"),
            11 => assert!(matches!(outcome, Err(PublishError::Reject(_))), "{n}: {outcome:?}"),
            _ => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn entries_that_are_large_together_go_in_several_calls() {
    let server = MockServer::start().await;
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    answer(&server, move |request| {
        assert!(request.body.len() < 300 * 1024, "one call has {} bytes", request.body.len());
        let count = entries(request).len();
        seen.lock().unwrap().push(count);
        results(&vec![json!({ "EventId": "id" }); count])
    })
    .await;
    let large: Vec<Envelope> = (0..5).map(|_| envelope("OrderPlaced", json!({ "note": "x".repeat(100 * 1024) }))).collect();
    let outcomes = publisher(&server).await.publish(&large).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(*sizes.lock().unwrap(), [2, 2, 1]);
}

#[tokio::test]
async fn an_answer_for_too_few_entries_leaves_the_others_to_be_sent_again() {
    let server = MockServer::start().await;
    answer(&server, |_| results(&[json!({ "EventId": "id" }), json!({})])).await;
    let outcomes = publisher(&server).await.publish(&numbered(3)).await;
    assert!(outcomes.first().unwrap().is_ok());
    for outcome in outcomes.iter().skip(1) {
        assert!(matches!(outcome, Err(PublishError::Retry(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_leaves_everything_to_be_sent_again() {
    let server = MockServer::start().await;
    answer(&server, |_| ResponseTemplate::new(503)).await;
    let outcomes = publisher(&server).await.publish(&numbered(2)).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(PublishError::Retry(_)))), "{outcomes:?}");
}
