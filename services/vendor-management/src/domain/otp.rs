//! The delivery code (rule 37): six digits from a secure source, kept only as a keyed hash.

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{DeliveryId, Randomness};
use uuid::Uuid;

/// How long a code counts, in minutes.
pub const VALID_MINUTES: u32 = 30;
/// Wrong codes until it is locked.
pub const TRIES: i32 = 5;
/// Codes in an hour.
pub const CODES_AN_HOUR: usize = 3;

/// How long a code counts.
#[must_use]
pub fn valid_for() -> TimeDelta {
    TimeDelta::minutes(i64::from(VALID_MINUTES))
}

/// A new code.
#[must_use]
pub fn new_code(random: &dyn Randomness) -> String {
    format!("{:06}", random.below(1_000_000))
}

/// When another code may be asked for, if not now: `sent` are the moments of the codes of the last hour, oldest first.
#[must_use]
pub fn wait_until(sent: &[DateTime<Utc>]) -> Option<DateTime<Utc>> {
    let over = (sent.len() + 1).checked_sub(CODES_AN_HOUR + 1)?;
    sent.get(over).map(|oldest| *oldest + TimeDelta::hours(1))
}

/// The key of the hashes.
pub struct OtpKey(hmac::Key);

impl std::fmt::Debug for OtpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OtpKey")
    }
}

impl OtpKey {
    /// From raw bytes; at least 32.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= 32).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    fn message(log_id: Uuid, delivery_id: DeliveryId, code: &str) -> Vec<u8> {
        let mut message = Vec::with_capacity(40);
        message.extend_from_slice(log_id.as_bytes());
        message.extend_from_slice(delivery_id.as_uuid().as_bytes());
        message.extend_from_slice(code.as_bytes());
        message
    }

    /// What is kept of a code, bound to its row and delivery.
    #[must_use]
    pub fn hash(&self, log_id: Uuid, delivery_id: DeliveryId, code: &str) -> Vec<u8> {
        hmac::sign(&self.0, &Self::message(log_id, delivery_id, code)).as_ref().to_vec()
    }

    /// Whether it is this code; in constant time.
    #[must_use]
    pub fn is(&self, log_id: Uuid, delivery_id: DeliveryId, code: &str, hash: &[u8]) -> bool {
        hmac::verify(&self.0, &Self::message(log_id, delivery_id, code), hash).is_ok()
    }
}

/// A code as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCode {
    /// Its row.
    pub id: Uuid,
    /// Its keyed hash.
    pub otp_hash: Vec<u8>,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
    /// Wrong tries so far.
    pub verification_attempts: i32,
    /// Whether it did its work.
    pub verified: bool,
}

/// What a code that was entered comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It is the one.
    Right,
    /// It is not; so many tries are left.
    Wrong {
        /// Tries left.
        left: i32,
    },
    /// Too late.
    Expired,
    /// Too many tries.
    Locked,
}

/// Judges a code. A locked or expired one is not even compared.
#[must_use]
pub fn check(key: &OtpKey, kept: &KeptCode, delivery_id: DeliveryId, code: &str, now: DateTime<Utc>) -> Check {
    if kept.verification_attempts >= TRIES {
        return Check::Locked;
    }
    if now >= kept.expires_at {
        return Check::Expired;
    }
    if key.is(kept.id, delivery_id, code, &kept.otp_hash) {
        Check::Right
    } else {
        Check::Wrong { left: TRIES - kept.verification_attempts - 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_code_counts_for_its_own_row_and_delivery_only() {
        let key = OtpKey::new(&[7; 32]).unwrap();
        let (row, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let delivery = DeliveryId::new(Uuid::from_u128(3));
        let hash = key.hash(row, delivery, "012345");
        assert!(key.is(row, delivery, "012345", &hash));
        assert!(!key.is(row, delivery, "012346", &hash));
        assert!(!key.is(other, delivery, "012345", &hash));
        assert!(!key.is(row, DeliveryId::new(other), "012345", &hash));
        assert!(OtpKey::new(&[7; 31]).is_none());
    }

    #[test]
    fn five_wrong_tries_lock_even_the_right_code_and_time_ends_it() {
        let key = OtpKey::new(&[7; 32]).unwrap();
        let delivery = DeliveryId::new(Uuid::from_u128(3));
        let id = Uuid::from_u128(1);
        let expires_at = at("2026-11-20T10:30:00Z");
        let kept = |tries| KeptCode {
            id,
            otp_hash: key.hash(id, delivery, "123456"),
            expires_at,
            verification_attempts: tries,
            verified: false,
        };
        let before = at("2026-11-20T10:29:59Z");
        assert_eq!(check(&key, &kept(4), delivery, "000000", before), Check::Wrong { left: 0 });
        assert_eq!(check(&key, &kept(4), delivery, "123456", before), Check::Right);
        assert_eq!(check(&key, &kept(5), delivery, "123456", before), Check::Locked);
        assert_eq!(check(&key, &kept(0), delivery, "123456", expires_at), Check::Expired);
    }

    #[test]
    fn the_fourth_code_waits_until_the_first_is_an_hour_old() {
        let first = at("2026-11-20T10:00:00Z");
        let later = |minutes| first + TimeDelta::minutes(minutes);
        assert_eq!(wait_until(&[]), None);
        assert_eq!(wait_until(&[first, later(1)]), None);
        assert_eq!(wait_until(&[first, later(1), later(2)]), Some(later(60)));
        assert_eq!(wait_until(&[first, later(1), later(2), later(3)]), Some(later(61)));
    }
}
