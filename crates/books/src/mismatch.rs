//! What does not agree.

use std::fmt;

use serde::Serialize;

/// Which two sides were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pair {
    /// An order and its own lines.
    OrderItself,
    /// Order and payment.
    OrderPayment,
    /// A payment and its own refunds.
    PaymentRefunds,
    /// Payment and gateway.
    PaymentGateway,
    /// Payment and ledger.
    PaymentLedger,
    /// The ledger in itself.
    LedgerItself,
    /// Payment and cash.
    PaymentCash,
    /// Order and settlement.
    OrderSettlement,
    /// A settlement and its own lines.
    SettlementItself,
    /// Settlement and ledger.
    SettlementLedger,
}

impl Pair {
    /// Its word in JSON and CSV.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderItself => "order_itself",
            Self::OrderPayment => "order_payment",
            Self::PaymentRefunds => "payment_refunds",
            Self::PaymentGateway => "payment_gateway",
            Self::PaymentLedger => "payment_ledger",
            Self::LedgerItself => "ledger_itself",
            Self::PaymentCash => "payment_cash",
            Self::OrderSettlement => "order_settlement",
            Self::SettlementItself => "settlement_itself",
            Self::SettlementLedger => "settlement_ledger",
        }
    }
}

/// A row of a table, or a thing at the gateway.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The table; `gateway` at the gateway.
    pub table: &'static str,
    /// Its key.
    pub key: String,
}

impl Row {
    /// A row by its key.
    pub fn new(table: &'static str, key: impl fmt::Display) -> Self {
        Self { table, key: key.to_string() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.key)
    }
}

/// Two things that do not agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// Which sides.
    pub pair: Pair,
    /// The number of the rule that is broken.
    pub rule: u8,
    /// The row that is held to be wrong.
    pub row: Row,
    /// The row that says otherwise, where there is one.
    pub against: Option<Row>,
    /// The order's number, where one is concerned.
    pub order_number: Option<String>,
    /// What does not agree.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} · {} · {}", self.rule, self.pair.as_str(), self.row)?;
        if let Some(against) = &self.against {
            write!(f, " against {against}")?;
        }
        if let Some(number) = &self.order_number {
            write!(f, " ({number})")?;
        }
        write!(f, " · {}: expected {}, found {}", self.what, self.expected, self.found)
    }
}
