//! The arithmetic of settlements (rules 32 to 34), in paise.

use chrono::{DateTime, NaiveDate, Utc};
use domain::business_time::end_of_ist_day;
use domain::{GstScheme, Money, MoneyError, OrderId, OrderNumber, Rate, VendorId};

use crate::words::words;

words! {
    /// Where a settlement stands.
    pub enum SettlementStatus {
        /// Made.
        Pending => "pending",
        /// Finance said yes.
        Approved => "approved",
        /// The money went out.
        Paid => "paid",
        /// Approved with nothing to pay out; what the vendor owes is in the next one.
        Closed => "closed",
    }
}

words! {
    /// How a vendor was paid.
    pub enum PayoutMethod {
        /// NEFT, RTGS or IMPS.
        BankTransfer => "bank_transfer",
        /// UPI.
        Upi => "upi",
    }
}

words! {
    /// What changes a later payout.
    pub enum AdjustmentKind {
        /// A refund after its order's settlement.
        Refund => "refund",
        /// A negative payout of an earlier settlement.
        CarryOver => "carry_over",
    }
}

/// Indian days, both inclusive, all over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// Why days are no period to settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodRefused {
    /// It ends before it begins.
    Backwards,
    /// It is not over; it will be at this moment.
    Unfinished(DateTime<Utc>),
}

impl Period {
    /// A period that is over at `now`.
    ///
    /// # Errors
    /// [`PeriodRefused`].
    pub fn finished(start: NaiveDate, end: NaiveDate, now: DateTime<Utc>) -> Result<Self, PeriodRefused> {
        if end < start {
            return Err(PeriodRefused::Backwards);
        }
        let over = end_of_ist_day(end);
        if over > now {
            return Err(PeriodRefused::Unfinished(over));
        }
        Ok(Self { start, end })
    }

    /// The moment it was over.
    #[must_use]
    pub fn over_at(&self) -> DateTime<Utc> {
        end_of_ist_day(self.end)
    }
}

/// An order that may be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderToSettle {
    /// Which.
    pub order_id: OrderId,
    /// Whose.
    pub vendor_id: VendorId,
    /// Its number.
    pub order_number: OrderNumber,
    /// When it was placed.
    pub order_date: DateTime<Utc>,
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
    /// What the buyer was charged.
    pub total: Money,
    /// The part of it that is tax.
    pub tax: Money,
    /// What went back so far.
    pub refunded: Money,
    /// Commission frozen when it was placed.
    pub commission_rate: Rate,
    /// Whether the buyer paid in cash.
    pub cash: bool,
    /// Cash the vendor collected.
    pub cod_collected: Money,
    /// Cash the vendor handed over already.
    pub cod_remitted: Money,
    /// Whether it went to the vendor's own state.
    pub same_state: bool,
    /// How the vendor stands towards GST.
    pub gst_scheme: GstScheme,
}

/// One order's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Total less what went back before.
    pub order_amount: Money,
    /// Rate times that, rounded half away from zero.
    pub commission_amount: Money,
    /// The rest.
    pub net_amount: Money,
    /// Cash still to be handed over.
    pub cod_to_remit: Money,
}

/// Settles one order.
///
/// # Errors
/// [`MoneyError`].
pub fn line(order: &OrderToSettle) -> Result<Line, MoneyError> {
    let order_amount = order.total.checked_sub(order.refunded)?;
    let commission_amount = order_amount.percent(order.commission_rate)?;
    Ok(Line {
        order_amount,
        commission_amount,
        net_amount: order_amount.checked_sub(commission_amount)?,
        cod_to_remit: order.cod_collected.checked_sub(order.cod_remitted)?,
    })
}

/// What a settlement keeps of an order, for refunds that come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledOrder {
    /// What the buyer was charged.
    pub order_total: Money,
    /// What had gone back when it was settled.
    pub refunded_before: Money,
    /// The frozen rate.
    pub commission_rate: Rate,
    /// Commission taken.
    pub commission_amount: Money,
    /// Commission given back since.
    pub commission_returned: Money,
}

