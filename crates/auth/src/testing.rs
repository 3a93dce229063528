//! What the tests share: a clock that stands still, signing keys, and a place that publishes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::Clock;
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// 2026-01-01T00:00:00Z, the moment of the specification's vectors.
pub(crate) const T0: i64 = 1_767_225_600;
pub(crate) const PROJECT: &str = "demo-realserv";

#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds)))
    }

    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }
}

/// A key as Google would publish it.
pub(crate) struct SigningKey {
    pub(crate) kid: &'static str,
    pair: RsaKeyPair,
}

impl SigningKey {
    pub(crate) fn new(kid: &'static str) -> Self {
        Self { kid, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    pub(crate) fn published(&self) -> Value {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": n, "e": e})
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": "RS256", "typ": "JWT", "kid": self.kid}), claims)
    }

    pub(crate) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub(crate) fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// What a phone sign-in's token holds at [`T0`].
pub(crate) fn phone_claims() -> Value {
    json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"), "aud": PROJECT, "sub": "uid-0001", "user_id": "uid-0001",
        "iat": T0, "auth_time": T0, "exp": T0 + 3600, "phone_number": "+919876543210",
        "firebase": {"identities": {"phone": ["+919876543210"]}, "sign_in_provider": "phone"},
    })
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::ClientBuilder::default().build().unwrap()
}

/// Publishes exactly these keys from now on.
pub(crate) async fn publish(server: &MockServer, keys: &[&SigningKey], max_age: i64) {
    let body = json!({"keys": keys.iter().map(|key| key.published()).collect::<Vec<_>>()});
    let control = format!("public, max-age={max_age}, must-revalidate, no-transform");
    answer(server, ResponseTemplate::new(200).insert_header("cache-control", control.as_str()).set_body_json(body)).await;
}

/// Gives this answer from now on. Requests counted before are forgotten.
pub(crate) async fn answer(server: &MockServer, response: ResponseTemplate) {
    server.reset().await;
    Mock::given(method("GET")).respond_with(response).mount(server).await;
}

pub(crate) async fn fetches(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}
