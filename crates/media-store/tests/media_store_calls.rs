//! The bucket against answers S3 gives.

use std::{collections::HashMap, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::Credentials;
use bytes::Bytes;
use media_store::{Download, MediaStore, MediaStoreSettings, ObjectInfo, StoreError, Upload};
use outbound::OutboundError;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, method, path},
};

async fn aws(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("ap-south-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .load()
        .await
}

async fn setup() -> (MockServer, MediaStore) {
    let server = MockServer::start().await;
    let settings = MediaStoreSettings { timeout: Duration::from_millis(500), checksums: true };
    let store = MediaStore::new(&aws(&server.uri()).await, "media", &settings);
    (server, store)
}

#[tokio::test]
async fn a_file_is_put_into_the_buckets_path_with_its_hash() {
    let (server, store) = setup().await;
    Mock::given(method("PUT"))
        .and(path("/media/a/b.jpg"))
        .and(header("content-type", "image/jpeg"))
        .and(header("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    store.put("a/b.jpg", Bytes::from_static(b"hello"), "image/jpeg").await.unwrap();
}

#[tokio::test]
async fn a_missing_file_is_not_found_and_deleting_it_is_fine() {
    let (server, store) = setup().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    assert_eq!(store.head("a").await, Ok(None));
    assert_eq!(store.get("a", 10).await, Err(StoreError::NotFound));
    assert_eq!(store.delete("a").await, Ok(()));
}

#[tokio::test]
async fn a_file_is_read_up_to_a_limit() {
    let (server, store) = setup().await;
    let answer = ResponseTemplate::new(200).insert_header("content-type", "image/png").set_body_bytes(b"hello");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    assert_eq!(store.get("a", 5).await, Ok(Bytes::from_static(b"hello")));
    assert_eq!(store.get("a", 4).await, Err(StoreError::TooLarge));
    let info = store.head("a").await.unwrap().unwrap();
    assert_eq!(info, ObjectInfo { size: 5, content_type: Some("image/png".into()) });
}

#[tokio::test]
async fn a_stumble_is_repeated_and_a_refusal_is_told() {
    let (server, store) = setup().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    store.put("a", Bytes::new(), "text/plain").await.unwrap();
    let (server, store) = setup().await;
    let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    Mock::given(any()).respond_with(ResponseTemplate::new(403).set_body_string(body)).mount(&server).await;
    let error = store.put("a", Bytes::new(), "text/plain").await.unwrap_err();
    assert_eq!(error, OutboundError::reject(403, "AccessDenied", "no").into());
}

#[tokio::test]
async fn nobody_at_the_other_end_may_be_tried_again() {
    let store = MediaStore::new(&aws("http://127.0.0.1:1").await, "media", &MediaStoreSettings::default());
    let error = store.head("a").await.unwrap_err();
    assert!(matches!(error, StoreError::Outbound(OutboundError::Retry { .. })), "{error:?}");
}

#[tokio::test]
async fn a_signed_download_is_saved_under_its_name() {
    let (_server, store) = setup().await;
    let download =
        Download { filename: "invoice.pdf".into(), content_type: "application/pdf".into(), expires_in: Duration::from_secs(300) };
    let signed = store.presign_get("a b/invoice.pdf", &download).await.unwrap();
    let url: url::Url = signed.url.parse().unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/media/a%20b/invoice.pdf");
    assert_eq!(query["X-Amz-Expires"], "300");
    assert_eq!(query["response-content-type"], "application/pdf");
    assert!(query["response-content-disposition"].starts_with("attachment; filename=\"invoice.pdf\""));
    assert!(!format!("{signed:?}").contains("Signature"));
}

#[tokio::test]
async fn a_signed_upload_is_bound_to_type_and_size() {
    let (_server, store) = setup().await;
    let upload =
        Upload { content_type: "image/jpeg".into(), size: Some(1234), sha256: None, expires_in: Duration::from_secs(900) };
    let signed = store.presign_put("a.jpg", &upload).await.unwrap();
    let url: url::Url = signed.url.parse().unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["X-Amz-SignedHeaders"], "content-length;content-type;host");
    assert!(!signed.url.contains("checksum"));
    assert!(signed.headers.contains(&("content-type".to_owned(), "image/jpeg".to_owned())));
    let too_long = Upload { expires_in: Duration::from_secs(700_000), ..upload };
    assert!(store.presign_put("a.jpg", &too_long).await.is_err());
}
