//! Sealing and opening with the data keys at hand.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::{DataKey, KEY_BYTES, KeyError};

/// First byte of what is sealed: how it is laid out.
const LAYOUT: u8 = 1;
/// Layout, data key id, nonce.
const HEAD_BYTES: usize = 1 + 16 + 12;

/// Why something sealed was not opened. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not of a layout we write.
    #[error("these bytes are nothing sealed")]
    Layout,
    /// Sealed by a data key that is not at hand.
    #[error("sealed by a data key that is not at hand: {0}")]
    UnknownKey(Uuid),
    /// Changed since, or taken from another place.
    #[error("sealed for another place, or changed since")]
    Changed,
}

struct Keys {
    by_id: HashMap<Uuid, RandomizedNonceKey>,
    current: Uuid,
}

/// Seals with the current data key and opens with any that is at hand.
pub struct Sealer {
    keys: RwLock<Keys>,
    hash: hmac::Key,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("current", &self.current()).finish_non_exhaustive()
    }
}

impl Sealer {
    /// With these data keys, and a key of at least 32 bytes for hashes.
    ///
    /// # Errors
    /// A key is too short, or the current one is not among them.
    pub fn new(keys: &[DataKey], current: Uuid, hash_key: &[u8]) -> Result<Self, KeyError> {
        if hash_key.len() < KEY_BYTES {
            return Err(KeyError::Settings("the key of hashes has at least 32 bytes"));
        }
        Ok(Self { keys: RwLock::new(loaded(keys, current)?), hash: hmac::Key::new(hmac::HMAC_SHA256, hash_key) })
    }

    /// Puts other data keys in the place of those at hand.
    ///
    /// # Errors
    /// The current one is not among them.
    pub fn replace(&self, keys: &[DataKey], current: Uuid) -> Result<(), KeyError> {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = loaded(keys, current)?;
        Ok(())
    }

    /// The data key that seals now.
    #[must_use]
    pub fn current(&self) -> Uuid {
        self.read().current
    }

    /// Whether a data key is at hand.
    #[must_use]
    pub fn knows(&self, id: Uuid) -> bool {
        self.read().by_id.contains_key(&id)
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals a text for one place, such as a row and column: it does not open anywhere else.
    ///
    /// # Errors
    /// The crypto library refuses.
    pub fn seal(&self, place: &str, text: &str) -> Result<Vec<u8>, KeyError> {
        let keys = self.read();
        let key = keys.by_id.get(&keys.current).ok_or_else(|| KeyError::Broken("no current data key".into()))?;
        let mut sealed = text.as_bytes().to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed)
            .map_err(|_| KeyError::Broken("it could not be sealed".into()))?;
        let mut whole = Vec::with_capacity(HEAD_BYTES + sealed.len());
        whole.push(LAYOUT);
        whole.extend_from_slice(keys.current.as_bytes());
        whole.extend_from_slice(nonce.as_ref());
        whole.append(&mut sealed);
        Ok(whole)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, place: &str, whole: &[u8]) -> Result<String, OpenError> {
        let id = key_of(whole)?;
        let (head, sealed) = whole.split_at_checked(HEAD_BYTES).ok_or(OpenError::Layout)?;
        let nonce = head.get(17..).and_then(|nonce| Nonce::try_assume_unique_for_key(nonce).ok()).ok_or(OpenError::Layout)?;
        let keys = self.read();
        let key = keys.by_id.get(&id).ok_or(OpenError::UnknownKey(id))?;
        let mut sealed = sealed.to_vec();
        let text = key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut sealed).map_err(|_| OpenError::Changed)?;
        String::from_utf8(text.to_vec()).map_err(|_| OpenError::Changed)
    }

    /// Keyed hash of a value of one kind, to find it again.
    #[must_use]
    pub fn hash(&self, kind: &str, value: &str) -> Vec<u8> {
        hmac::sign(&self.hash, format!("{kind}\n{value}").as_bytes()).as_ref().to_vec()
    }
}

