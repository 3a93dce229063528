//! The KMS client against answers as KMS gives them.
#![expect(clippy::unwrap_used, reason = "test code says what went wrong by panicking")]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealing::{DataKey, KeyError, KmsKey, LocalKeys, MasterKey, Sealer, WrappedKey};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const ARN: &str = "arn:aws:kms:ap-south-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn aws(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("ap-south-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build()
}

/// "Encrypts" by writing the context before the plaintext, and refuses another context, as KMS does.
async fn kms() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(header("x-amz-target", "TrentService.Encrypt"))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let sealed =
                format!("{}|{}", body["EncryptionContext"]["data_key"].as_str().unwrap(), body["Plaintext"].as_str().unwrap());
            ResponseTemplate::new(200).set_body_json(json!({"CiphertextBlob": STANDARD.encode(sealed), "KeyId": ARN}))
        })
        .mount(&server)
        .await;
    Mock::given(header("x-amz-target", "TrentService.Decrypt"))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let sealed = String::from_utf8(STANDARD.decode(body["CiphertextBlob"].as_str().unwrap()).unwrap()).unwrap();
            let (context, plaintext) = sealed.split_once('|').unwrap();
            if body["EncryptionContext"]["data_key"] == context && body["KeyId"] == ARN {
                ResponseTemplate::new(200).set_body_json(json!({"Plaintext": plaintext, "KeyId": ARN}))
            } else {
                ResponseTemplate::new(400).set_body_json(json!({"__type": "InvalidCiphertextException"}))
            }
        })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_data_key_wrapped_by_kms_opens_what_it_sealed_after_a_restart() {
    let server = kms().await;
    let master = KmsKey::new(&aws(&server.uri()), "alias/realserv-fields");
    let key = DataKey::new(Uuid::from_u128(1)).unwrap();
    let wrapped = master.wrap(&key).await.unwrap();
    assert_eq!(wrapped.master_key_id, format!("kms:{ARN}"));
    let sealed = Sealer::new(std::slice::from_ref(&key), key.id, &[1; 32]).unwrap().seal("p", "AABCU9603R").unwrap();
    let again = KmsKey::new(&aws(&server.uri()), "alias/realserv-fields").unwrap(&wrapped).await.unwrap();
    let sealer = Sealer::new(&[again], key.id, &[1; 32]).unwrap();
    assert_eq!(sealer.open("p", &sealed).unwrap(), "AABCU9603R");
    let renamed = WrappedKey { id: Uuid::from_u128(2), ..wrapped };
    assert!(matches!(master.unwrap(&renamed).await, Err(KeyError::Broken(_))));
}

#[tokio::test]
async fn kms_being_away_is_not_kms_saying_no() {
    let server = MockServer::start().await;
    for (status, code, passes) in [
        (500, "KMSInternalException", true),
        (400, "ThrottlingException", true),
        (400, "DisabledException", false),
        (400, "AccessDeniedException", false),
    ] {
        server.reset().await;
        let answer = ResponseTemplate::new(status).set_body_json(json!({"__type": code, "message": "no"}));
        Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
        let key = DataKey::new(Uuid::from_u128(1)).unwrap();
        let error = KmsKey::new(&aws(&server.uri()), ARN).wrap(&key).await.unwrap_err();
        assert_eq!(matches!(error, KeyError::Unavailable(_)), passes, "{code}: {error}");
    }
}

#[tokio::test]
async fn a_local_key_does_the_same_without_a_network() {
    let keys = LocalKeys::parse(&format!("a:{}", STANDARD.encode([3; 32]))).unwrap();
    let wrapped = keys.wrap(&DataKey::new(Uuid::from_u128(1)).unwrap()).await.unwrap();
    assert_eq!(keys.unwrap(&wrapped).await.unwrap().id, Uuid::from_u128(1));
}
