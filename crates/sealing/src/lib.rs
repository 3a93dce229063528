//! Fields sealed at rest, by envelope encryption.
//!
//! A field is sealed with a data key (AES-256-GCM); data keys are kept by the service, each wrapped by a master key that
//! never leaves its place: AWS KMS, or a local key where there is no AWS. What is sealed carries the id of its data key, so
//! that keys can be replaced while old ones still open what they sealed. What has to be found again is kept as a keyed hash
//! besides: the sealed bytes of the same value are different each time.

mod kms;
mod local;
mod sealer;

use std::fmt;

use futures::future::BoxFuture;
use uuid::Uuid;

pub use kms::KmsKey;
pub use local::LocalKeys;
pub use sealer::{OpenError, Sealer, key_of};

/// Bytes of a data key.
pub const KEY_BYTES: usize = 32;

/// A data key in the clear. Lives in memory only.
#[derive(Clone)]
pub struct DataKey {
    /// Which.
    pub id: Uuid,
    pub(crate) bytes: [u8; KEY_BYTES],
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl DataKey {
    /// A new one from the secure source of the crypto library.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn new(id: Uuid) -> Result<Self, KeyError> {
        let mut bytes = [0; KEY_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::Broken("no randomness".into()))?;
        Ok(Self { id, bytes })
    }
}

/// A data key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which.
    pub id: Uuid,
    /// The master key that wrapped it, by the name its port gives it.
    pub master_key_id: String,
    /// Only the master key reads it.
    pub wrapped: Vec<u8>,
}

/// Why a key could not be wrapped or unwrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The settings are no keys.
    #[error("{0}")]
    Settings(&'static str),
    /// The place of the master key does not answer; it may later.
    #[error("the key service does not answer: {0}")]
    Unavailable(String),
    /// It answers and refuses, or what it answers is no key.
    #[error("the key could not be used: {0}")]
    Broken(String),
}

/// Where master keys live: the port.
pub trait MasterKey: Send + Sync + fmt::Debug {
    /// Wraps a data key.
    fn wrap<'a>(&'a self, key: &'a DataKey) -> BoxFuture<'a, Result<WrappedKey, KeyError>>;

    /// Unwraps a data key.
    fn unwrap<'a>(&'a self, key: &'a WrappedKey) -> BoxFuture<'a, Result<DataKey, KeyError>>;
}

/// A data key from bytes that a master key answered.
pub(crate) fn data_key(id: Uuid, bytes: &[u8]) -> Result<DataKey, KeyError> {
    let bytes = bytes.try_into().map_err(|_| KeyError::Broken("a data key of another length".into()))?;
    Ok(DataKey { id, bytes })
}
