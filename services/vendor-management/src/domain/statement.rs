//! A settlement with everything it consists of, as its statement says it.

use chrono::{DateTime, Utc};
use domain::{Money, OrderNumber, Rate, SettlementId, SettlementNumber};

use super::settlement::{Period, SettlementStatus, Sums};

/// A statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The settlement.
    pub id: SettlementId,
    /// Its number.
    pub number: SettlementNumber,
    /// Indian days, both inclusive.
    pub period: Period,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub status: SettlementStatus,
    /// By which reference it was paid, and when.
    pub paid: Option<(String, DateTime<Utc>)>,
    /// Whose.
    pub vendor_name: String,
    /// Where.
    pub vendor_address: Option<String>,
    /// GSTIN and PAN, masked.
    pub vendor_tax_ids: Option<String>,
    /// Where it is paid to, masked.
    pub vendor_bank: Option<String>,
    /// The orders.
    pub orders: Vec<OrderLine>,
    /// Refunds after settlement and carry-overs.
    pub adjustments: Vec<AdjustmentLine>,
    /// What the law deducts.
    pub deductions: Vec<DeductionLine>,
    /// The sums.
    pub sums: Sums,
}

/// One order.
#[derive(Debug, Clone)]
pub struct OrderLine {
    /// Its number.
    pub order_number: OrderNumber,
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
    /// What the buyer was charged.
    pub order_total: Money,
    /// What had gone back.
    pub refunded_before: Money,
    /// The rest.
    pub order_amount: Money,
    /// Commission in percent.
    pub commission_rate: Rate,
    /// Of that rate.
    pub commission_amount: Money,
    /// The rest.
    pub net_amount: Money,
    /// Cash that the vendor holds.
    pub cod_to_remit: Money,
}

/// One adjustment.
#[derive(Debug, Clone)]
pub struct AdjustmentLine {
    /// In words.
    pub what: String,
    /// Of a refund.
    pub refund_amount: Option<Money>,
    /// Of a refund.
    pub commission_returned: Money,
    /// Signed.
    pub amount: Money,
}

/// One deduction.
#[derive(Debug, Clone)]
pub struct DeductionLine {
    /// Of which order.
    pub order_number: Option<OrderNumber>,
    /// In words.
    pub what: String,
    /// By which law.
    pub legal_basis: String,
    /// Of what.
    pub base_amount: Money,
    /// How much of it.
    pub rate: Rate,
    /// That.
    pub amount: Money,
}

/// A row of the statement as a table. The amounts of all rows but the last add up to the last: the payout.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// `order`, `adjustment`, `deduction` or `payout`.
    pub line: &'static str,
    /// Of which order.
    pub order_number: String,
    /// When it was completed, RFC 3339.
    pub completed_at: String,
    /// In words.
    pub details: String,
    /// What the buyer was charged.
    pub order_total: String,
    /// What had gone back, or goes back now.
    pub refunded: String,
    /// What commission is taken of.
    pub order_amount: String,
    /// In percent.
    pub rate: String,
    /// Taken; with a minus given back.
    pub commission: String,
    /// Cash that the vendor holds.
    pub cod_to_remit: String,
    /// What it does to the payout, signed.
    pub amount: String,
    /// `INR`.
    pub currency: &'static str,
}

impl Row {
    fn new(line: &'static str, details: String, amount: Money) -> Self {
        Self {
            line,
            order_number: String::new(),
            completed_at: String::new(),
            details,
            order_total: String::new(),
            refunded: String::new(),
            order_amount: String::new(),
            rate: String::new(),
            commission: String::new(),
            cod_to_remit: String::new(),
            amount: amount.to_string(),
            currency: "INR",
        }
    }
}

impl Statement {
    /// As a table.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn rows(&self) -> Result<Vec<Row>, domain::MoneyError> {
        let mut rows = Vec::with_capacity(self.orders.len() + self.adjustments.len() + self.deductions.len() + 1);
        for line in &self.orders {
            let amount = line.net_amount.checked_sub(line.cod_to_remit)?;
            rows.push(Row {
                order_number: line.order_number.to_string(),
                completed_at: line.completed_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
                order_total: line.order_total.to_string(),
                refunded: line.refunded_before.to_string(),
                order_amount: line.order_amount.to_string(),
                rate: line.commission_rate.to_string(),
                commission: line.commission_amount.to_string(),
                cod_to_remit: line.cod_to_remit.to_string(),
                ..Row::new("order", String::new(), amount)
            });
        }
        for line in &self.adjustments {
            rows.push(Row {
                refunded: line.refund_amount.map_or_else(String::new, |amount| amount.to_string()),
                commission: Money::ZERO.checked_sub(line.commission_returned)?.to_string(),
                ..Row::new("adjustment", line.what.clone(), line.amount)
            });
        }
        for line in &self.deductions {
            rows.push(Row {
                order_number: line.order_number.as_ref().map_or_else(String::new, ToString::to_string),
                order_amount: line.base_amount.to_string(),
                rate: line.rate.to_string(),
                ..Row::new("deduction", format!("{}, {}", line.what, line.legal_basis), Money::ZERO.checked_sub(line.amount)?)
            });
        }
        let details = format!("{} {} to {}", self.number, self.period.start, self.period.end);
        rows.push(Row::new("payout", details, self.sums.payout_amount));
        Ok(rows)
    }
}
