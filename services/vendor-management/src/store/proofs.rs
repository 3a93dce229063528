//! Proofs of delivery, chained.

use chrono::{DateTime, Utc};
use domain::{Channel, DeliveryId, MediaId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::place::Place;
use crate::domain::proof::{Link, PlaceSource, ProofContent, ProofType};

/// A proof as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) id: Uuid,
    pub(crate) proof_type: ProofType,
    pub(crate) media_id: Option<MediaId>,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) latitude: Option<f64>,
    pub(crate) longitude: Option<f64>,
    pub(crate) place_source: PlaceSource,
    pub(crate) uploaded_by: UserId,
    pub(crate) uploaded_via: Channel,
    pub(crate) notes: Option<String>,
    pub(crate) position: i32,
    pub(crate) prev_hash: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    pub(crate) uploaded_at: DateTime<Utc>,
    pub(crate) hash_version: i16,
}

impl Proof {
    /// As a link of its delivery's chain.
    pub(crate) fn link(&self, delivery_id: DeliveryId) -> Link {
        let content = ProofContent {
            hash_version: self.hash_version,
            delivery_id,
            position: self.position,
            proof_type: self.proof_type,
            media_id: self.media_id,
            content_hash: self.content_hash.clone(),
            place: Place::of(self.latitude, self.longitude),
            place_source: self.place_source,
            by: self.uploaded_by,
            via: self.uploaded_via,
            at: self.uploaded_at,
            notes: self.notes.clone(),
        };
        Link { content, prev_hash: self.prev_hash.clone(), hash: self.hash.clone() }
    }
}

/// The proofs of a delivery, oldest first.
pub(crate) async fn of_delivery(conn: &mut PgConnection, id: DeliveryId) -> Stored<Vec<Proof>> {
    sqlx::query_as!(
        Proof,
        r#"SELECT id, proof_type as "proof_type: ProofType", media_id as "media_id: MediaId", content_hash,
                  latitude::float8 as latitude, longitude::float8 as longitude, place_source as "place_source: PlaceSource",
                  uploaded_by as "uploaded_by: UserId", uploaded_via as "uploaded_via: Channel", notes, position, prev_hash,
                  hash, uploaded_at, hash_version
             FROM delivery_proof WHERE delivery_id = $1 ORDER BY position"#,
        id as DeliveryId
    )
    .fetch_all(conn)
    .await
}

/// Adds the next one and makes it the end of the chain; the caller holds the delivery.
pub(crate) async fn append(conn: &mut PgConnection, id: Uuid, proof: &ProofContent, prev_hash: &[u8]) -> Stored<()> {
    let hash = proof.hash(prev_hash);
    sqlx::query!(
        "INSERT INTO delivery_proof
             (id, delivery_id, proof_type, media_id, content_hash, latitude, longitude, place_source, uploaded_by,
              uploaded_via, notes, position, prev_hash, hash, uploaded_at, created_at, hash_version)
         VALUES ($1, $2, $3, $4, $5, ($6::float8)::numeric(10,7), ($7::float8)::numeric(10,7), $8, $9, $10, $11, $12, $13,
                 $14, $15, $15, $16)",
        id,
        proof.delivery_id as DeliveryId,
        proof.proof_type.as_str(),
        proof.media_id.map(|m| m.as_uuid()),
        proof.content_hash,
        proof.place.map(|p| p.latitude),
        proof.place.map(|p| p.longitude),
        proof.place_source.as_str(),
        proof.by as UserId,
        proof.via.as_str(),
        proof.notes,
        proof.position,
        prev_hash,
        hash,
        proof.at,
        proof.hash_version
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE deliveries SET proofs_count = $2, proofs_head = $3 WHERE id = $1",
        proof.delivery_id as DeliveryId,
        proof.position,
        hash
    )
    .execute(conn)
    .await?;
    Ok(())
}
