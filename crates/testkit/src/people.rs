//! People and services with real tokens: RS256 ID tokens under a published key set, Ed25519 service tokens.

use std::sync::OnceLock;

use auth::{ServiceKeyPair, ServiceTokenSettings, ServiceTokens};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::{AdminRole, BuyerId, ServiceName, SharedClock, SharedIds, UserId, VendorId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const PROJECT: &str = "demo-realserv";
const KEY_ID: &str = "test-key";

struct Keys {
    signing: EncodingKey,
    jwks: Value,
    services: Vec<(ServiceName, ServiceKeyPair)>,
}

/// Made once for each test process: an RSA key takes a moment.
fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        auth::install_crypto();
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).expect("the key as DER");
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwks = json!({"keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID,
            "n": number(pair.public_key().modulus().big_endian_without_leading_zero()),
            "e": number(pair.public_key().exponent().big_endian_without_leading_zero()),
        }]});
        let services = ServiceName::ALL.iter().map(|name| (*name, ServiceKeyPair::generate().expect("an Ed25519 key"))).collect();
        Keys { signing: EncodingKey::from_rsa_pem(pem.as_bytes()).expect("the key as PEM"), jwks, services }
    })
}

/// Issues tokens by the test's clock.
#[derive(Debug, Clone)]
pub struct Identity {
    clock: SharedClock,
    ids: SharedIds,
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Person {
    /// Firebase's id.
    pub uid: String,
    /// Our user; also of people who are not registered, for whom it means nothing.
    pub user_id: UserId,
    /// The buyer, of a buyer.
    pub buyer_id: BuyerId,
    /// The vendor, of a vendor.
    pub vendor_id: VendorId,
    /// An ID token that counts now.
    pub token: String,
}

impl Identity {
    /// Tokens by this clock.
    #[must_use]
    pub fn new(clock: SharedClock, ids: SharedIds) -> Self {
        Self { clock, ids }
    }

    /// The key set that ID tokens verify against.
    #[must_use]
    pub fn jwks() -> Value {
        keys().jwks.clone()
    }

    /// The project that ID tokens are for.
    #[must_use]
    pub const fn project() -> &'static str {
        PROJECT
    }

    /// A buyer.
    #[must_use]
    pub fn buyer(&self) -> Person {
        self.person(|p| json!({"user_type": "buyer", "buyer_id": p.buyer_id}))
    }

    /// A vendor.
    #[must_use]
    pub fn vendor(&self) -> Person {
        self.person(|p| json!({"user_type": "vendor", "vendor_id": p.vendor_id}))
    }

    /// Staff.
    #[must_use]
    pub fn admin(&self, role: AdminRole) -> Person {
        self.person(|_| json!({"user_type": "admin", "admin_role": role}))
    }

    /// Somebody signed in by phone and not registered.
    #[must_use]
    pub fn stranger(&self, phone: &str) -> Person {
        let mut person = self.person(|_| json!({}));
        person.token = self.token(&person.uid, &json!({ "phone_number": phone }));
        person
    }

    fn person(&self, more: impl Fn(&Person) -> Value) -> Person {
        let user_id: UserId = self.ids.next();
        let uid = format!("uid-{}", user_id.as_uuid().simple());
        let mut person = Person { uid, user_id, buyer_id: self.ids.next(), vendor_id: self.ids.next(), token: String::new() };
        let mut claims = json!({"app_user_id": user_id, "status": "active"});
        merge(&mut claims, &more(&person));
        person.token = self.token(&person.uid, &claims);
        person
    }

    /// An ID token with these claims besides the usual ones. Signed in one minute ago.
    #[must_use]
    pub fn token(&self, uid: &str, more: &Value) -> String {
        let now = self.clock.now();
        let signed_in = (now - TimeDelta::minutes(1)).timestamp();
        let mut claims = json!({
            "iss": format!("https://securetoken.google.com/{PROJECT}"), "aud": PROJECT, "sub": uid, "user_id": uid,
            "auth_time": signed_in, "iat": signed_in, "exp": (now + TimeDelta::hours(1)).timestamp(),
            "firebase": {"sign_in_provider": "phone", "identities": {}},
        });
        merge(&mut claims, more);
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, &claims, &keys().signing).expect("a token")
    }

    /// A token of one of our services for another.
    #[must_use]
    pub fn service_token(&self, caller: ServiceName, callee: ServiceName) -> String {
        let tokens = ServiceTokens::new(&Self::service_settings(caller), self.clock.clone(), self.ids.clone());
        tokens.expect("service token settings").mint(callee, None).expect("a service token")
    }

    /// What a service signs with, and everybody's public keys.
    #[must_use]
    pub fn service_settings(service: ServiceName) -> ServiceTokenSettings {
        let public: serde_json::Map<String, Value> =
            keys().services.iter().map(|(name, pair)| (name.to_string(), pair.public_key.clone().into())).collect();
        let own = keys().services.iter().find(|(name, _)| *name == service).expect("a key for every service");
        ServiceTokenSettings {
            service,
            private_key: own.1.private_key.expose_secret().to_owned().into(),
            public_keys: Value::from(public).to_string(),
        }
    }
}

fn merge(into: &mut Value, more: &Value) {
    if let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) {
        into.extend(more.clone());
    }
}
