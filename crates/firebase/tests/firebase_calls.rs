//! The client against answers Firebase gives, and against some it should not.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::Clock;
use firebase::{AccountChange, AccountError, Firebase, FirebaseCode, FirebaseError, FirebaseSettings, ServiceAccountSettings};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use outbound::{HttpSettings, http_client};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, method, path, query_param},
};

#[derive(Debug)]
struct Hand(Mutex<DateTime<Utc>>);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Setup {
    server: MockServer,
    firebase: Firebase,
    clock: Arc<Hand>,
}

/// A key made once, and its public half.
fn key() -> &'static (String, Vec<u8>) {
    static KEY: OnceLock<(String, Vec<u8>)> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        (pem, pair.public_key().as_ref().to_vec())
    })
}

fn account_json() -> SecretString {
    json!({"client_email": "bot@demo-realserv.iam.gserviceaccount.com", "private_key": key().0,
        "project_id": "demo-realserv"})
    .to_string()
    .into()
}

fn settings(base: &str) -> FirebaseSettings {
    FirebaseSettings {
        project_id: "demo-realserv".into(),
        api_key: "web-key".into(),
        identity_url: format!("{base}/identity"),
        token_url: format!("{base}/secure"),
        emulator_host: None,
        timeout: Duration::from_millis(300),
        account: ServiceAccountSettings {
            oauth_url: format!("{base}/oauth"),
            service_account: Some(account_json()),
            oauth_timeout: Duration::from_millis(500),
        },
    }
}

async fn setup() -> Setup {
    let server = MockServer::start().await;
    let clock = Arc::new(Hand(Mutex::new(DateTime::from_timestamp(1_767_225_600, 0).unwrap())));
    let http = http_client(HttpSettings::default()).unwrap();
    let firebase = Firebase::new(&settings(&server.uri()), http, clock.clone()).unwrap();
    Setup { server, firebase, clock }
}

async fn gives_access_tokens(server: &MockServer, expected: u64) {
    Mock::given(method("POST"))
        .and(path("/oauth/token"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": "ya29.x", "expires_in": 3600, "token_type": "Bearer"})),
        )
        .expect(expected)
        .mount(server)
        .await;
}

fn refusal(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": {"code": status, "message": message,
        "errors": [{"message": message, "domain": "global", "reason": "invalid"}]}}))
}

fn phone() -> domain::Phone {
    "9876543210".parse().unwrap()
}

#[tokio::test]
async fn a_phone_sign_in_goes_from_session_to_tokens() {
    let Setup { server, firebase, .. } = setup().await;
    Mock::given(path("/identity/v1/accounts:sendVerificationCode"))
        .and(query_param("key", "web-key"))
        .and(body_json(json!({"phoneNumber": "+919876543210", "recaptchaToken": "stand-in"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"sessionInfo": "s1"})))
        .mount(&server)
        .await;
    Mock::given(path("/identity/v1/accounts:signInWithPhoneNumber"))
        .and(body_json(json!({"sessionInfo": "s1", "code": "123456"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"idToken": "id", "refreshToken": "re",
            "expiresIn": "3600", "localId": "uid-1", "isNewUser": true, "phoneNumber": "+919876543210"})))
        .mount(&server)
        .await;
    let session = firebase.send_verification_code(&phone(), None).await.unwrap();
    let signed_in = firebase.sign_in_with_phone(session.expose_secret(), "123456").await.unwrap();
    assert_eq!(signed_in.uid.as_deref(), Some("uid-1"));
    assert_eq!(signed_in.expires_in, Duration::from_secs(3600));
    assert!(signed_in.is_new_user);
    assert!(!format!("{signed_in:?}").contains("\"re\""), "tokens stay out of logs");
}

