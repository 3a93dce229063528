//! Sizes, rates, time, and streams.

use crate::support::{Stage, read};
use futures::StreamExt as _;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_or_not_its_length_is_told() {
    let stage = Stage::new().await;
    let url = format!("{}/api/v1/materials", stage.url);
    let told = stage.http.post(&url).body(vec![b'x'; 1001]);
    let pieces = futures::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 100])));
    let untold = stage.http.post(&url).body(reqwest::Body::wrap_stream(pieces));
    for request in [told, untold] {
        let (status, body) = read(request.send().await.unwrap()).await;
        assert_eq!((status, body["error"]["code"].as_str()), (413, Some("too_large")));
    }
    let (status, _) = read(stage.http.post(&url).body(vec![b'x'; 1000]).send().await.unwrap()).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_large_body_streams_through() {
    let stage = Stage::with(json!({ "body_limit_bytes": 16_777_216 })).await;
    let url = format!("{}/api/v1/materials", stage.url);
    let (status, got) = read(stage.http.post(&url).body("y".repeat(15_000_000)).send().await.unwrap()).await;
    assert_eq!((status, got["body"].as_str().map(str::len)), (200, Some(15_000_000)));
}

#[tokio::test]
async fn an_event_stream_arrives_piece_by_piece() {
    let stage = Stage::new().await;
    let begun = Instant::now();
    let answer = stage.http.get(format!("{}/api/v1/stream", stage.url)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut pieces = answer.bytes_stream();
    assert_eq!(pieces.next().await.unwrap().unwrap(), "data: one\n\n");
    assert!(begun.elapsed() < Duration::from_millis(500));
    assert_eq!(pieces.next().await.unwrap().unwrap(), "data: two\n\n");
}

#[tokio::test]
async fn a_dead_service_is_502_and_a_slow_one_504() {
    let stage = Stage::new().await;
    let (status, body) = stage.get("/api/v1/dead").await;
    assert_eq!((status, body["error"]["code"].as_str()), (502, Some("service_unreachable")));
    let (status, body) = stage.get("/api/v1/slow").await;
    assert_eq!((status, body["error"]["code"].as_str()), (504, Some("timed_out")));
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let stage = Stage::new().await;
    let url = format!("{}/api/v1/rare", stage.url);
    for _ in 0..2 {
        assert_eq!(stage.get("/api/v1/rare").await.0, 200);
    }
    let answer = stage.http.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, body) = read(answer).await;
    assert_eq!((status, body["error"]["code"].as_str()), (429, Some("rate_limited")));
    assert_eq!(stage.get("/api/v1/materials").await.0, 200);
}
