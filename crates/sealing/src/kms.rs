//! The master key in AWS KMS.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::{DataKey, KeyError, MasterKey, WrappedKey, data_key};

/// The encryption context's name for the data key's id: KMS refuses to unwrap under another.
const CONTEXT: &str = "data_key";
/// Asked at the start and when keys are replaced only: patience costs nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A symmetric key in KMS.
#[derive(Debug, Clone)]
pub struct KmsKey {
    client: Client,
    key: String,
}

impl KmsKey {
    /// By ARN, id or alias.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig, key: &str) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let config = aws_sdk_kms::config::Builder::from(aws).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), key: key.to_owned() }
    }

    async fn encrypt(&self, key: &DataKey) -> Result<WrappedKey, KeyError> {
        let answer = self
            .client
            .encrypt()
            .key_id(&self.key)
            .plaintext(Blob::new(key.bytes))
            .encryption_context(CONTEXT, key.id.to_string())
            .send()
            .await
            .map_err(refused)?;
        let wrapped = answer.ciphertext_blob.ok_or_else(|| KeyError::Broken("KMS answered nothing".into()))?.into_inner();
        let master = answer.key_id.unwrap_or_else(|| self.key.clone());
        Ok(WrappedKey { id: key.id, master_key_id: format!("kms:{master}"), wrapped })
    }

    async fn decrypt(&self, key: &WrappedKey) -> Result<DataKey, KeyError> {
        let answer = self
            .client
            .decrypt()
            .key_id(key.master_key_id.strip_prefix("kms:").unwrap_or(&self.key))
            .ciphertext_blob(Blob::new(key.wrapped.clone()))
            .encryption_context(CONTEXT, key.id.to_string())
            .send()
            .await
            .map_err(refused)?;
        let plaintext = answer.plaintext.ok_or_else(|| KeyError::Broken("KMS answered nothing".into()))?;
        data_key(key.id, plaintext.as_ref())
    }
}

/// Throttling, time-outs and 5xx pass; everything else does not.
fn refused<E>(error: SdkError<E>) -> KeyError
where
    SdkError<E>: ProvideErrorMetadata,
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passes = match &error {
        SdkError::ServiceError(answer) => answer.raw().status().as_u16() >= 500 || error.code() == Some("ThrottlingException"),
        _ => true,
    };
    let reason = DisplayErrorContext(&error).to_string();
    if passes { KeyError::Unavailable(reason) } else { KeyError::Broken(reason) }
}

impl MasterKey for KmsKey {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> BoxFuture<'a, Result<WrappedKey, KeyError>> {
        self.encrypt(key).boxed()
    }

    fn unwrap<'a>(&'a self, key: &'a WrappedKey) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        self.decrypt(key).boxed()
    }
}
