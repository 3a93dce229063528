//! Proofs of delivery, each hash chained to the one before (rule 38): nobody changes one, or slips one in, unseen.

use aws_lc_rs::digest;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Channel, DeliveryId, MediaId, UserId};

use super::place::Place;
use crate::words::words;

words! {
    /// Kinds of proof.
    pub enum ProofType {
        /// A photo.
        Photo => "photo",
        /// A signature.
        Signature => "signature",
        /// A document, such as a delivery note.
        Document => "document",
        /// The buyer's code was right.
        Otp => "otp",
        /// Staff approved the photo.
        Approval => "approval",
    }
}

words! {
    /// Where the place of a proof comes from.
    pub enum PlaceSource {
        /// Whoever gave the proof said so.
        Reported => "reported",
        /// The last position on the way.
        LastPosition => "last_position",
        /// The address of the order.
        DeliveryAddress => "delivery_address",
        /// Nobody knows.
        Unknown => "unknown",
    }
}

/// The hash before the first.
pub const FIRST: [u8; 32] = [0; 32];

/// What a proof's hash covers.
#[derive(Debug, Clone)]
pub struct ProofContent {
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// The how many-th.
    pub position: i32,
    /// Of what kind.
    pub proof_type: ProofType,
    /// The file, if it is one.
    pub media_id: Option<MediaId>,
    /// SHA-256 of what it consists of.
    pub content_hash: Vec<u8>,
    /// Where.
    pub place: Option<Place>,
    /// How that is known.
    pub place_source: PlaceSource,
    /// Who.
    pub by: UserId,
    /// Through which channel.
    pub via: Channel,
    /// When.
    pub at: DateTime<Utc>,
}

impl ProofContent {
    /// Its hash after `previous`.
    #[must_use]
    pub fn hash(&self, previous: &[u8]) -> Vec<u8> {
        let place = self.place.map_or_else(|| "-".to_owned(), |p| format!("{:.7},{:.7}", p.latitude, p.longitude));
        let media = self.media_id.map_or_else(|| "-".to_owned(), |m| m.to_string());
        let text = format!(
            "realserv.proof.v1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            hex::encode(previous),
            self.delivery_id,
            self.position,
            self.proof_type,
            media,
            hex::encode(&self.content_hash),
            place,
            self.place_source,
            self.by,
            self.via,
            self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        );
        digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
    }
}

/// SHA-256 of something small.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn content() -> ProofContent {
        ProofContent {
            delivery_id: DeliveryId::new(Uuid::from_u128(1)),
            position: 1,
            proof_type: ProofType::Photo,
            media_id: Some(MediaId::new(Uuid::from_u128(2))),
            content_hash: sha256(b"a photo"),
            place: Some(Place { latitude: 17.44, longitude: 78.37 }),
            place_source: PlaceSource::Reported,
            by: UserId::new(Uuid::from_u128(3)),
            via: Channel::Whatsapp,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn whatever_is_changed_changes_the_hash() {
        let hash = content().hash(&FIRST);
        assert_eq!(hash, content().hash(&FIRST));
        assert_ne!(hash, content().hash(&hash));
        assert_ne!(hash, ProofContent { content_hash: sha256(b"another"), ..content() }.hash(&FIRST));
        assert_ne!(hash, ProofContent { place: None, ..content() }.hash(&FIRST));
        assert_ne!(hash, ProofContent { by: UserId::new(Uuid::from_u128(4)), ..content() }.hash(&FIRST));
        assert_ne!(hash, ProofContent { at: "2026-11-20T10:00:01Z".parse().unwrap(), ..content() }.hash(&FIRST));
    }
}
