//! What a vendor earned to date. What is not settled yet counts by the very arithmetic that its settlement will use, so that
//! `due` is what the next settlements pay, to the paisa.

use domain::{Money, VendorId};

use super::Refusal;
use crate::App;
use crate::domain::deductions;
use crate::domain::settlement;
use crate::store::earnings::{self, Unsettled};
use crate::store::settlement_runs as runs;

/// To date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Earnings {
    pub(crate) orders_completed: i64,
    pub(crate) gross: Money,
    pub(crate) commission: Money,
    pub(crate) deductions: Money,
    pub(crate) cod_in_hand: Money,
    pub(crate) paid_out: Money,
    pub(crate) settled_unpaid: Money,
    pub(crate) adjustments_waiting: Money,
    /// What orders that no settlement has will bring.
    pub(crate) unsettled: Money,
    /// The same of disputed ones, apart.
    pub(crate) on_hold: Money,
}

impl Earnings {
    /// What is still to come; negative when the vendor owes.
    pub(crate) fn due(&self) -> Result<Money, Refusal> {
        Ok(Money::total([self.settled_unpaid, self.unsettled, self.adjustments_waiting])?)
    }
}

/// Adds up in one snapshot: a settlement run at the same moment is seen whole or not at all.
pub(crate) async fn to_date(app: &App, id: VendorId) -> Result<Earnings, Refusal> {
    let mut tx = app.kit.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let settled = earnings::settled(&mut tx, id).await?;
    let unsettled = earnings::unsettled(&mut tx, id).await?;
    let rates = runs::rates(&mut tx).await?;
    tx.commit().await?;
    let mut sums = Earnings {
        orders_completed: settled.orders,
        gross: settled.gross,
        commission: settled.commission,
        deductions: settled.deductions,
        cod_in_hand: settled.cod_in_hand,
        paid_out: settled.paid_out,
        settled_unpaid: settled.unpaid,
        adjustments_waiting: settled.adjustments_waiting,
        ..Earnings::default()
    };
    let switches = app.config.deductions();
    for Unsettled { order, held } in &unsettled {
        let line = settlement::line(order)?;
        let deducted = Money::total(deductions::of_order(order, &line, switches, &rates)?.iter().map(|d| d.amount))?;
        let brings = line.net_amount.checked_sub(line.cod_to_remit)?.checked_sub(deducted)?;
        sums.orders_completed += 1;
        sums.gross = sums.gross.checked_add(line.order_amount)?;
        sums.commission = sums.commission.checked_add(line.commission_amount)?;
        let place = if *held { &mut sums.on_hold } else { &mut sums.unsettled };
        *place = place.checked_add(brings)?;
        if !held {
            sums.deductions = sums.deductions.checked_add(deducted)?;
        }
    }
    Ok(sums)
}
