use domain::{ActorKind, Channel, SystemIds, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::testing::{SigningKey, T0, TestClock, part, phone_claims};
use crate::{TokenKind, token_kind};

struct Fleet {
    clock: Arc<TestClock>,
    pairs: HashMap<ServiceName, ServiceKeyPair>,
}

impl Fleet {
    fn new(services: &[ServiceName]) -> Self {
        let pairs = services.iter().map(|name| (*name, ServiceKeyPair::generate().unwrap())).collect();
        Self { clock: TestClock::at(T0), pairs }
    }

    fn public_keys(&self) -> String {
        let keys: HashMap<_, _> = self.pairs.iter().map(|(name, pair)| (*name, &pair.public_key)).collect();
        serde_json::to_string(&keys).unwrap()
    }

    fn service(&self, service: ServiceName) -> ServiceTokens {
        self.service_with(service, &self.pairs[&service], self.public_keys()).unwrap()
    }

    fn service_with(
        &self,
        service: ServiceName,
        pair: &ServiceKeyPair,
        public_keys: String,
    ) -> Result<ServiceTokens, SettingsError> {
        let settings = ServiceTokenSettings { service, private_key: pair.private_key.clone(), public_keys };
        ServiceTokens::new(&settings, self.clock.clone(), Arc::new(SystemIds))
    }
}

use ServiceName::{Catalog, Order, Payment, VendorManagement};

fn forged(pair: &ServiceKeyPair, claims: &Value) -> String {
    let der = STANDARD.decode(pair.private_key.expose_secret()).unwrap();
    encode(&Header::new(Algorithm::EdDSA), claims, &EncodingKey::from_ed_der(&der)).unwrap()
}

fn claims() -> Value {
    json!({"iss": "order", "aud": "payment", "iat": T0, "exp": T0 + 60, "jti": "1"})
}

#[test]
fn the_callee_learns_who_calls_and_for_whom() {
    let fleet = Fleet::new(&[Order, VendorManagement]);
    let buyer = Actor::person(ActorKind::Buyer, UserId::new(Uuid::from_u128(1)), Channel::Mobile);
    for on_behalf_of in [None, Some(buyer)] {
        let token = fleet.service(Order).mint(VendorManagement, on_behalf_of.as_ref()).unwrap();
        let caller = fleet.service(VendorManagement).verify(&token).unwrap();
        assert_eq!(caller, ServiceCaller { service: Order, on_behalf_of });
    }
}

#[test]
fn a_token_lasts_60_seconds_by_the_injected_clock() {
    let fleet = Fleet::new(&[Order, Payment]);
    let (token, payment) = (fleet.service(Order).mint(Payment, None).unwrap(), fleet.service(Payment));
    fleet.clock.set(T0 + 59);
    assert!(payment.verify(&token).is_ok());
    fleet.clock.set(T0 + 60);
    assert_eq!(payment.verify(&token), Err(TokenError::Expired));
    fleet.clock.set(T0 - 60);
    assert!(payment.verify(&token).is_ok(), "the caller's clock may be a little ahead");
    fleet.clock.set(T0 - 61);
    assert_eq!(payment.verify(&token), Err(TokenError::IssuedInFuture));
}

#[test]
fn a_token_for_another_service_is_refused() {
    let fleet = Fleet::new(&[Order, Payment, Catalog]);
    let token = fleet.service(Order).mint(Catalog, None).unwrap();
    assert_eq!(fleet.service(Payment).verify(&token), Err(TokenError::WrongAudience));
}

#[test]
fn a_service_cannot_pass_for_another() {
    let fleet = Fleet::new(&[Order, Payment, Catalog]);
    let stolen = forged(&fleet.pairs[&Catalog], &claims());
    assert_eq!(fleet.service(Payment).verify(&stolen), Err(TokenError::BadSignature));
    let honest = forged(&fleet.pairs[&Order], &claims());
    assert!(fleet.service(Payment).verify(&honest).is_ok());
}

#[test]
fn every_other_flaw_is_refused_by_name() {
    let fleet = Fleet::new(&[Order, Payment]);
    let payment = fleet.service(Payment);
    let cases = [
        ("iss", json!("stranger"), TokenError::WrongIssuer),
        ("iss", json!("catalog"), TokenError::WrongIssuer),
        ("exp", json!(T0 + 61), TokenError::BadClaim("exp")),
        ("act", json!({"kind": "king"}), TokenError::Malformed),
        ("iss", Value::Null, TokenError::MissingClaim("iss")),
        ("aud", Value::Null, TokenError::MissingClaim("aud")),
        ("iat", Value::Null, TokenError::MissingClaim("iat")),
        ("exp", Value::Null, TokenError::MissingClaim("exp")),
        ("jti", Value::Null, TokenError::MissingClaim("jti")),
    ];
    for (name, value, refusal) in cases {
        let mut claims = claims();
        claims[name] = value.clone();
        let token = forged(&fleet.pairs[&Order], &claims);
        assert_eq!(payment.verify(&token), Err(refusal), "{name} = {value}");
    }
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims()));
    assert_eq!(payment.verify(&unsigned), Err(TokenError::Unsigned));
    assert_eq!(payment.verify("not.a.token"), Err(TokenError::Malformed));
    let persons = SigningKey::new("a").sign(&phone_claims());
    assert_eq!(payment.verify(&persons), Err(TokenError::WrongAlgorithm));
}

