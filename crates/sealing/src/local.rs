//! Master keys from the environment, for where there is no KMS.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::{DataKey, KEY_BYTES, KeyError, MasterKey, WrappedKey, data_key};

const NONCE_BYTES: usize = 12;

/// One or more; the first wraps, all unwrap.
pub struct LocalKeys(Vec<(String, RandomizedNonceKey)>);

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl LocalKeys {
    /// From `id:base64,id:base64`; each key is 32 bytes.
    ///
    /// # Errors
    /// It is not of that shape.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(one).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyError::Settings("no master key")) } else { Ok(Self(keys)) }
    }

    fn key(&self, id: &str) -> Option<&RandomizedNonceKey> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }

    fn wrap_now(&self, key: &DataKey) -> Result<WrappedKey, KeyError> {
        let (id, master) = self.0.first().ok_or(KeyError::Settings("no master key"))?;
        let mut sealed = key.bytes.to_vec();
        let nonce = master.seal_in_place_append_tag(Aad::from(*key.id.as_bytes()), &mut sealed).map_err(broken)?;
        let mut wrapped = nonce.as_ref().to_vec();
        wrapped.append(&mut sealed);
        Ok(WrappedKey { id: key.id, master_key_id: format!("local:{id}"), wrapped })
    }

    fn unwrap_now(&self, key: &WrappedKey) -> Result<DataKey, KeyError> {
        let id = key.master_key_id.strip_prefix("local:").unwrap_or(&key.master_key_id);
        let master = self.key(id).ok_or_else(|| KeyError::Broken(format!("there is no master key {id}")))?;
        let (nonce, sealed) = key.wrapped.split_at_checked(NONCE_BYTES).ok_or_else(|| broken(aws_lc_rs::error::Unspecified))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(broken)?;
        let mut sealed = sealed.to_vec();
        let bytes = master.open_in_place(nonce, Aad::from(*key.id.as_bytes()), &mut sealed).map_err(broken)?;
        data_key(key.id, bytes)
    }
}

fn one(text: &str) -> Result<(String, RandomizedNonceKey), KeyError> {
    let wrong = KeyError::Settings("master keys are id:base64 of 32 bytes, separated by commas");
    let (id, key) = text.split_once(':').ok_or(wrong.clone())?;
    let bytes = STANDARD.decode(key).ok().filter(|bytes| bytes.len() == KEY_BYTES).ok_or(wrong.clone())?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| wrong)?;
    Ok((id.to_owned(), key))
}

fn broken(_: aws_lc_rs::error::Unspecified) -> KeyError {
    KeyError::Broken("it was wrapped by another key, or changed since".into())
}

impl MasterKey for LocalKeys {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> BoxFuture<'a, Result<WrappedKey, KeyError>> {
        futures::future::ready(self.wrap_now(key)).boxed()
    }

    fn unwrap<'a>(&'a self, key: &'a WrappedKey) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        futures::future::ready(self.unwrap_now(key)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn text(id: &str, byte: u8) -> String {
        format!("{id}:{}", STANDARD.encode([byte; KEY_BYTES]))
    }

    #[test]
    fn a_key_wrapped_by_an_older_master_key_is_unwrapped_after_a_newer_came() {
        let key = DataKey::new(Uuid::from_u128(1)).unwrap();
        let old = LocalKeys::parse(&text("2025", 1)).unwrap();
        let wrapped = old.wrap_now(&key).unwrap();
        assert_eq!(wrapped.master_key_id, "local:2025");
        assert!(!wrapped.wrapped.windows(KEY_BYTES).any(|part| part == key.bytes));
        let both = LocalKeys::parse(&format!("{},{}", text("2026", 2), text("2025", 1))).unwrap();
        assert_eq!(both.unwrap_now(&wrapped).unwrap().bytes, key.bytes);
        assert_eq!(both.wrap_now(&key).unwrap().master_key_id, "local:2026");
    }

    #[test]
    fn a_wrapped_key_that_was_changed_or_renamed_or_has_no_master_key_is_refused() {
        let keys = LocalKeys::parse(&text("a", 1)).unwrap();
        let wrapped = keys.wrap_now(&DataKey::new(Uuid::from_u128(1)).unwrap()).unwrap();
        let mut changed = wrapped.clone();
        changed.wrapped[20] ^= 1;
        let renamed = WrappedKey { id: Uuid::from_u128(2), ..wrapped.clone() };
        let short = WrappedKey { wrapped: vec![1, 2, 3], ..wrapped.clone() };
        let foreign = WrappedKey { master_key_id: "local:b".into(), ..wrapped };
        for bad in [changed, renamed, short, foreign] {
            assert!(matches!(keys.unwrap_now(&bad), Err(KeyError::Broken(_))), "{bad:?}");
        }
    }

    #[test]
    fn settings_that_are_no_keys_are_refused_and_never_shown() {
        for bad in ["", "abc", "a:xx", &format!("a:{}", STANDARD.encode([1; 31]))] {
            assert!(LocalKeys::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", LocalKeys::parse(&text("a", 1)).unwrap()), "[\"a\"]");
    }
}