#[tokio::test]
async fn refusals_are_read_with_and_without_a_detail() {
    let cases = [
        (400, "INVALID_CODE", FirebaseCode::InvalidCode, None),
        (400, "INVALID_PHONE_NUMBER : Too short.", FirebaseCode::InvalidPhoneNumber, Some("Too short.")),
        (400, "TOO_MANY_ATTEMPTS_TRY_LATER : wait", FirebaseCode::TooManyAttempts, Some("wait")),
        (400, "SESSION_EXPIRED", FirebaseCode::SessionExpired, None),
        (400, "SOMETHING_NEW", FirebaseCode::Other("SOMETHING_NEW".into()), None),
        (403, "The request is missing a valid API key.", FirebaseCode::Unauthorized, None),
    ];
    for (status, message, code, detail) in cases {
        let Setup { server, firebase, .. } = setup().await;
        Mock::given(any()).respond_with(refusal(status, message)).mount(&server).await;
        let error = firebase.sign_in_with_phone("s", "1").await.unwrap_err();
        let expected = FirebaseError::Refused { code, detail: detail.map(str::to_owned) };
        assert_eq!(error, expected, "{message}");
    }
}

#[tokio::test]
async fn a_phone_of_somebody_else_is_a_refusal_though_the_status_is_200() {
    let Setup { server, firebase, .. } = setup().await;
    let proof = json!({"temporaryProof": "p", "temporaryProofExpiresIn": "3600", "phoneNumber": "+919876543210"});
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(proof)).mount(&server).await;
    let error = firebase.sign_in_with_phone("s", "1").await.unwrap_err();
    assert_eq!(error.code(), Some(&FirebaseCode::PhoneNumberExists));
}

#[tokio::test]
async fn a_code_is_not_tried_twice_when_no_answer_comes() {
    let Setup { server, firebase, .. } = setup().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let error = firebase.sign_in_with_phone("s", "1").await.unwrap_err();
    assert!(matches!(error, FirebaseError::Unknown { .. }), "{error:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_access_token_serves_many_until_it_nears_its_end() {
    let Setup { server, firebase, clock } = setup().await;
    gives_access_tokens(&server, 2).await;
    Mock::given(path("/identity/v1/projects/demo-realserv/accounts:lookup"))
        .and(header("authorization", "Bearer ya29.x"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"kind": "identitytoolkit#GetAccountInfoResponse"})))
        .mount(&server)
        .await;
    let by_phone = phone();
    let (a, b, c) = tokio::join!(firebase.find_by_uid("u1"), firebase.find_by_uid("u2"), firebase.find_by_phone(&by_phone));
    assert_eq!((a, b, c), (Ok(None), Ok(None), Ok(None)));
    *clock.0.lock().unwrap() += chrono::Duration::minutes(56);
    firebase.find_by_uid("u1").await.unwrap();
}

#[tokio::test]
async fn a_refused_access_token_is_replaced_once() {
    let Setup { server, firebase, .. } = setup().await;
    gives_access_tokens(&server, 2).await;
    Mock::given(path("/identity/v1/projects/demo-realserv/accounts:delete"))
        .respond_with(ResponseTemplate::new(401))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/identity/v1/projects/demo-realserv/accounts:delete"))
        .respond_with(refusal(400, "USER_NOT_FOUND"))
        .mount(&server)
        .await;
    firebase.delete("gone").await.unwrap();
}

#[tokio::test]
async fn an_account_is_read_with_its_claims_and_times() {
    let Setup { server, firebase, .. } = setup().await;
    gives_access_tokens(&server, 1).await;
    Mock::given(path("/identity/v1/projects/demo-realserv/accounts:lookup"))
        .and(body_json(json!({"localId": ["uid-1"]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"users": [{"localId": "uid-1",
            "phoneNumber": "+919876543210", "customAttributes": "{\"user_type\":\"buyer\"}",
            "validSince": "1767225600", "createdAt": "1767225600123", "disabled": true}]})))
        .mount(&server)
        .await;
    let account = firebase.find_by_uid("uid-1").await.unwrap().unwrap();
    assert_eq!(account.claims["user_type"], json!("buyer"));
    assert!(account.disabled);
    assert_eq!(account.valid_since.unwrap().timestamp(), 1_767_225_600);
    assert_eq!(account.created_at.unwrap().timestamp_millis(), 1_767_225_600_123);
}

