//! The comparison: pure, each pair in a file of its own.

mod gateway;
mod ledger;
mod order;
mod refunds;
mod settlement;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use domain::Money;
use uuid::Uuid;

use crate::facts::{Facts, OrderFact, PaymentFact};
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

impl<'a> Found<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            orders: facts.orders.iter().map(|order| (order.id, order)).collect(),
            payments: facts.payments.iter().map(|payment| (payment.id, payment)).collect(),
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
