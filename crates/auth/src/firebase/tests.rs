use std::sync::Arc;

use domain::{BuyerId, UserStatus, UserType};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{MockServer, ResponseTemplate};

use super::*;
use crate::testing::{PROJECT, SigningKey, T0, TestClock, answer, fetches, http, part, phone_claims, publish};

/// `contracts.md` section 10.4.
const EMULATOR_TOKEN: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJwaG9uZV9udW1iZXIiOiIrOTE5ODc2NTQzMjEwIiwiYXV0aF90aW1lIjoxNzY3MjI1NjAwLCJ1c2VyX2lkIjoidWlkLTAwMDEiLCJmaXJlYmFzZSI6eyJpZGVudGl0aWVzIjp7InBob25lIjpbIis5MTk4NzY1NDMyMTAiXX0sInNpZ25faW5fcHJvdmlkZXIiOiJwaG9uZSJ9LCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMCwiYXVkIjoiZGVtby1yZWFsc2VydiIsImlzcyI6Imh0dHBzOi8vc2VjdXJldG9rZW4uZ29vZ2xlLmNvbS9kZW1vLXJlYWxzZXJ2Iiwic3ViIjoidWlkLTAwMDEifQ.";

struct Fixture {
    server: MockServer,
    clock: Arc<TestClock>,
    key: SigningKey,
    verifier: FirebaseVerifier,
}

fn settings(emulator_host: Option<&str>) -> FirebaseSettings {
    FirebaseSettings { project_id: PROJECT.to_owned(), emulator_host: emulator_host.map(str::to_owned), production: false }
}

async fn fixture(emulator_host: Option<&str>) -> Fixture {
    let (server, key, clock) = (MockServer::start().await, SigningKey::new("a"), TestClock::at(T0 + 1));
    publish(&server, &[&key], 3600).await;
    let keys = KeySource::new(http(), server.uri(), clock.clone());
    let verifier = FirebaseVerifier::new(settings(emulator_host), keys, clock.clone()).unwrap();
    Fixture { server, clock, key, verifier }
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = phone_claims();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn a_token_of_a_phone_sign_in_is_accepted() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    let claims = verifier.verify(&key.sign(&phone_claims())).await.unwrap();
    assert_eq!(claims.uid, "uid-0001");
    assert_eq!(claims.phone.as_ref().unwrap().as_str(), "+919876543210");
    assert_eq!((claims.auth_time.timestamp(), claims.expires_at.timestamp()), (T0, T0 + 3600));
    assert_eq!((claims.app_user_id, claims.user_type, claims.status), (None, None, None));
    assert!(!format!("{claims:?}").contains("98765"), "no personal data in logs");
}

#[tokio::test]
async fn our_custom_claims_are_read_and_unreadable_ones_refused() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    let id = Uuid::from_u128(7);
    let mut token = phone_claims();
    token["app_user_id"] = json!(id);
    token["user_type"] = json!("buyer");
    token["buyer_id"] = json!(id);
    token["status"] = json!("active");
    let claims = verifier.verify(&key.sign(&token)).await.unwrap();
    assert_eq!((claims.user_type, claims.status), (Some(UserType::Buyer), Some(UserStatus::Active)));
    assert_eq!((claims.buyer_id, claims.vendor_id), (Some(BuyerId::new(id)), None));
    for name in ["app_user_id", "user_type", "buyer_id", "vendor_id", "admin_role", "status"] {
        let token = key.sign(&with(name, json!("nonsense")));
        assert_eq!(verifier.verify(&token).await, Err(TokenError::BadClaim(name)));
    }
}

#[tokio::test]
async fn an_email_counts_only_when_firebase_has_verified_it() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    for (verified, expected) in [(json!(true), Some("a@b.in".to_owned())), (json!(false), None), (Value::Null, None)] {
        let mut token = with("email", json!("a@b.in"));
        token["email_verified"] = verified;
        assert_eq!(verifier.verify(&key.sign(&token)).await.unwrap().email, expected);
    }
}

#[tokio::test]
async fn every_claim_that_is_wrong_is_refused_by_name() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    let long = "u".repeat(MAX_UID_CHARS + 1);
    let cases = [
        ("aud", json!("other-project"), TokenError::WrongAudience),
        ("aud", json!(CUSTOM_TOKEN_AUDIENCE), TokenError::CustomToken),
        ("aud", json!([PROJECT, "other-project"]), TokenError::Malformed),
        ("iss", json!("https://securetoken.google.com/other-project"), TokenError::WrongIssuer),
        ("iss", json!(format!("https://session.firebase.google.com/{PROJECT}")), TokenError::WrongIssuer),
        ("sub", json!(""), TokenError::BadClaim("sub")),
        ("sub", json!(" "), TokenError::BadClaim("sub")),
        ("sub", json!(long), TokenError::BadClaim("sub")),
        ("sub", json!(7), TokenError::Malformed),
        ("exp", json!(T0 + 1), TokenError::Expired),
        ("exp", json!("never"), TokenError::Malformed),
        ("iat", json!(T0 + 62), TokenError::IssuedInFuture),
        ("auth_time", json!(T0 + 62), TokenError::SignedInInFuture),
    ];
    for (name, value, refusal) in cases {
        let token = key.sign(&with(name, value.clone()));
        assert_eq!(verifier.verify(&token).await, Err(refusal), "{name} = {value}");
    }
    for name in ["aud", "iss", "sub", "exp", "iat", "auth_time"] {
        let token = key.sign(&with(name, Value::Null));
        assert_eq!(verifier.verify(&token).await, Err(TokenError::MissingClaim(name)));
    }
}

