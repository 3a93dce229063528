//! The part that every proof shares: its place, its hash, its link to the one before.

use chrono::{DateTime, Utc};
use domain::events::DeliveryDelivered;
use domain::{Actor, DeliveryStatus, MediaId, UserId};
use pg_kit::outbox;
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::delivery::ProvenBy;
use crate::domain::place::Place;
use crate::domain::proof::{ChainBroken, FIRST, HASH_VERSION, PlaceSource, ProofContent, ProofType, verify};
use crate::store::deliveries::{self, Delivery};
use crate::store::history::{self, NewEntry};
use crate::store::proofs;

/// What proves something.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) proof_type: ProofType,
    pub(crate) media_id: Option<MediaId>,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) place: Option<Place>,
    pub(crate) notes: Option<&'a str>,
    pub(crate) by: UserId,
}

/// Adds evidence to the chain of a delivery that the caller holds.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    delivery: &Delivery,
    evidence: Evidence<'_>,
) -> Result<(), Refusal> {
    let last = proofs::of_delivery(conn, delivery.id).await?.pop();
    let (place, place_source) = place_of(conn, delivery, evidence.place).await?;
    let content = ProofContent {
        hash_version: HASH_VERSION,
        delivery_id: delivery.id,
        position: last.as_ref().map_or(1, |proof| proof.position + 1),
        proof_type: evidence.proof_type,
        media_id: evidence.media_id,
        content_hash: evidence.content_hash,
        place: place.map(Place::rounded),
        place_source,
        by: evidence.by,
        via: actor.channel,
        at: app.kit.clock.now(),
        notes: evidence.notes.map(str::to_owned),
    };
    let prev_hash = last.map_or_else(|| FIRST.to_vec(), |proof| proof.hash);
    Ok(proofs::append(conn, app.kit.ids.uuid(), &content, &prev_hash).await?)
}

/// Whether the chain of a delivery's proofs is as it was made. One that is not is somebody's doing: it is logged as an error.
pub(crate) fn check_chain(delivery: &Delivery, chain: &[proofs::Proof]) -> Result<(), ChainBroken> {
    let links: Vec<_> = chain.iter().map(|proof| proof.link(delivery.id)).collect();
    let checked = verify(&links, (delivery.proofs_count, delivery.proofs_head.as_deref()));
    if let Err(broken) = &checked {
        tracing::error!(delivery = %delivery.id, %broken, "the proofs of a delivery were tampered with");
    }
    checked
}

/// The place that was told, or the last one on the way, or where the order is to be brought.
async fn place_of(
    conn: &mut PgConnection,
    delivery: &Delivery,
    told: Option<Place>,
) -> Result<(Option<Place>, PlaceSource), Refusal> {
    if told.is_some() {
        return Ok((told, PlaceSource::Reported));
    }
    if let Some(last) = history::last_place(conn, delivery.id).await? {
        return Ok((Some(last), PlaceSource::LastPosition));
    }
    let address = &delivery.delivery_address.0;
    let place = Place::of(address.latitude, address.longitude);
    Ok((place, if place.is_some() { PlaceSource::DeliveryAddress } else { PlaceSource::Unknown }))
}

/// Ends a delivery on its way by proof, and tells the others.
pub(crate) async fn deliver(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    delivery: &Delivery,
    proven_by: ProvenBy,
    place: Option<Place>,
    now: DateTime<Utc>,
) -> Result<Delivery, Refusal> {
    let by = actor.user_id.filter(|_| proven_by == ProvenBy::Otp);
    if !deliveries::delivered(conn, delivery.id, proven_by, by, now).await? {
        return Err(Refusal::NotInTransit { status: delivery.status.as_str() });
    }
    let entry = NewEntry {
        id: app.kit.ids.uuid(),
        delivery_id: delivery.id,
        from: Some(delivery.status),
        to: DeliveryStatus::Delivered,
        notes: None,
        place,
        actor,
        now,
    };
    history::append(conn, &entry).await?;
    let delivery = deliveries::find(conn, delivery.id).await?.ok_or(Refusal::NotFound("delivery"))?;
    let event = DeliveryDelivered { delivery: delivery.facts(), delivered_at: now, proven_by: proven_by.to_string() };
    outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    Ok(delivery)
}
