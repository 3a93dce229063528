//! Move a delivery: assigned, on its way, failed.

use chrono::{DateTime, Utc};
use domain::events::{DeliveryAssigned, DeliveryDispatched, DeliveryFailed};
use domain::{Actor, DeliveryId, DeliveryStatus, UserId, VendorId};
use pg_kit::outbox;
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::Problem;
use crate::domain::delivery::{Helper, Move, MoveRefused, Schedule, plan_problems, way};
use crate::domain::place::Place;
use crate::store::deliveries::{self, Delivery, Step};
use crate::store::history::{self, NewEntry};

/// What is wanted.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) status: DeliveryStatus,
    pub(crate) place: Option<Place>,
    pub(crate) notes: Option<String>,
    /// Who brings it.
    pub(crate) delivered_by: Option<UserId>,
    /// Who of the vendor's brings it, when that is no user.
    pub(crate) helper: Option<Helper>,
    /// When it is planned for.
    pub(crate) schedule: Option<Schedule>,
}

impl Wish {
    fn plans(&self) -> bool {
        self.helper.is_some() || self.schedule.is_some()
    }
}

/// The delivery, held until the transaction ends, if it is this vendor's; `None` stands for staff.
pub(crate) async fn hold(conn: &mut PgConnection, id: DeliveryId, owner: Option<VendorId>) -> Result<Delivery, Refusal> {
    deliveries::lock(conn, id)
        .await?
        .filter(|delivery| owner.is_none_or(|vendor| delivery.vendor_id == vendor))
        .ok_or(Refusal::NotFound("delivery"))
}

/// Moves it through every state on the way, each told to the others. Being there already changes nothing but the position.
pub(crate) async fn move_delivery(
    app: &App,
    actor: &Actor,
    id: DeliveryId,
    owner: Option<VendorId>,
    wish: &Wish,
) -> Result<Delivery, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let delivery = hold(&mut tx, id, owner).await?;
    if delivery.order_cancelled_at.is_some() {
        return Err(Refusal::OrderCancelled);
    }
    let steps = match way(delivery.status, wish.status) {
        Ok(Move::AlreadyThere) => Vec::new(),
        Ok(Move::Through(steps)) => steps,
        Err(MoveRefused::NeedsProof) => return Err(Refusal::ProofRequired),
        Err(MoveRefused::Illegal) => {
            return Err(Refusal::IllegalTransition { from: delivery.status.as_str(), to: wish.status.as_str() });
        }
    };
    if wish.status == DeliveryStatus::Failed && wish.notes.as_deref().is_none_or(|n| n.trim().is_empty()) {
        return Err(Refusal::Invalid(vec![Problem::new("notes", "say why it failed")]));
    }
    let problems = plan_problems(wish.schedule.as_ref(), wish.status, now);
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems));
    }
    if wish.plans() && matches!(delivery.status, DeliveryStatus::Delivered) {
        return Err(Refusal::IllegalTransition { from: delivery.status.as_str(), to: wish.status.as_str() });
    }
    if wish.plans() {
        deliveries::plan(&mut tx, id, wish.helper.as_ref(), wish.schedule.as_ref(), now).await?;
    }
    if steps.is_empty() {
        let delivery = deliveries::find(&mut tx, id).await?.ok_or(Refusal::NotFound("delivery"))?;
        if wish.place.is_some() || wish.plans() {
            note(&mut tx, app, actor, &delivery, (Some(delivery.status), delivery.status), wish, now).await?;
        }
        if wish.plans() && delivery.status == DeliveryStatus::Assigned {
            tell(&mut tx, app, actor, &delivery, now).await?;
        }
        tx.commit().await?;
        return Ok(delivery);
    }
    let delivery = take(&mut tx, app, actor, delivery, &steps, wish).await?;
    tx.commit().await?;
    Ok(delivery)
}

/// Takes the steps in the caller's transaction.
pub(crate) async fn take(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    mut delivery: Delivery,
    steps: &[DeliveryStatus],
    wish: &Wish,
) -> Result<Delivery, Refusal> {
    let now = app.kit.clock.now();
    for to in steps.iter().copied() {
        let from = delivery.status;
        let failure_reason = wish.notes.as_deref().filter(|_| to == DeliveryStatus::Failed);
        let step = Step { from, to, failure_reason, by: wish.delivered_by, now };
        if !deliveries::step(conn, delivery.id, &step).await? {
            return Err(Refusal::ConcurrentChange);
        }
        note(conn, app, actor, &delivery, (Some(from), to), wish, now).await?;
        delivery = deliveries::find(conn, delivery.id).await?.ok_or(Refusal::NotFound("delivery"))?;
        tell(conn, app, actor, &delivery, now).await?;
    }
    Ok(delivery)
}

async fn note(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    delivery: &Delivery,
    (from, to): (Option<DeliveryStatus>, DeliveryStatus),
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let entry = NewEntry {
        id: app.kit.ids.uuid(),
        delivery_id: delivery.id,
        from,
        to,
        notes: wish.notes.as_deref(),
        place: wish.place.map(Place::rounded),
        actor,
        now,
    };
    Ok(history::append(conn, &entry).await?)
}

async fn tell(conn: &mut PgConnection, app: &App, actor: &Actor, delivery: &Delivery, now: DateTime<Utc>) -> Result<(), Refusal> {
    let (ids, facts) = (&*app.kit.ids, delivery.facts());
    match delivery.status {
        DeliveryStatus::Assigned => outbox::append(conn, now, ids, actor, &DeliveryAssigned { delivery: facts }).await?,
        DeliveryStatus::InTransit => outbox::append(conn, now, ids, actor, &DeliveryDispatched { delivery: facts }).await?,
        DeliveryStatus::Failed => {
            let reason = delivery.failure_reason.clone().unwrap_or_default();
            outbox::append(conn, now, ids, actor, &DeliveryFailed { delivery: facts, reason }).await?
        }
        DeliveryStatus::Pending | DeliveryStatus::Delivered => return Ok(()),
    };
    Ok(())
}