/// The data key that sealed something.
///
/// # Errors
/// Nothing of ours sealed it.
pub fn key_of(whole: &[u8]) -> Result<Uuid, OpenError> {
    match whole.split_first() {
        Some((&LAYOUT, rest)) => rest.get(..16).and_then(|id| Uuid::from_slice(id).ok()).ok_or(OpenError::Layout),
        _ => Err(OpenError::Layout),
    }
}

fn loaded(keys: &[DataKey], current: Uuid) -> Result<Keys, KeyError> {
    let by_id = keys
        .iter()
        .map(|key| Ok((key.id, RandomizedNonceKey::new(&AES_256_GCM, &key.bytes)?)))
        .collect::<Result<HashMap<_, _>, aws_lc_rs::error::Unspecified>>()
        .map_err(|_| KeyError::Broken("a data key is none".into()))?;
    if by_id.contains_key(&current) {
        Ok(Keys { by_id, current })
    } else {
        Err(KeyError::Broken("the current data key is not at hand".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u128) -> DataKey {
        DataKey::new(Uuid::from_u128(n)).unwrap()
    }

    fn sealer(keys: &[DataKey]) -> Sealer {
        Sealer::new(keys, keys[0].id, &[7; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_at_its_own_place_only_and_looks_different_each_time() {
        let sealer = sealer(&[key(1)]);
        let (one, two) = (sealer.seal("vendor/1/pan", "AABCU9603R").unwrap(), sealer.seal("vendor/1/pan", "AABCU9603R").unwrap());
        assert_ne!(one, two);
        assert!(!one.windows(5).any(|part| part == b"AABCU"));
        assert_eq!(sealer.open("vendor/1/pan", &one).unwrap(), "AABCU9603R");
        assert_eq!(sealer.open("vendor/2/pan", &one), Err(OpenError::Changed));
        assert_eq!(sealer.open("vendor/1/gstin", &one), Err(OpenError::Changed));
    }

    #[test]
    fn whatever_byte_is_changed_it_does_not_open() {
        let sealer = sealer(&[key(1)]);
        let whole = sealer.seal("p", "50100123456789").unwrap();
        for index in 0..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 1;
            assert!(sealer.open("p", &changed).is_err(), "{index}");
        }
        for length in 0..whole.len() {
            assert!(sealer.open("p", &whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_newer_key_seals_and_the_older_still_opens_what_it_sealed() {
        let (old, new) = (key(1), key(2));
        let sealer = sealer(std::slice::from_ref(&old));
        let before = sealer.seal("p", "text").unwrap();
        sealer.replace(&[new.clone(), old.clone()], new.id).unwrap();
        let after = sealer.seal("p", "text").unwrap();
        assert_eq!((key_of(&before).unwrap(), key_of(&after).unwrap()), (old.id, new.id));
        assert_eq!((sealer.open("p", &before).unwrap(), sealer.open("p", &after).unwrap()), ("text".into(), "text".into()));
        sealer.replace(std::slice::from_ref(&new), new.id).unwrap();
        assert_eq!(sealer.open("p", &before), Err(OpenError::UnknownKey(old.id)));
        assert!(sealer.replace(&[new], old.id).is_err());
    }

    #[test]
    fn hashes_are_of_a_kind_and_of_a_key() {
        let (one, other) = (sealer(&[key(1)]), Sealer::new(&[key(1)], Uuid::from_u128(1), &[8; 32]).unwrap());
        assert_eq!(one.hash("pan", "AABCU9603R"), one.hash("pan", "AABCU9603R"));
        assert_ne!(one.hash("pan", "AABCU9603R"), one.hash("gstin", "AABCU9603R"));
        assert_ne!(one.hash("pan", "AABCU9603R"), other.hash("pan", "AABCU9603R"));
        assert!(Sealer::new(&[key(1)], Uuid::from_u128(1), &[8; 31]).is_err());
    }
}
