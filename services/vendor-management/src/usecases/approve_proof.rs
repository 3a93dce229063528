//! Staff accept the photo in place of the code (rule 38).

use domain::{Actor, DeliveryId, DeliveryStatus, UserId};
use serde_json::json;

use super::prove::{self, Evidence};
use super::{Refusal, audit, move_delivery};
use crate::App;
use crate::domain::delivery::ProvenBy;
use crate::domain::proof::{ProofType, sha256};
use crate::store::deliveries::Delivery;
use crate::store::proofs;

/// Ends a delivery that has a photo and no code. Again changes nothing.
pub(crate) async fn approve_proof(
    app: &App,
    actor: &Actor,
    by: UserId,
    id: DeliveryId,
    notes: Option<&str>,
) -> Result<Delivery, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let delivery = move_delivery::hold(&mut tx, id, None).await?;
    if delivery.status == DeliveryStatus::Delivered && delivery.proven_by == Some(ProvenBy::Photo) {
        return Ok(delivery);
    }
    if delivery.status != DeliveryStatus::InTransit {
        return Err(Refusal::NotInTransit { status: delivery.status.as_str() });
    }
    let chain = proofs::of_delivery(&mut tx, id).await?;
    prove::check_chain(&delivery, &chain).map_err(Refusal::ProofsTampered)?;
    // A photo of an earlier attempt proves nothing of this one.
    let of_this_attempt = |proof: &&proofs::Proof| delivery.dispatched_at.is_none_or(|since| proof.uploaded_at >= since);
    let mut photos = chain.iter().filter(|proof| proof.proof_type == ProofType::Photo);
    let photo = photos.rfind(of_this_attempt).ok_or(Refusal::NoPhoto)?;
    let evidence =
        Evidence { proof_type: ProofType::Approval, media_id: None, content_hash: sha256(&photo.hash), place: None, notes, by };
    prove::keep(&mut tx, app, actor, &delivery, evidence).await?;
    let delivery = prove::deliver(&mut tx, app, actor, &delivery, ProvenBy::Photo, None, now).await?;
    let what = ("delivery.proof_approved", "delivery", id.as_uuid());
    let after = json!({"status": delivery.status, "photo": photo.media_id, "order_number": delivery.order_number});
    audit::record(&mut tx, app, actor, what, json!({"status": DeliveryStatus::InTransit}), after).await?;
    tx.commit().await?;
    Ok(delivery)
}
