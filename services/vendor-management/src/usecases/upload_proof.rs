//! Add a photo, signature or document to a delivery.

use domain::events::DeliveryProofAdded;
use domain::{Actor, DeliveryId, DeliveryStatus, MediaId, UserId, VendorId};
use pg_kit::outbox;

use super::prove::{self, Evidence};
use super::{Refusal, move_delivery, submit_kyc};
use crate::App;
use crate::domain::place::Place;
use crate::domain::proof::ProofType;
use crate::store::deliveries::{self, Delivery};
use crate::store::proofs;

/// A file as proof.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) proof_type: ProofType,
    pub(crate) media_id: MediaId,
    pub(crate) place: Option<Place>,
    pub(crate) notes: Option<String>,
}

/// Keeps the proof. The same file again changes nothing.
pub(crate) async fn upload_proof(
    app: &App,
    actor: &Actor,
    (owner, user): (VendorId, UserId),
    id: DeliveryId,
    file: &File,
) -> Result<Delivery, Refusal> {
    let sha256 = submit_kyc::own_file(&app.integration, file.media_id, user, "media_id".to_owned()).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let delivery = move_delivery::hold(&mut tx, id, Some(owner)).await?;
    if matches!(delivery.status, DeliveryStatus::Pending | DeliveryStatus::Assigned) {
        return Err(Refusal::NotInTransit { status: delivery.status.as_str() });
    }
    if proofs::of_delivery(&mut tx, id).await?.iter().any(|proof| proof.media_id == Some(file.media_id)) {
        return Ok(delivery);
    }
    let evidence = Evidence {
        proof_type: file.proof_type,
        media_id: Some(file.media_id),
        content_hash: hex::decode(sha256).unwrap_or_default(),
        place: file.place,
        notes: file.notes.as_deref(),
        by: user,
    };
    prove::keep(&mut tx, app, actor, &delivery, evidence).await?;
    if file.proof_type == ProofType::Photo {
        deliveries::photo_taken(&mut tx, id, file.media_id, now).await?;
    }
    let event =
        DeliveryProofAdded { delivery: delivery.facts(), media_id: file.media_id, proof_type: file.proof_type.to_string() };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let delivery = deliveries::find(&mut tx, id).await?.ok_or(Refusal::NotFound("delivery"))?;
    tx.commit().await?;
    Ok(delivery)
}
