//! Sizes, origins, caches.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{Running, assert_refused};

const MEGABYTE: usize = 1024 * 1024;

/// Sends bytes as they are and reads what comes back, until it ends.
async fn raw(service: &Running, request: Vec<u8>) -> String {
    let address = service.address;
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
        // The service may stop reading before the end.
        let _ = stream.write_all(&request);
        let (mut answer, mut part) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut part) {
            answer.extend_from_slice(&part[..read]);
        }
        String::from_utf8(answer).unwrap()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_a_byte_of_it_comes() {
    let service = Running::start().await;
    for (path, length) in [("/api/v1/parcels", MEGABYTE + 1), ("/large", 3 * MEGABYTE + 1), ("/form", MEGABYTE + 1)] {
        let content_type = if path == "/form" { "multipart/form-data; boundary=x" } else { "application/json" };
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
        let answer = raw(&service, head.into_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(answer.contains(r#""code":"too_large""#) && answer.contains("x-correlation-id: "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_say_how_long_it_is_gets_cut_off_at_the_limit() {
    let service = Running::start().await;
    let mut request =
        b"POST /api/v1/parcels HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    let chunk = [format!("{:x}\r\n", 64 * 1024).into_bytes(), vec![b' '; 64 * 1024], b"\r\n".to_vec()].concat();
    // A little over the limit and never the end.
    for _ in 0..17 {
        request.extend_from_slice(&chunk);
    }
    let answer = raw(&service, request).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains(r#""code":"too_large""#), "{answer}");
}

#[tokio::test]
async fn a_route_may_take_more_than_the_others() {
    let service = Running::start().await;
    let answer = service.ask(service.http.post(service.url("/large")).body(vec![b'x'; 2 * MEGABYTE])).await;
    assert_eq!(answer.data(200), &json!(2 * MEGABYTE));
    let exact = service.ask(service.http.post(service.url("/large")).body(vec![b'x'; 3 * MEGABYTE])).await;
    assert_eq!(exact.status, 200, "the limit itself is allowed");
    let form = reqwest::multipart::Form::new().text("note", "hello");
    assert_eq!(service.ask(service.http.post(service.url("/form")).multipart(form)).await.data(200), &json!(5));
    let no_form = service.send("POST", "/form", &[("content-type", "application/json")], "{}").await;
    assert_refused(&no_form, 415, "unsupported_media_type");
    let torn = service.send("POST", "/form", &[("content-type", "multipart/form-data; boundary=x")], "--x\r\nhalf").await;
    assert_refused(&torn, 400, "unreadable_body");
}

#[tokio::test]
async fn nothing_is_cached_but_what_a_handler_says_may_be() {
    let service = Running::start().await;
    assert_eq!(service.get("/context", None).await.headers["cache-control"], "no-store");
    assert_eq!(service.get("/cached", None).await.headers["cache-control"], "public, max-age=60");
}

async fn preflight(service: &Running, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,idempotency-key"),
    ];
    service.send("OPTIONS", "/api/v1/parcels", &headers, "").await
}

#[tokio::test]
async fn browsers_may_call_only_from_the_origins_that_are_configured() {
    let closed = Running::start().await;
    assert!(!preflight(&closed, "https://app.realserv.in").await.headers.contains_key("access-control-allow-origin"));
    let open =
        Running::with(|config| config.cors_allowed_origins = vec!["https://app.realserv.in".to_owned(), String::new()]).await;
    let ours = preflight(&open, "https://app.realserv.in").await;
    assert_eq!(ours.headers["access-control-allow-origin"], "https://app.realserv.in");
    assert!(ours.headers["access-control-allow-headers"].to_str().unwrap().contains("idempotency-key"));
    assert!(!preflight(&open, "https://evil.example").await.headers.contains_key("access-control-allow-origin"));
    let refused = open.send("GET", "/nowhere", &[("origin", "https://app.realserv.in")], "").await;
    assert_eq!(refused.headers["access-control-allow-origin"], "https://app.realserv.in", "a page may read why it was refused");
}

#[tokio::test]
async fn the_address_is_the_one_the_gateway_wrote_and_no_other() {
    let service = Running::start().await;
    let from = async |header: &str| service.send("GET", "/from", &[(header, "9.9.9.9")], "").await.body["data"].clone();
    assert_eq!(from(context::CLIENT_ADDRESS_HEADER).await, Value::from("9.9.9.9"));
    assert_eq!(from("x-forwarded-for").await, Value::from("127.0.0.1"));
}
