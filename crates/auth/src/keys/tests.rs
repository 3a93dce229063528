use std::time::Duration;

use futures::future::join_all;
use wiremock::{MockServer, ResponseTemplate};

use super::*;
use crate::testing::{SigningKey, T0, TestClock, answer, fetches, http, publish};

struct Fixture {
    server: MockServer,
    clock: Arc<TestClock>,
    source: KeySource,
}

async fn fixture(keys: &[&SigningKey], max_age: i64) -> Fixture {
    let server = MockServer::start().await;
    publish(&server, keys, max_age).await;
    let clock = TestClock::at(T0);
    let source = KeySource::new(http(), server.uri(), clock.clone());
    Fixture { server, clock, source }
}

async fn outcome(source: &KeySource, kid: &str) -> Result<(), TokenError> {
    source.key(kid).await.map(drop)
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_their_max_age() {
    let a = SigningKey::new("a");
    let Fixture { server, clock, source } = fixture(&[&a], 300).await;
    assert!(!source.is_loaded());
    for _ in 0..5 {
        assert_eq!(outcome(&source, "a").await, Ok(()));
    }
    clock.forward(299);
    assert_eq!(outcome(&source, "a").await, Ok(()));
    assert_eq!(fetches(&server).await, 1);
    clock.forward(1);
    assert_eq!(outcome(&source, "a").await, Ok(()));
    assert_eq!(fetches(&server).await, 2);
}

#[tokio::test]
async fn a_rotated_key_is_found_at_once_and_the_withdrawn_one_is_gone() {
    let (a, b) = (SigningKey::new("a"), SigningKey::new("b"));
    let Fixture { server, source, .. } = fixture(&[&a], 3600).await;
    assert_eq!(outcome(&source, "a").await, Ok(()));
    publish(&server, &[&b], 3600).await;
    assert_eq!(outcome(&source, "b").await, Ok(()));
    assert_eq!(outcome(&source, "a").await, Err(TokenError::UnknownKey));
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn unknown_keys_cause_at_most_one_refresh_in_60_seconds() {
    let a = SigningKey::new("a");
    let Fixture { server, clock, source } = fixture(&[&a], 3600).await;
    assert!(source.warm().await);
    for round in 1..=3 {
        for kid in ["x", "y", "z"] {
            assert_eq!(outcome(&source, kid).await, Err(TokenError::UnknownKey));
        }
        clock.forward(59);
        assert_eq!(outcome(&source, "x").await, Err(TokenError::UnknownKey));
        assert_eq!(outcome(&source, "a").await, Ok(()));
        assert_eq!(fetches(&server).await, 1 + round, "one to warm, one a round");
        clock.forward(1);
    }
}

#[tokio::test]
async fn a_first_token_with_an_unknown_key_fetches_only_once() {
    let a = SigningKey::new("a");
    let Fixture { server, source, .. } = fixture(&[&a], 3600).await;
    for kid in ["x", "y"] {
        assert_eq!(outcome(&source, kid).await, Err(TokenError::UnknownKey));
    }
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn a_failed_refresh_keeps_the_old_keys_and_is_not_repeated_within_60_seconds() {
    let a = SigningKey::new("a");
    let Fixture { server, clock, source } = fixture(&[&a], 300).await;
    assert_eq!(outcome(&source, "a").await, Ok(()));
    for broken in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_string(r#"{"keys":[]}"#),
        ResponseTemplate::new(200).set_body_string("x".repeat(MAX_DOCUMENT_BYTES + 1)),
    ] {
        answer(&server, broken).await;
        clock.forward(300);
        for _ in 0..3 {
            assert_eq!(outcome(&source, "a").await, Ok(()));
            assert_eq!(outcome(&source, "new").await, Err(TokenError::KeysUnavailable));
        }
        assert_eq!(fetches(&server).await, 1);
    }
    publish(&server, &[&a], 300).await;
    assert_eq!(outcome(&source, "new").await, Err(TokenError::KeysUnavailable), "too soon to try again");
    clock.forward(60);
    assert_eq!(outcome(&source, "new").await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn without_any_keys_the_answer_is_unavailable_and_tried_again_after_60_seconds() {
    let a = SigningKey::new("a");
    let Fixture { server, clock, source } = fixture(&[&a], 300).await;
    answer(&server, ResponseTemplate::new(500)).await;
    assert!(!source.warm().await);
    assert_eq!(outcome(&source, "a").await, Err(TokenError::KeysUnavailable));
    assert_eq!(fetches(&server).await, 1);
    publish(&server, &[&a], 300).await;
    clock.forward(60);
    assert_eq!(outcome(&source, "a").await, Ok(()));
}

#[tokio::test]
async fn many_at_once_share_one_fetch_and_none_holds_up_those_with_a_known_key() {
    let a = SigningKey::new("a");
    let Fixture { server, source, .. } = fixture(&[&a], 3600).await;
    assert!(join_all((0..50).map(|_| source.key("a"))).await.iter().all(Result::is_ok));
    assert_eq!(fetches(&server).await, 1);

    answer(&server, ResponseTemplate::new(500).set_delay(Duration::from_secs(2))).await;
    let others = source.clone();
    let waiting = tokio::spawn(async move { join_all((0..50).map(|_| others.key("x"))).await });
    while fetches(&server).await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(outcome(&source, "a").await, Ok(()));
    assert!(!waiting.is_finished(), "a known key did not wait for the fetch under way");
    assert!(waiting.await.unwrap().iter().all(Result::is_err));
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_the_fetch_with_it() {
    let a = SigningKey::new("a");
    let Fixture { server, source, .. } = fixture(&[&a], 3600).await;
    {
        let mut first = std::pin::pin!(source.key("a"));
        assert!(futures::poll!(first.as_mut()).is_pending());
    }
    assert_eq!(outcome(&source, "a").await, Ok(()));
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn a_clock_set_back_does_not_stop_the_refreshing() {
    let (a, b) = (SigningKey::new("a"), SigningKey::new("b"));
    let Fixture { server, clock, source } = fixture(&[&a], 3600).await;
    clock.forward(7200);
    assert_eq!(outcome(&source, "x").await, Err(TokenError::UnknownKey));
    publish(&server, &[&b], 3600).await;
    clock.set(T0);
    assert_eq!(outcome(&source, "b").await, Ok(()));
}

#[test]
fn max_age_is_read_from_the_headers_less_the_age_in_caches() {
    let cases = [
        ("public, max-age=19302, must-revalidate, no-transform", None, 19302),
        ("Max-Age=\"60\"", None, 60),
        ("public, max-age=600", Some("100"), 500),
        ("max-age=60", Some("100"), 0),
        ("max-age=600, no-store", None, 0),
        ("s-maxage=600", None, 0),
        ("max-age=soon", None, 0),
        ("max-age=99999999999", None, MAX_AGE_LIMIT),
    ];
    for (control, age, expected) in cases {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, control.parse().unwrap());
        if let Some(age) = age {
            headers.insert(AGE, age.parse().unwrap());
        }
        assert_eq!(max_age(&headers), TimeDelta::seconds(expected), "{control} {age:?}");
    }
    assert_eq!(max_age(&HeaderMap::new()), TimeDelta::zero());
}

#[test]
fn only_rsa_signing_keys_of_the_document_are_taken() {
    let body = serde_json::json!({"keys": [
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "rs512", "alg": "RS512", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "good", "n": "AQAB", "e": "AQAB"},
    ]});
    let keys = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["good"]);
}
