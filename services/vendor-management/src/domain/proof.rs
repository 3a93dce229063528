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

/// What hashes cover today: see [`ProofContent::hash`].
pub const HASH_VERSION: i16 = 2;

/// What a proof's hash covers.
#[derive(Debug, Clone, PartialEq)]
pub struct ProofContent {
    /// How the hash was made: from version 2 on it covers the notes.
    pub hash_version: i16,
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
    /// What was said of it.
    pub notes: Option<String>,
}

impl ProofContent {
    /// Its hash after `previous`.
    #[must_use]
    pub fn hash(&self, previous: &[u8]) -> Vec<u8> {
        let place = self.place.map_or_else(|| "-".to_owned(), |p| format!("{:.7},{:.7}", p.latitude, p.longitude));
        let media = self.media_id.map_or_else(|| "-".to_owned(), |m| m.to_string());
        let mut text = format!(
            "realserv.proof.v{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.hash_version,
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
        if self.hash_version >= 2 {
            text.push('\n');
            text.push_str(&self.notes.as_deref().map_or_else(|| "-".to_owned(), |notes| hex::encode(sha256(notes.as_bytes()))));
        }
        sha256(text.as_bytes())
    }
}

/// A proof as it is kept, with its links.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// What it says.
    pub content: ProofContent,
    /// The hash of the one before, as it was when this one was added.
    pub prev_hash: Vec<u8>,
    /// Its own.
    pub hash: Vec<u8>,
}

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBroken {
    /// A proof was taken away, or its position changed.
    #[error("proof {expected} is missing")]
    Missing {
        /// The position where it should be.
        expected: i32,
    },
    /// A proof was put in the place of another, or the one before was.
    #[error("proof {position} does not follow the one before it")]
    Unlinked {
        /// Its position.
        position: i32,
    },
    /// What a proof says is not what it said when it was added.
    #[error("proof {position} was changed")]
    Changed {
        /// Its position.
        position: i32,
    },
    /// The chain does not end where it ended.
    #[error("the last proof is not the one that was added last")]
    End,
}

/// Whether a chain is as it was made: every proof unchanged, in its place, and none missing. `end` is how many there were,
/// and the last one's hash, as kept apart from them.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(chain: &[Link], end: (i32, Option<&[u8]>)) -> Result<(), ChainBroken> {
    let mut previous: &[u8] = &FIRST;
    for (link, position) in chain.iter().zip(1..) {
        if link.content.position != position {
            return Err(ChainBroken::Missing { expected: position });
        }
        if link.prev_hash != previous {
            return Err(ChainBroken::Unlinked { position });
        }
        if link.content.hash(previous) != link.hash {
            return Err(ChainBroken::Changed { position });
        }
        previous = &link.hash;
    }
    let (count, head) = end;
    let kept = i32::try_from(chain.len()).unwrap_or(i32::MAX);
    if kept < count {
        return Err(ChainBroken::Missing { expected: kept + 1 });
    }
    let last = chain.last().map(|link| link.hash.as_slice());
    if kept > count || last != head { Err(ChainBroken::End) } else { Ok(()) }
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
            hash_version: HASH_VERSION,
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
            notes: Some("left with the guard".into()),
        }
    }

    fn chain(length: i32) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for position in 1..=length {
            let content = ProofContent { position, ..content() };
            let prev_hash = links.last().map_or_else(|| FIRST.to_vec(), |link| link.hash.clone());
            links.push(Link { hash: content.hash(&prev_hash), content, prev_hash });
        }
        links
    }

    fn end(chain: &[Link]) -> (i32, Option<&[u8]>) {
        (i32::try_from(chain.len()).unwrap(), chain.last().map(|link| link.hash.as_slice()))
    }

    #[test]
    fn a_chain_as_it_was_made_is_whole() {
        for length in 0..4 {
            assert_eq!(verify(&chain(length), end(&chain(length))), Ok(()));
        }
    }

    #[test]
    fn whatever_of_whichever_proof_is_changed_that_proof_is_named() {
        let changes: [fn(&mut ProofContent); 9] = [
            |c| c.proof_type = ProofType::Document,
            |c| c.media_id = None,
            |c| c.content_hash = sha256(b"another"),
            |c| c.place = Some(Place { latitude: 17.440_000_1, longitude: 78.37 }),
            |c| c.place_source = PlaceSource::LastPosition,
            |c| c.by = UserId::new(Uuid::from_u128(9)),
            |c| c.via = Channel::Web,
            |c| c.at += chrono::TimeDelta::microseconds(1),
            |c| c.notes = None,
        ];
        let whole = chain(3);
        for position in 1..=3_usize {
            for change in changes {
                let mut changed = whole.clone();
                change(&mut changed[position - 1].content);
                let named = i32::try_from(position).unwrap();
                assert_eq!(verify(&changed, end(&whole)), Err(ChainBroken::Changed { position: named }));
            }
        }
    }

    #[test]
    fn a_proof_that_was_taken_away_slipped_in_or_swapped_is_named() {
        let whole = chain(4);
        for position in 1..=4_usize {
            let mut without = whole.clone();
            without.remove(position - 1);
            let expected = i32::try_from(position).unwrap();
            assert_eq!(verify(&without, end(&whole)), Err(ChainBroken::Missing { expected }));
        }
        // Made anew with right hashes from the second on: the end gives it away.
        let mut forged = chain(1);
        for position in 2..=4 {
            let content = ProofContent { position, notes: Some("forged".into()), ..content() };
            let prev_hash = forged.last().unwrap().hash.clone();
            forged.push(Link { hash: content.hash(&prev_hash), content, prev_hash });
        }
        assert_eq!(verify(&forged, end(&whole)), Err(ChainBroken::End));
        let mut one_more = chain(5);
        assert_eq!(verify(&one_more, end(&whole)), Err(ChainBroken::End));
        one_more[2].prev_hash = FIRST.to_vec();
        assert_eq!(verify(&one_more, end(&one_more)), Err(ChainBroken::Unlinked { position: 3 }));
    }

    #[test]
    fn an_older_hash_without_the_notes_still_holds() {
        let old = ProofContent { hash_version: 1, ..content() };
        assert_eq!(old.hash(&FIRST), ProofContent { notes: None, ..old.clone() }.hash(&FIRST));
        assert_ne!(old.hash(&FIRST), content().hash(&FIRST));
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
