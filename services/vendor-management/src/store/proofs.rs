//! Proofs of delivery, chained.

use chrono::{DateTime, Utc};
use domain::{Channel, DeliveryId, MediaId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::proof::{PlaceSource, ProofContent, ProofType};

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
}

/// The proofs of a delivery, oldest first.
pub(crate) async fn of_delivery(conn: &mut PgConnection, id: DeliveryId) -> Stored<Vec<Proof>> {
    sqlx::query_as!(
        Proof,
        r#"SELECT id, proof_type as "proof_type: ProofType", media_id as "media_id: MediaId", content_hash,
                  latitude::float8 as latitude, longitude::float8 as longitude, place_source as "place_source: PlaceSource",
                  uploaded_by as "uploaded_by: UserId", uploaded_via as "uploaded_via: Channel", notes, position, prev_hash,
                  hash, uploaded_at
             FROM delivery_proof WHERE delivery_id = $1 ORDER BY position"#,
        id as DeliveryId
    )
    .fetch_all(conn)
    .await
}

/// Adds the next one; the caller holds the delivery.
pub(crate) async fn append(
    conn: &mut PgConnection,
    id: Uuid,
    proof: &ProofContent,
    notes: Option<&str>,
    prev_hash: &[u8],
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO delivery_proof
             (id, delivery_id, proof_type, media_id, content_hash, latitude, longitude, place_source, uploaded_by,
              uploaded_via, notes, position, prev_hash, hash, uploaded_at, created_at)
         VALUES ($1, $2, $3, $4, $5, ($6::float8)::numeric(10,7), ($7::float8)::numeric(10,7), $8, $9, $10, $11, $12, $13,
                 $14, $15, $15)",
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
        notes,
        proof.position,
        prev_hash,
        proof.hash(prev_hash),
        proof.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
