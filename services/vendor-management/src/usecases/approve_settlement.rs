//! Finance approves a settlement.

use domain::events::{SettlementApproved, SettlementFacts, SettlementPaid};
use domain::{Actor, SettlementId, UserId};
use pg_kit::outbox;
use serde_json::json;
use sqlx::PgConnection;

use super::generate_settlements::by_kind;
use super::{Refusal, audit};
use crate::App;
use crate::domain::settlement::SettlementStatus;
use crate::store::settlements::{self, Settlement};

/// Approves. One without anything to pay out closes with that: what the vendor owes is carried over already. Again
/// changes nothing.
pub(crate) async fn approve_settlement(app: &App, actor: &Actor, by: UserId, id: SettlementId) -> Result<Settlement, Refusal> {
    let (now, ids) = (app.kit.clock.now(), &*app.kit.ids);
    let mut tx = app.kit.pool.begin().await?;
    let settlement = settlements::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("settlement"))?;
    if settlement.status != SettlementStatus::Pending {
        return Ok(settlement);
    }
    let pays = settlement.payout_amount > domain::Money::ZERO;
    let to = if pays { SettlementStatus::Approved } else { SettlementStatus::Closed };
    if !settlements::approve(&mut tx, id, to, by, now).await? {
        return Err(Refusal::ConcurrentChange);
    }
    let facts = facts(&mut tx, &settlement).await?;
    outbox::append(&mut tx, now, ids, actor, &SettlementApproved { settlement: facts.clone() }).await?;
    if !pays {
        let event = SettlementPaid { settlement: facts, payment_reference: None, paid_at: now };
        outbox::append(&mut tx, now, ids, actor, &event).await?;
    }
    let what = ("settlement.approved", "settlement", id.as_uuid());
    let after = json!({"status": to, "payout_amount": settlement.payout_amount});
    audit::record(&mut tx, app, actor, what, json!({"status": settlement.status}), after).await?;
    let settlement = settlements::find(&mut tx, id).await?.ok_or(Refusal::NotFound("settlement"))?;
    tx.commit().await?;
    Ok(settlement)
}

/// What others are told of a settlement that is kept.
pub(crate) async fn facts(conn: &mut PgConnection, settlement: &Settlement) -> Result<SettlementFacts, Refusal> {
    let order_ids = settlements::lines(conn, settlement.id).await?.into_iter().map(|line| line.order_id).collect();
    let deductions = settlements::deductions(conn, settlement.id).await?;
    let deductions = by_kind(deductions.iter().map(|d| (d.kind.as_str(), d.amount)))?;
    Ok(settlement.facts(order_ids, deductions))
}
