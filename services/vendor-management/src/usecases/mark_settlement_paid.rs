//! Finance says that a settlement's money went out.

use domain::events::SettlementPaid;
use domain::{Actor, SettlementId, UserId};
use pg_kit::outbox;
use serde_json::json;

use super::approve_settlement::facts;
use super::{Refusal, audit};
use crate::App;
use crate::domain::settlement::{PayoutMethod, SettlementStatus};
use crate::store::settlements::{self, Settlement};

/// How it was paid.
#[derive(Debug)]
pub(crate) struct Payout {
    pub(crate) method: PayoutMethod,
    pub(crate) reference: String,
    pub(crate) notes: Option<String>,
}

/// Marks it as paid. Over the limit whoever approved it cannot. The same reference again changes nothing.
pub(crate) async fn mark_settlement_paid(
    app: &App,
    actor: &Actor,
    by: UserId,
    id: SettlementId,
    payout: &Payout,
) -> Result<Settlement, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let settlement = settlements::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("settlement"))?;
    match settlement.status {
        SettlementStatus::Approved => {}
        SettlementStatus::Paid if settlement.payment_reference.as_deref() == Some(payout.reference.as_str()) => {
            return Ok(settlement);
        }
        SettlementStatus::Paid => return Err(Refusal::AlreadyPaid),
        SettlementStatus::Pending | SettlementStatus::Closed => {
            return Err(Refusal::IllegalTransition { from: settlement.status.as_str(), to: "paid" });
        }
    }
    let limit = app.config.settlement_two_person_limit;
    if settlement.payout_amount > limit && settlement.approved_by == Some(by) {
        return Err(Refusal::SecondPersonRequired { limit });
    }
    if !settlements::pay(&mut tx, id, payout.method, &payout.reference, payout.notes.as_deref(), by, now).await? {
        return Err(Refusal::ConcurrentChange);
    }
    let event = SettlementPaid {
        settlement: facts(&mut tx, &settlement).await?,
        payment_reference: Some(payout.reference.clone()),
        paid_at: now,
    };
    outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let what = ("settlement.paid", "settlement", id.as_uuid());
    let after = json!({
        "status": SettlementStatus::Paid, "payout_amount": settlement.payout_amount,
        "payment_method": payout.method, "payment_reference": payout.reference,
    });
    audit::record(&mut tx, app, actor, what, json!({"status": settlement.status}), after).await?;
    let settlement = settlements::find(&mut tx, id).await?.ok_or(Refusal::NotFound("settlement"))?;
    tx.commit().await?;
    Ok(settlement)
}