/// What a refund after settlement changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundAdjustment {
    /// The part of the refund that the settlement did not know of.
    pub refund_amount: Money,
    /// Its commission.
    pub commission_returned: Money,
    /// `commission_returned - refund_amount`.
    pub amount: Money,
}

/// The adjustment for a refund (rule 34); none when the settlement took it into account already. `refunded_total` is what
/// went back in all, this refund included, in the payment service's order: that makes the order of arrival irrelevant.
///
/// # Errors
/// [`MoneyError`].
pub fn refund_adjustment(
    settled: &SettledOrder,
    refund: Money,
    refunded_total: Money,
) -> Result<Option<RefundAdjustment>, MoneyError> {
    let refund_amount = refund.min(refunded_total.checked_sub(settled.refunded_before)?);
    if refund_amount <= Money::ZERO {
        return Ok(None);
    }
    let left = settled.commission_amount.checked_sub(settled.commission_returned)?;
    let commission_returned =
        if refunded_total >= settled.order_total { left } else { refund_amount.percent(settled.commission_rate)?.min(left) };
    let amount = commission_returned.checked_sub(refund_amount)?;
    Ok(Some(RefundAdjustment { refund_amount, commission_returned, amount }))
}

/// An adjustment as the sums need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdjustmentShare {
    /// What kind.
    pub kind: AdjustmentKind,
    /// Signed.
    pub amount: Money,
    /// Commission in it.
    pub commission_returned: Money,
}

/// The sums of a settlement (rule 33).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Sum of the lines' order amounts.
    pub gross_revenue: Money,
    /// Sum of the lines' commissions.
    pub commission_amount: Money,
    /// Their difference.
    pub net_amount: Money,
    /// Cash collected on the orders.
    pub cod_collected: Money,
    /// Cash still to be handed over.
    pub cod_to_remit: Money,
    /// Sum of the adjustments, signed.
    pub adjustments: Money,
    /// Commission given back in them.
    pub commission_returned: Money,
    /// Carried over in them; zero or negative.
    pub carried_over: Money,
    /// Sum of the deductions.
    pub deductions: Money,
    /// `net_amount - cod_to_remit + adjustments - deductions`.
    pub payout_amount: Money,
}

/// Adds up.
///
/// # Errors
/// [`MoneyError`].
pub fn sums(
    lines: impl IntoIterator<Item = (Line, Money)>,
    adjustments: &[AdjustmentShare],
    deductions: impl IntoIterator<Item = Money>,
) -> Result<Sums, MoneyError> {
    let mut sums = Sums::default();
    for (line, cod_collected) in lines {
        sums.gross_revenue = sums.gross_revenue.checked_add(line.order_amount)?;
        sums.commission_amount = sums.commission_amount.checked_add(line.commission_amount)?;
        sums.net_amount = sums.net_amount.checked_add(line.net_amount)?;
        sums.cod_collected = sums.cod_collected.checked_add(cod_collected)?;
        sums.cod_to_remit = sums.cod_to_remit.checked_add(line.cod_to_remit)?;
    }
    for adjustment in adjustments {
        sums.adjustments = sums.adjustments.checked_add(adjustment.amount)?;
        sums.commission_returned = sums.commission_returned.checked_add(adjustment.commission_returned)?;
        if adjustment.kind == AdjustmentKind::CarryOver {
            sums.carried_over = sums.carried_over.checked_add(adjustment.amount)?;
        }
    }
    sums.deductions = Money::total(deductions)?;
    sums.payout_amount =
        sums.net_amount.checked_sub(sums.cod_to_remit)?.checked_add(sums.adjustments)?.checked_sub(sums.deductions)?;
    Ok(sums)
}

#[cfg(test)]
#[path = "settlement_tests.rs"]
mod tests;
