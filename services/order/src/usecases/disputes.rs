//! Disputes: raising and deciding them. Money and settlement follow from the events.

use domain::events::{DisputeRaised, DisputeResolved};
use domain::{Actor, ActorKind, DisputeId, MediaId, Money, OrderId, OrderStatus};
use serde_json::json;

use super::media::check_own;
use super::moves::By;
use super::{Missing, Refusal};
use crate::App;
use crate::domain::dispute::{self, Dispute, Undecidable};
use crate::domain::words::{DisputeResolution, DisputeStatus, DisputeType};
use crate::store::disputes::{self, DisputeFilter, DisputeReader};
use crate::store::orders::{self, Reader};

/// A dispute about to be raised.
#[derive(Debug, Clone)]
pub(crate) struct NewDispute {
    pub(crate) dispute_type: DisputeType,
    pub(crate) description: String,
    pub(crate) evidence: Vec<MediaId>,
}

/// A decision.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) resolution: DisputeResolution,
    pub(crate) amount: Option<Money>,
    pub(crate) notes: Option<String>,
}

const fn disputable(status: OrderStatus) -> Result<(), Refusal> {
    if dispute::can_be_disputed(status) { Ok(()) } else { Err(Refusal::NotDelivered(status)) }
}

/// Raises a dispute about an order of the reader's.
pub(crate) async fn raise_dispute(
    app: &App,
    actor: &Actor,
    reader: Reader,
    order_id: OrderId,
    new: NewDispute,
) -> Result<Dispute, Refusal> {
    let raised_by = actor.user_id.ok_or(Refusal::Fault("a dispute is raised by a person"))?;
    {
        let mut conn = app.kit.pool.acquire().await?;
        let order = orders::find(&mut conn, order_id, reader).await?.ok_or(Refusal::NotFound)?;
        disputable(order.status)?;
    }
    check_own(app, actor, "evidence_media_ids", &new.evidence).await?;
    let by = By { app, actor, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    let raised_against = if actor.kind == ActorKind::Buyer { order.vendor_user_id } else { order.buyer_user_id };
    let dispute = Dispute {
        id: app.kit.ids.next(),
        dispute_number: disputes::next_number(&mut tx).await?,
        order_id,
        raised_by,
        raised_by_kind: actor.kind,
        raised_against,
        dispute_type: new.dispute_type,
        description: new.description,
        evidence_media_ids: new.evidence.iter().map(MediaId::as_uuid).collect(),
        status: DisputeStatus::Open,
        resolved_by: None,
        resolution: None,
        resolution_notes: None,
        refund_amount: None,
        resolved_at: None,
        created_at: by.now,
        updated_at: by.now,
    };
    if !disputes::insert(&mut tx, &dispute).await? {
        return Err(Refusal::DisputeOpen);
    }
    let event = DisputeRaised {
        dispute_id: dispute.id,
        dispute_number: dispute.dispute_number.clone(),
        order_id,
        order_number: order.order_number.clone(),
        buyer_user_id: order.buyer_user_id,
        vendor_id: order.vendor_id,
        raised_by,
        dispute_type: dispute.dispute_type.to_string(),
    };
    let summary = format!("The {} disputes the order ({})", actor.kind, dispute.dispute_type);
    by.tell(&mut tx, order_id, &event, summary).await?;
    tx.commit().await?;
    Ok(dispute)
}

/// Decides a dispute. Decided so already: the dispute as it is.
pub(crate) async fn resolve_dispute(app: &App, actor: &Actor, id: DisputeId, decision: Decision) -> Result<Dispute, Refusal> {
    let order_id = read_dispute(app, DisputeReader::Staff, id).await?.order_id;
    let by = By { app, actor, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    // The order first: whoever changes its money holds it.
    let order = orders::lock(&mut tx, order_id, Reader::Staff).await?.ok_or(Refusal::NotFound)?;
    let mut dispute = disputes::lock(&mut tx, id).await?.ok_or(Refusal::Missing(Missing::Dispute))?;
    if dispute.was_decided(decision.resolution, decision.amount) {
        return Ok(dispute);
    }
    if !dispute.is_open() {
        return Err(Undecidable::DecidedAlready.into());
    }
    let was = dispute.status;
    dispute.refund_amount = dispute::refund_of(&order, decision.resolution, decision.amount)?;
    dispute.resolution = Some(decision.resolution);
    dispute.resolution_notes = decision.notes;
    dispute.resolved_by = actor.user_id;
    dispute.resolved_at = Some(by.now);
    dispute.updated_at = by.now;
    dispute.status = DisputeStatus::Resolved;
    disputes::resolve(&mut tx, &dispute).await?;
    let event = DisputeResolved {
        dispute_id: id,
        dispute_number: dispute.dispute_number.clone(),
        order_id,
        order_number: order.order_number.clone(),
        buyer_user_id: order.buyer_user_id,
        vendor_id: order.vendor_id,
        resolution: decision.resolution.to_string(),
        refund_amount: dispute.refund_amount,
    };
    let summary = match (decision.resolution, dispute.refund_amount) {
        (_, Some(amount)) => format!("The dispute was decided: ₹{amount} go back"),
        (DisputeResolution::Replacement, None) => "The dispute was decided: the vendor delivers again".to_owned(),
        _ => "The dispute was rejected".to_owned(),
    };
    by.tell(&mut tx, order_id, &event, summary).await?;
    let after = json!({"status": dispute.status, "resolution": decision.resolution, "notes": dispute.resolution_notes,
                       "refund_amount": dispute.refund_amount});
    by.audit(&mut tx, ("dispute.resolved", "dispute", id.as_uuid()), Some(json!({"status": was})), after).await?;
    tx.commit().await?;
    Ok(dispute)
}

/// One dispute.
pub(crate) async fn read_dispute(app: &App, reader: DisputeReader, id: DisputeId) -> Result<Dispute, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    disputes::find(&mut conn, id, reader).await?.ok_or(Refusal::Missing(Missing::Dispute))
}

/// Everybody's disputes, or those of a party.
pub(crate) async fn list_disputes(app: &App, reader: DisputeReader, filter: &DisputeFilter) -> Result<Vec<Dispute>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(match reader {
        DisputeReader::Staff => disputes::of_all(&mut conn, filter).await?,
        DisputeReader::Party(user) => disputes::of_party(&mut conn, user, filter).await?,
    })
}

/// The disputes about an order of the reader's.
pub(crate) async fn disputes_of_order(
    app: &App,
    reader: Reader,
    order_id: OrderId,
    filter: &DisputeFilter,
) -> Result<Vec<Dispute>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find(&mut conn, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    Ok(disputes::of_order(&mut conn, order_id, filter).await?)
}
