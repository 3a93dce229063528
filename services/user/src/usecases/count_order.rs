//! Counts a completed order for its buyer.

use bus::Outcome;
use domain::Money;
use domain::events::{Envelope, OrderCompleted};
use pg_kit::inbox;

use super::refusal::Refusal;
use crate::App;
use crate::store;

/// Adds an order to its buyer's totals: what it cost less what went back until then.
pub(crate) async fn count_order(app: &App, envelope: &Envelope, event: &OrderCompleted) -> Result<Outcome, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, "user", envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    let spent = event.order.total.checked_sub(event.refunded).unwrap_or(Money::ZERO).max(Money::ZERO);
    if !store::buyers::count_order(&mut tx, event.order.buyer_id, spent, now).await? {
        return Ok(Outcome::Reject(format!("no buyer {}", event.order.buyer_id)));
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