#[tokio::test]
async fn the_issuers_clock_may_be_60_seconds_ahead_and_no_more() {
    let Fixture { key, verifier, clock, .. } = fixture(None).await;
    let token = key.sign(&phone_claims());
    clock.set(T0 - 60);
    assert!(verifier.verify(&token).await.is_ok());
    clock.set(T0 - 61);
    assert_eq!(verifier.verify(&token).await, Err(TokenError::IssuedInFuture));
    clock.set(T0 + 3599);
    assert!(verifier.verify(&token).await.is_ok());
    clock.set(T0 + 3600);
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_refused() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    let forger = SigningKey::new("a");
    assert_eq!(verifier.verify(&forger.sign(&phone_claims())).await, Err(TokenError::BadSignature));

    let token = key.sign(&phone_claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let tampered = format!("{header}.{}.{signature}", part(&with("sub", json!("uid-0002"))));
    assert_eq!(verifier.verify(&tampered).await, Err(TokenError::BadSignature));
    assert_eq!(verifier.verify(&format!("{message}.")).await, Err(TokenError::BadSignature));
    assert_eq!(verifier.verify(&format!("{message}.!")).await, Err(TokenError::BadSignature));
}

#[tokio::test]
async fn only_rs256_with_a_known_key_will_do() {
    let Fixture { key, verifier, .. } = fixture(None).await;
    for alg in ["HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "NONE", "rs256"] {
        let token = key.sign_as(&json!({"alg": alg, "kid": "a"}), &phone_claims());
        assert_eq!(verifier.verify(&token).await, Err(TokenError::WrongAlgorithm), "{alg}");
    }
    for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": ""})] {
        let token = key.sign_as(&header, &phone_claims());
        assert_eq!(verifier.verify(&token).await, Err(TokenError::MissingKeyId));
    }
    let stranger = SigningKey::new("stranger");
    assert_eq!(verifier.verify(&stranger.sign(&phone_claims())).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn what_is_not_a_token_is_refused_without_fetching_keys() {
    let Fixture { server, key, verifier, .. } = fixture(None).await;
    let long = format!("{}{}", key.sign(&phone_claims()), "A".repeat(8 * 1024));
    for garbage in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "eyJhbGciOiJSUzI1NiJ9.e30=.x", long.as_str()] {
        assert_eq!(verifier.verify(garbage).await, Err(TokenError::Malformed), "{garbage:.20}");
    }
    assert_eq!(verifier.verify(&key.sign(&with("exp", json!(T0)))).await, Err(TokenError::Expired));
    assert_eq!(fetches(&server).await, 0);
}

#[tokio::test]
async fn a_key_server_that_is_down_is_not_the_callers_fault() {
    let Fixture { server, key, verifier, .. } = fixture(None).await;
    answer(&server, ResponseTemplate::new(500)).await;
    let refusal = verifier.verify(&key.sign(&phone_claims())).await.unwrap_err();
    assert_eq!(refusal, TokenError::KeysUnavailable);
    assert!(refusal.is_unavailable() && !TokenError::UnknownKey.is_unavailable());
}

#[tokio::test]
async fn an_emulator_token_is_refused_while_emulator_mode_is_off() {
    for host in [None, Some(""), Some(" ")] {
        let Fixture { verifier, .. } = fixture(host).await;
        assert_eq!(verifier.verify(EMULATOR_TOKEN).await, Err(TokenError::Unsigned));
    }
}

#[tokio::test]
async fn an_emulator_token_is_accepted_in_emulator_mode_until_it_expires() {
    let Fixture { verifier, clock, .. } = fixture(Some("127.0.0.1:9099")).await;
    clock.set(1_767_225_601);
    assert_eq!(verifier.verify(EMULATOR_TOKEN).await.unwrap().uid, "uid-0001");
    clock.set(1_767_229_201);
    assert_eq!(verifier.verify(EMULATOR_TOKEN).await, Err(TokenError::Expired));
}

#[tokio::test]
async fn emulator_mode_still_checks_content_and_real_signatures() {
    let Fixture { key, verifier, .. } = fixture(Some("127.0.0.1:9099")).await;
    let unsigned = |claims: &Value| format!("{}.{}.", part(&json!({"alg": "none"})), part(claims));
    assert!(verifier.verify(&unsigned(&phone_claims())).await.is_ok());
    let elsewhere = unsigned(&with("aud", json!("other-project")));
    assert_eq!(verifier.verify(&elsewhere).await, Err(TokenError::WrongAudience));
    let odd = format!("{}AAAA", unsigned(&phone_claims()));
    assert_eq!(verifier.verify(&odd).await, Err(TokenError::Malformed));
    assert!(verifier.verify(&key.sign(&phone_claims())).await.is_ok());
    let forger = SigningKey::new("a");
    assert_eq!(verifier.verify(&forger.sign(&phone_claims())).await, Err(TokenError::BadSignature));
}

#[test]
fn production_refuses_to_start_in_emulator_mode() {
    let start = |settings| {
        let clock = TestClock::at(T0);
        FirebaseVerifier::new(settings, KeySource::new(http(), "http://127.0.0.1:9/", clock.clone()), clock).map(drop)
    };
    let production = |host| FirebaseSettings { production: true, ..settings(host) };
    let refusal = start(production(Some("127.0.0.1:9099"))).unwrap_err();
    assert_eq!(refusal, SettingsError::EmulatorInProduction);
    assert!(refusal.to_string().contains("FIREBASE_AUTH_EMULATOR_HOST"));
    assert_eq!(start(production(None)), Ok(()));
    assert_eq!(start(settings(Some("127.0.0.1:9099"))), Ok(()));
    let nameless = FirebaseSettings { project_id: " ".to_owned(), ..settings(None) };
    assert_eq!(start(nameless), Err(SettingsError::Missing("FIREBASE_PROJECT_ID")));
}