#[test]
fn a_token_without_a_person_is_reused_for_30_seconds_and_one_with_a_person_never() {
    let fleet = Fleet::new(&[Order, Payment, Catalog]);
    let order = fleet.service(Order);
    let first = order.mint(Payment, None).unwrap();
    fleet.clock.set(T0 + 29);
    assert_eq!(order.mint(Payment, None).unwrap(), first);
    assert_ne!(order.mint(Catalog, None).unwrap(), first);
    fleet.clock.set(T0 + 30);
    assert_ne!(order.mint(Payment, None).unwrap(), first);
    fleet.clock.set(T0 - 3600);
    let earlier = order.mint(Payment, None).unwrap();
    assert!(fleet.service(Payment).verify(&earlier).is_ok(), "a clock set back makes a new token");

    let admin = Actor::person(ActorKind::Admin, UserId::new(Uuid::from_u128(1)), Channel::Web);
    let mint = || order.mint(Payment, Some(&admin)).unwrap();
    assert_ne!(mint(), mint());
}

#[test]
fn settings_that_cannot_work_stop_the_start() {
    let fleet = Fleet::new(&[Order, Payment]);
    let own = &fleet.pairs[&Order];
    let start = |private_key: &str, public_keys: &str| {
        let pair = ServiceKeyPair { private_key: private_key.into(), public_key: String::new() };
        fleet.service_with(Order, &pair, public_keys.to_owned()).map(drop)
    };
    let secret = own.private_key.expose_secret();
    assert_eq!(start(secret, &fleet.public_keys()), Ok(()));
    assert_eq!(start("", &fleet.public_keys()), Err(SettingsError::Missing(PRIVATE_KEY)));
    assert_eq!(start(secret, " "), Err(SettingsError::Missing(PUBLIC_KEYS)));
    let others = fleet.pairs[&Payment].private_key.expose_secret();
    for (private_key, public_keys) in [
        ("%%%", fleet.public_keys()),
        ("AAAA", fleet.public_keys()),
        (others, fleet.public_keys()),
        (secret, "[]".to_owned()),
        (secret, r#"{"stranger":"AAAA"}"#.to_owned()),
        (secret, r#"{"order":"AAAA"}"#.to_owned()),
    ] {
        let refusal = start(private_key, &public_keys).unwrap_err();
        assert!(matches!(refusal, SettingsError::Unusable(..)), "{public_keys}");
        assert!(!refusal.to_string().contains(secret));
    }
}

#[test]
fn the_kind_of_a_token_is_told_by_its_header() {
    let fleet = Fleet::new(&[Order, Payment]);
    assert_eq!(token_kind(&fleet.service(Order).mint(Payment, None).unwrap()), TokenKind::Service);
    assert_eq!(token_kind(&SigningKey::new("a").sign(&phone_claims())), TokenKind::Firebase);
    let with_alg = |alg: &str| format!("{}.{}.", part(&json!({"alg": alg})), part(&json!({})));
    assert_eq!(token_kind(&with_alg("none")), TokenKind::Firebase);
    assert_eq!(token_kind(&with_alg("HS256")), TokenKind::Unknown);
    assert_eq!(token_kind("nonsense"), TokenKind::Unknown);
}
