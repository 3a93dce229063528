//! One bucket.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig},
    presigning::{PresignedRequest, PresigningConfig},
    primitives::ByteStream,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use outbound::OutboundError;

use crate::{MediaStoreSettings, StoreError, attachment, error::read_failure};

/// A bucket of files.
#[derive(Debug, Clone)]
pub struct MediaStore {
    client: Client,
    bucket: String,
    checksums: bool,
}

/// What is known of a file without fetching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Bytes.
    pub size: u64,
    /// Its type.
    pub content_type: Option<String>,
}

/// A URL somebody without credentials may use for a while.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrl {
    /// The URL. Whoever has it may do it: not for the log.
    pub url: String,
    /// Headers that must be sent along, word for word.
    pub headers: Vec<(String, String)>,
    /// How long it works.
    pub expires_in: Duration,
}

impl std::fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedUrl").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// How a file is handed out.
#[derive(Debug, Clone)]
pub struct Download {
    /// The name it is saved under.
    pub filename: String,
    /// Its type.
    pub content_type: String,
    /// How long the URL works.
    pub expires_in: Duration,
}

/// How a file may be brought in.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its type; another one is refused.
    pub content_type: String,
    /// Its exact size in bytes; another one is refused.
    pub size: Option<u64>,
    /// Its SHA-256; another content is refused.
    pub sha256: Option<[u8; 32]>,
    /// How long the URL works.
    pub expires_in: Duration,
}

impl MediaStore {
    /// A bucket in the account of the AWS configuration. With an endpoint of one's own the bucket
    /// goes into the path: stand-ins have no host per bucket.
    pub fn new(aws: &SdkConfig, bucket: impl Into<String>, settings: &MediaStoreSettings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(settings.timeout)
            .operation_timeout(settings.timeout * 2)
            .build();
        let config = Builder::from(aws)
            .force_path_style(aws.endpoint_url().is_some())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            // Ours are set by hand: the automatic ones end up in signed URLs, where browsers cannot keep them.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into(), checksums: settings.checksums }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Stores a file, replacing the one there may be.
    pub async fn put(&self, key: &str, content: Bytes, content_type: &str) -> Result<(), StoreError> {
        let checksum = self.checksums.then(|| STANDARD.encode(digest(&SHA256, &content).as_ref()));
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .set_checksum_sha256(checksum)
            .body(ByteStream::from(content))
            .send()
            .await
            .map_err(|error| read_failure(&error))?;
        Ok(())
    }

    /// Fetches a file of at most `limit` bytes.
    pub async fn get(&self, key: &str, limit: usize) -> Result<Bytes, StoreError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let mut object = request.send().await.map_err(|error| read_failure(&error))?;
        let mut content = BytesMut::new();
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk.map_err(|_| OutboundError::retry("the file broke off"))?;
            if content.len() + chunk.len() > limit {
                return Err(StoreError::TooLarge);
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }

    /// Deletes a file. One that is gone already is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let result = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        match result.map_err(|error| read_failure(&error)) {
            Ok(_) | Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What is known of a file, if it is there.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        let result = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        match result.map_err(|error| read_failure(&error)) {
            Ok(head) => Ok(Some(ObjectInfo {
                size: head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                content_type: head.content_type().map(str::to_owned),
            })),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the bucket answers; for the health check.
    pub async fn check(&self) -> Result<(), StoreError> {
        let request = self.client.head_bucket().bucket(&self.bucket);
        request.send().await.map_err(|error| read_failure(&error))?;
        Ok(())
    }

    /// A URL from which a browser saves the file.
    pub async fn presign_get(&self, key: &str, download: &Download) -> Result<SignedUrl, StoreError> {
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_type(&download.content_type)
            .response_content_disposition(attachment(&download.filename))
            .presigned(window(download.expires_in)?)
            .await
            .map_err(|error| read_failure(&error))?;
        Ok(signed_url(&signed, download.expires_in))
    }

    /// A URL to which one file of the given type may be brought.
    pub async fn presign_put(&self, key: &str, upload: &Upload) -> Result<SignedUrl, StoreError> {
        let size = upload.size.map(i64::try_from).transpose().map_err(|_| StoreError::TooLarge)?;
        let checksum = upload.sha256.filter(|_| self.checksums).map(|hash| STANDARD.encode(hash));
        let signed = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(&upload.content_type)
            .set_content_length(size)
            .set_checksum_sha256(checksum)
            .presigned(window(upload.expires_in)?)
            .await
            .map_err(|error| read_failure(&error))?;
        Ok(signed_url(&signed, upload.expires_in))
    }
}

fn window(expires_in: Duration) -> Result<PresigningConfig, StoreError> {
    PresigningConfig::expires_in(expires_in)
        .map_err(|_| OutboundError::reject(0, "expiry", "a signed URL works for a week at most").into())
}

fn signed_url(signed: &PresignedRequest, expires_in: Duration) -> SignedUrl {
    let headers = signed
        .headers()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    SignedUrl { url: signed.uri().to_owned(), headers, expires_in }
}
