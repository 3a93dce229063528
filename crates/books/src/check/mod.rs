//! The comparison: pure, each pair in a file of its own.

mod gateway;
mod ledger;
mod order;
mod refunds;
mod settlement;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::Hash;

use domain::Money;
use uuid::Uuid;

use crate::facts::{AdjustmentFact, CopyFact, Facts, GatewayPayment, LineFact, OrderFact, PaymentFact, RefundFact, StrayFact};
use crate::mismatch::{Mismatch, Pair, Row};

/// What an account adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// Debits less credits, in paise.
    pub paise: i64,
}

/// Every account of the ledger, added up anew.
pub fn balances(facts: &Facts) -> Vec<Balance> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for (account, paise) in facts.movements.iter().flat_map(|movement| &movement.entries) {
        let sum = sums.entry(account).or_default();
        *sum = sum.saturating_add(*paise);
    }
    sums.into_iter().map(|(account, paise)| Balance { account: account.to_owned(), paise }).collect()
}

/// Compares everything with everything, and names what does not agree.
pub fn check(facts: &Facts) -> Vec<Mismatch> {
    let mut found = Found::new(facts);
    order::check(&mut found);
    refunds::check(&mut found);
    gateway::check(&mut found);
    ledger::check(&mut found);
    settlement::check(&mut found);
    found.mismatches.sort();
    found.mismatches.dedup();
    found.mismatches
}

/// What was found so far, with ways to look things up.
pub(crate) struct Found<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) orders: HashMap<Uuid, &'a OrderFact>,
    pub(crate) payments: HashMap<Uuid, &'a PaymentFact>,
    /// By their order.
    pub(crate) payment_of: HashMap<Uuid, &'a PaymentFact>,
    /// By the gateway's payment whose money they took.
    pub(crate) took: HashMap<&'a str, &'a PaymentFact>,
    /// By the gateway's orders that were made for them.
    pub(crate) waited_on: HashMap<&'a str, &'a PaymentFact>,
    pub(crate) refunds: HashMap<Uuid, &'a RefundFact>,
    /// By their payment.
    pub(crate) refunds_of: HashMap<Uuid, Vec<&'a RefundFact>>,
    /// By the gateway's payment that they give back.
    pub(crate) refunds_there: HashMap<&'a str, Vec<&'a RefundFact>>,
    /// By the gateway's payment.
    pub(crate) strays: HashMap<&'a str, &'a StrayFact>,
    /// The gateway's payments by their id.
    pub(crate) there: HashMap<&'a str, &'a GatewayPayment>,
    /// By their order.
    pub(crate) copies: HashMap<Uuid, &'a CopyFact>,
    /// By their settlement.
    pub(crate) lines_of: HashMap<Uuid, Vec<&'a LineFact>>,
    /// By their settlement.
    pub(crate) adjustments_of: HashMap<Uuid, Vec<&'a AdjustmentFact>>,
    mismatches: Vec<Mismatch>,
}

/// One comparison: which sides, which rule, which rows.
pub(crate) struct Side<'a> {
    pub(crate) pair: Pair,
    pub(crate) rule: u8,
    pub(crate) row: Row,
    pub(crate) against: Option<Row>,
    pub(crate) number: Option<&'a str>,
}

/// The first of each key.
fn first<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, V> {
    let mut found = HashMap::new();
    for (key, value) in pairs {
        found.entry(key).or_insert(value);
    }
    found
}

/// All of each key, in their order.
fn all<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut found: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        found.entry(key).or_default().push(value);
    }
    found
}

impl<'a> Found<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            orders: facts.orders.iter().map(|order| (order.id, order)).collect(),
            payments: facts.payments.iter().map(|payment| (payment.id, payment)).collect(),
            payment_of: first(facts.payments.iter().map(|payment| (payment.order_id, payment))),
            took: first(facts.payments.iter().filter_map(|payment| Some((payment.gateway_payment.as_deref()?, payment)))),
            waited_on: first(
                facts
                    .payments
                    .iter()
                    .flat_map(|payment| payment.gateway_orders.iter().map(move |order| (order.as_str(), payment))),
            ),
            refunds: first(facts.refunds.iter().map(|refund| (refund.id, refund))),
            refunds_of: all(facts.refunds.iter().map(|refund| (refund.payment_id, refund))),
            refunds_there: all(facts.refunds.iter().filter_map(|refund| Some((refund.gateway_payment.as_deref()?, refund)))),
            strays: first(facts.strays.iter().map(|stray| (stray.gateway_payment.as_str(), stray))),
            there: facts.gateway.iter().flatten().map(|payment| (payment.id.as_str(), payment)).collect(),
            copies: first(facts.copies.iter().map(|copy| (copy.order_id, copy))),
            lines_of: all(facts.lines.iter().map(|line| (line.settlement_id, line))),
            adjustments_of: all(facts.adjustments.iter().filter_map(|adjustment| Some((adjustment.settlement_id?, adjustment)))),
            mismatches: Vec::new(),
        }
    }

    /// Notes a difference when there is one.
    pub(crate) fn same<T: PartialEq + Display>(&mut self, side: Side<'_>, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.note(side, what, expected, found);
        }
    }

    /// Notes a difference between amounts when there is one.
    pub(crate) fn same_money(&mut self, side: Side<'_>, what: &str, expected: i64, found: i64) {
        if expected != found {
            self.note(side, what, &Money::from_paise(expected), &Money::from_paise(found));
        }
    }

    /// Notes a difference.
    pub(crate) fn note(&mut self, side: Side<'_>, what: &str, expected: &dyn Display, found: &dyn Display) {
        self.mismatches.push(Mismatch {
            pair: side.pair,
            rule: side.rule,
            row: side.row,
            against: side.against,
            order_number: side.number.map(str::to_owned),
            what: what.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }
}
