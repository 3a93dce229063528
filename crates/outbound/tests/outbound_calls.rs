//! Calls against a server that misbehaves on demand.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use outbound::{Breaker, BreakerSettings, HttpSettings, OutboundError, Remote, RetryPolicy, http_client, retry};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpListener};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

fn remote(timeout_ms: u64) -> Remote {
    let http = http_client(HttpSettings::default()).unwrap();
    Remote::new("test", http, Duration::from_millis(timeout_ms))
}

async fn answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path("/it")).respond_with(response).mount(&server).await;
    server
}

async fn ask(remote: &Remote, base: &str) -> Result<Value, OutboundError> {
    remote.send_json(remote.get(outbound::join(base, "it"))).await
}

#[tokio::test]
async fn a_refused_connection_may_be_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&remote(1000), &base).await.unwrap_err();
    assert!(matches!(error, OutboundError::Retry { .. }), "{error:?}");
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_effect_unknown() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_millis(800))).await;
    let error = ask(&remote(100), &server.uri()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unknown { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_closed_after_the_request_leaves_the_effect_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0_u8; 1024];
            let _read = socket.read(&mut buffer).await;
        }
    });
    let error = ask(&remote(1000), &base).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unknown { .. }), "{error:?}");
}

#[tokio::test]
async fn busy_answers_are_retryable_and_carry_the_wait_asked_for() {
    for status in [429, 502, 503, 504] {
        let server = answering(ResponseTemplate::new(status).insert_header("retry-after", "7")).await;
        let error = ask(&remote(1000), &server.uri()).await.unwrap_err();
        assert_eq!(error.after(), Some(Duration::from_secs(7)), "{status}");
    }
}

#[tokio::test]
async fn a_retry_date_is_measured_against_the_answers_own_date() {
    let server = answering(
        ResponseTemplate::new(503)
            .insert_header("date", "Fri, 20 Nov 2026 10:00:00 GMT")
            .insert_header("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT"),
    )
    .await;
    let error = ask(&remote(1000), &server.uri()).await.unwrap_err();
    assert_eq!(error.after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn refusals_are_final_and_a_500_is_unknown() {
    for status in [301, 400, 401, 403, 404, 409, 422] {
        let server = answering(ResponseTemplate::new(status)).await;
        let error = ask(&remote(1000), &server.uri()).await.unwrap_err();
        assert!(matches!(error, OutboundError::Reject { status: seen, .. } if seen == status), "{status}: {error:?}");
    }
    let server = answering(ResponseTemplate::new(500)).await;
    let error = ask(&remote(1000), &server.uri()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unknown { .. }));
}

#[tokio::test]
async fn a_body_that_is_not_json_leaves_the_effect_unknown_and_is_not_quoted() {
    let server = answering(ResponseTemplate::new(200).set_body_string("<html>secret</html>")).await;
    let error = ask(&remote(1000), &server.uri()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unknown { .. }));
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn errors_do_not_show_the_key_in_the_address() {
    let remote = remote(100);
    let error = remote.send(remote.get("http://127.0.0.1:1/it?key=topsecret")).await.unwrap_err();
    assert!(!format!("{error:?}").contains("topsecret"));
}

#[tokio::test]
async fn safe_calls_are_repeated_until_they_work_or_are_refused() {
    let policy = RetryPolicy { attempts: 3, first_wait: Duration::from_millis(1), longest_wait: Duration::from_millis(5) };
    let tries = AtomicUsize::new(0);
    let result = retry(policy, || async {
        match tries.fetch_add(1, Ordering::SeqCst) {
            0 => Err(OutboundError::retry("busy")),
            1 => Err(OutboundError::unknown("lost")),
            _ => Ok(7),
        }
    })
    .await;
    assert_eq!(result, Ok(7));

    tries.store(0, Ordering::SeqCst);
    let refused: Result<(), _> = retry(policy, || async {
        tries.fetch_add(1, Ordering::SeqCst);
        Err(OutboundError::reject(400, "no", "never"))
    })
    .await;
    assert!(refused.is_err());
    assert_eq!(tries.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_wait_longer_than_ours_ends_the_retries() {
    let tries = AtomicUsize::new(0);
    let result: Result<(), _> = retry(RetryPolicy::default(), || async {
        tries.fetch_add(1, Ordering::SeqCst);
        Err(OutboundError::Retry { reason: "busy".into(), after: Some(Duration::from_secs(60)) })
    })
    .await;
    assert!(result.is_err());
    assert_eq!(tries.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_system_that_keeps_failing_is_left_alone() {
    let server = answering(ResponseTemplate::new(503)).await;
    let settings = BreakerSettings { failures: 2, rest: Duration::from_secs(60) };
    let remote = remote(1000).with_breaker(Breaker::new("test", settings));
    for _ in 0..5 {
        let _failed = ask(&remote, &server.uri()).await;
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn good_answers_are_read() {
    let server = answering(ResponseTemplate::new(201).set_body_json(json!({"a": 1}))).await;
    assert_eq!(ask(&remote(1000), &server.uri()).await.unwrap(), json!({"a": 1}));
}

#[tokio::test]
async fn the_correlation_id_and_the_trace_go_along() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let id = domain::CorrelationId::new(uuid::Uuid::from_u128(7));
    let mut context = context::Context::new(id);
    context.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    let remote = remote(1000);
    context::scope(context, ask(&remote, &server.uri())).await.unwrap();
    ask(&remote, &server.uri()).await.unwrap();
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen[0].headers["x-correlation-id"], id.to_string().as_str());
    assert!(seen[0].headers.contains_key("traceparent"));
    assert!(!seen[1].headers.contains_key("x-correlation-id"));
}

#[tokio::test]
async fn an_answer_larger_than_expected_is_refused() {
    let server = answering(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 2000])).await;
    let remote = remote(1000);
    let request = || remote.get(outbound::join(&server.uri(), "it"));
    let error = remote.send_within(request(), 1999).await.unwrap_err();
    assert!(matches!(error, OutboundError::Reject { ref code, .. } if code == "too_large"));
    assert_eq!(remote.send_within(request(), 2000).await.unwrap().body.len(), 2000);
}