#[tokio::test]
async fn a_change_names_only_what_changes_and_is_repeated_when_lost() {
    let Setup { server, firebase, clock } = setup().await;
    gives_access_tokens(&server, 1).await;
    let update = "/identity/v1/projects/demo-realserv/accounts:update";
    Mock::given(path(update)).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(path(update))
        .and(body_json(json!({"localId": "uid-1", "customAttributes": "{\"status\":\"suspended\"}",
            "validSince": "1767225600", "disableUser": true})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"localId": "uid-1"})))
        .expect(1)
        .mount(&server)
        .await;
    let change = AccountChange {
        claims: json!({"status": "suspended"}).as_object().cloned(),
        disabled: Some(true),
        valid_since: Some(clock.now()),
        ..AccountChange::default()
    };
    firebase.update("uid-1", &change).await.unwrap();
}

#[tokio::test]
async fn a_refresh_yields_the_next_tokens_and_a_revoked_one_is_refused() {
    let Setup { server, firebase, .. } = setup().await;
    Mock::given(path("/secure/v1/token"))
        .and(query_param("key", "web-key"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "id2", "expires_in": "3600",
            "token_type": "Bearer", "refresh_token": "re2", "id_token": "id2", "user_id": "uid-1",
            "project_id": "1"})))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/secure/v1/token")).respond_with(refusal(400, "TOKEN_EXPIRED")).mount(&server).await;
    let token = SecretString::from("re1");
    assert_eq!(firebase.refresh(&token).await.unwrap().uid, "uid-1");
    let error = firebase.refresh(&token).await.unwrap_err();
    assert_eq!(error.code(), Some(&FirebaseCode::TokenExpired));
}

#[tokio::test]
async fn a_custom_token_is_signed_by_our_account_for_an_hour() {
    let Setup { firebase, .. } = setup().await;
    let claims = json!({"channel": "whatsapp"}).as_object().cloned().unwrap();
    let token = firebase.mint_custom_token("uid-1", &claims).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"]);
    let public = DecodingKey::from_rsa_der(&key().1);
    let decoded = decode::<Value>(token.expose_secret(), &public, &validation).unwrap();
    assert_eq!(decoded.claims["uid"], json!("uid-1"));
    assert_eq!(decoded.claims["iss"], decoded.claims["sub"]);
    assert_eq!(decoded.claims["claims"]["channel"], json!("whatsapp"));
    assert_eq!(decoded.claims["exp"], json!(1_767_225_600 + 3600));
    let reserved = json!({"user_id": "x"}).as_object().cloned().unwrap();
    assert!(matches!(firebase.mint_custom_token("uid-1", &reserved), Err(AccountError::ReservedClaim(_))));
    assert!(matches!(firebase.mint_custom_token("", &Map::new()), Err(AccountError::Uid)));
}

#[tokio::test]
async fn with_the_emulator_everything_goes_to_it_as_the_owner() {
    let server = MockServer::start().await;
    Mock::given(path("/identitytoolkit.googleapis.com/v1/projects/demo-realserv/accounts:lookup"))
        .and(header("authorization", "Bearer owner"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .expect(1)
        .mount(&server)
        .await;
    let mut settings = settings("http://127.0.0.1:1");
    settings.emulator_host = Some(server.address().to_string());
    settings.account.service_account = None;
    let clock = Arc::new(domain::SystemClock);
    let http = http_client(HttpSettings::default()).unwrap();
    let firebase = Firebase::new(&settings, http, clock).unwrap();
    assert!(!firebase.is_real());
    assert_eq!(firebase.find_by_uid("u").await, Ok(None));
    let token = firebase.mint_custom_token("u", &Map::new()).unwrap();
    assert!(token.expose_secret().ends_with('.'));
}

#[tokio::test]
async fn its_work_can_be_spawned() {
    fn spawnable<T: Send>(_work: &T) {}
    let Setup { firebase, .. } = setup().await;
    spawnable(&firebase.find_by_uid("u"));
    spawnable(&firebase.update("u", &AccountChange::default()));
    spawnable(&firebase.sign_in_with_custom_token(&SecretString::from("t")));
}
