//! The ledger: each movement that should be there is, once and with the right lines, and none besides (rule 30).

use std::collections::{BTreeMap, HashSet};

use super::{Found, Side};
use crate::facts::{Facts, Movement, PaymentFact, RefundFact, SettlementFact, StrayFact};
use crate::mismatch::{Pair, Row};

/// Paise by account.
type Lines = BTreeMap<String, i64>;

/// A movement that should be there.
struct Expected {
    key: String,
    lines: Lines,
    pair: Pair,
    because: Row,
    number: Option<String>,
    /// Missing is no mistake yet.
    may_be_missing: bool,
}

pub(super) fn check(found: &mut Found<'_>) {
    let facts = found.facts;
    let mut wanted: BTreeMap<String, Expected> = BTreeMap::new();
    for expected in expected(facts, found) {
        wanted.insert(expected.key.clone(), expected);
    }
    let mut seen: HashSet<&str> = HashSet::new();
    for movement in &facts.movements {
        let row = || Row::new("ledger_transactions", &movement.key);
        let sum: i64 = movement.entries.iter().map(|(_, paise)| paise).sum();
        let itself = |against| Side { pair: Pair::LedgerItself, rule: 30, row: row(), against, number: None };
        found.same_money(itself(None), "sum of its lines", 0, sum);
        if !seen.insert(&movement.key) {
            found.note(itself(None), "business key", &"once", &"twice");
        }
        match wanted.get(&movement.key) {
            Some(expected) => compare(found, expected, movement),
            None if is_fee_of_stray(found, movement) => {}
            None if facts.settlements.is_none() && movement.key.starts_with("settlement_") => {}
            None => found.note(itself(None), "movement", &"none", &"one that nothing accounts for"),
        }
    }
    for expected in wanted.values().filter(|expected| !seen.contains(expected.key.as_str()) && !expected.may_be_missing) {
        let side = Side {
            pair: expected.pair,
            rule: 30,
            row: expected.because.clone(),
            against: Some(Row::new("ledger_transactions", &expected.key)),
            number: expected.number.as_deref(),
        };
        found.note(side, "movement in the ledger", &show(&expected.lines), &"none");
    }
}

fn compare(found: &mut Found<'_>, expected: &Expected, movement: &Movement) {
    let lines = lines(movement.entries.iter().map(|(account, paise)| (account.clone(), *paise)));
    if lines == expected.lines {
        return;
    }
    let side = Side {
        pair: expected.pair,
        rule: 30,
        row: Row::new("ledger_transactions", &movement.key),
        against: Some(expected.because.clone()),
        number: expected.number.as_deref(),
    };
    found.note(side, "lines", &show(&expected.lines), &show(&lines));
}

fn show(lines: &Lines) -> String {
    let words: Vec<String> =
        lines.iter().map(|(account, paise)| format!("{account} {}", domain::Money::from_paise(*paise))).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

fn lines(entries: impl IntoIterator<Item = (String, i64)>) -> Lines {
    let mut lines = Lines::new();
    for (account, paise) in entries {
        *lines.entry(account).or_default() += paise;
    }
    lines.retain(|_, paise| *paise != 0);
    lines
}

/// From the credited account to the debited one.
fn transfer(debit: &str, credit: &str, paise: i64) -> [(String, i64); 2] {
    [(debit.to_owned(), paise), (credit.to_owned(), -paise)]
}

fn expected(facts: &Facts, found: &Found<'_>) -> Vec<Expected> {
    let mut all = Vec::new();
    for payment in &facts.payments {
        of_payment(payment, &mut all);
    }
    for refund in &facts.refunds {
        if let Some(payment) = found.payments.get(&refund.payment_id) {
            of_refund(refund, payment, facts.is_settled(payment.changed_at), &mut all);
        }
    }
    for stray in &facts.strays {
        if let Some(payment) = found.payments.get(&stray.payment_id) {
            of_stray(stray, payment, &mut all);
        }
    }
    for settlement in facts.settlements.iter().flatten() {
        of_settlement(settlement, !facts.is_settled(settlement.changed_at), &mut all);
    }
    all.retain(|expected| !expected.lines.is_empty());
    all
}

fn of_payment(payment: &PaymentFact, all: &mut Vec<Expected>) {
    if !payment.money_came_in() {
        return;
    }
    let mut add = |key: String, lines: Lines| {
        all.push(Expected {
            key,
            lines,
            pair: Pair::PaymentLedger,
            because: Row::new("payments", payment.id),
            number: Some(payment.number.clone()),
            may_be_missing: false,
        });
    };
    let payable = format!("vendor_payable:{}", payment.vendor_id);
    if payment.is_online() {
        add(format!("capture:{}", payment.id), lines(transfer("gateway_clearing", &payable, payment.amount)));
        if let (Some(fee), Some(theirs)) = (payment.fee, &payment.gateway_payment) {
            add(format!("gateway_fee:{theirs}"), lines(transfer("gateway_fees", "gateway_clearing", fee)));
        }
    } else {
        let cash = format!("cash_with_vendor:{}", payment.vendor_id);
        add(format!("cod_collected:{}", payment.id), lines(transfer(&cash, &payable, payment.amount)));
    }
}

fn of_refund(refund: &RefundFact, payment: &PaymentFact, settled: bool, all: &mut Vec<Expected>) {
    let payable = format!("vendor_payable:{}", payment.vendor_id);
    let mut add = |kind: &str, entries: [(String, i64); 2]| {
        all.push(Expected {
            key: format!("{kind}:{}", refund.id),
            lines: lines(entries),
            pair: Pair::PaymentLedger,
            because: Row::new("payment_refunds", refund.id),
            number: Some(payment.number.clone()),
            may_be_missing: !settled,
        });
    };
    if !refund.is_of_stray() {
        add("refund_requested", transfer(&payable, "refunds", refund.amount));
        if refund.status == "failed" {
            add("refund_failed", transfer("refunds", &payable, refund.amount));
        }
    }
    if refund.status == "processed" {
        let from = if payment.is_online() { "gateway_clearing" } else { "bank" };
        add("refund_processed", transfer("refunds", from, refund.amount));
    }
}

fn of_stray(stray: &StrayFact, payment: &PaymentFact, all: &mut Vec<Expected>) {
    let mut add = |kind: &str, lines: Lines, may_be_missing: bool| {
        all.push(Expected {
            key: format!("{kind}:{}", stray.gateway_payment),
            lines,
            pair: Pair::PaymentLedger,
            because: Row::new("payment_strays", &stray.gateway_payment),
            number: Some(payment.number.clone()),
            may_be_missing,
        });
    };
    let amount = stray.amount;
    match stray.kind.as_str() {
        "duplicate" => add("duplicate_capture", lines(transfer("gateway_clearing", "refunds", amount)), false),
        "retired" => add("retired_capture", lines(transfer("gateway_clearing", "refunds", amount)), false),
        _ if stray.taken && stray.currency == "INR" => {
            add("quarantined", lines(transfer("gateway_clearing", "quarantine", amount)), false);
            match stray.resolution.as_deref() {
                Some("refunded") => add("quarantine_refunded", lines(transfer("quarantine", "refunds", amount)), false),
                // What was due is the payment's own capture then; what was over goes back.
                Some("released") => {
                    let due = transfer("quarantine", "gateway_clearing", payment.amount);
                    let over = transfer("quarantine", "refunds", amount - payment.amount);
                    add("quarantine_released", lines(due.into_iter().chain(over)), false);
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// What the gateway kept of money that was put aside is in the books, of an amount that only the gateway knows.
fn is_fee_of_stray(found: &Found<'_>, movement: &Movement) -> bool {
    let Some(theirs) = movement.key.strip_prefix("gateway_fee:") else { return false };
    if !found.strays.contains_key(theirs) {
        return false;
    }
    let known = found.there.get(theirs).and_then(|payment| payment.fee);
    let kept: i64 = movement.entries.iter().filter(|(account, _)| account == "gateway_fees").map(|(_, paise)| paise).sum();
    known.is_none_or(|fee| fee == kept)
}

fn of_settlement(settlement: &SettlementFact, may_be_missing: bool, all: &mut Vec<Expected>) {
    let payable = format!("vendor_payable:{}", settlement.vendor_id);
    let mut add = |kind: &str, lines: Lines| {
        all.push(Expected {
            key: format!("{kind}:{}", settlement.id),
            lines,
            pair: Pair::SettlementLedger,
            because: Row::new("settlements", format!("{} {}", settlement.number, settlement.id)),
            number: None,
            may_be_missing,
        });
    };
    if settlement.status == "pending" {
        return;
    }
    let cash = format!("cash_with_vendor:{}", settlement.vendor_id);
    let mut entries = Vec::new();
    entries.extend(transfer(&payable, "platform_commission", settlement.commission));
    entries.extend(transfer(&payable, &cash, settlement.cod_to_remit));
    entries.extend(transfer("platform_commission", &payable, settlement.commission_returned));
    for (kind, amount) in &settlement.deductions {
        entries.extend(transfer(&payable, if kind == "tds" { "tds_payable" } else { "gst_payable" }, *amount));
    }
    add("settlement_approved", lines(entries));
    if settlement.status == "paid" {
        add("settlement_paid", lines(transfer(&payable, "bank", settlement.payout.max(0))));
    }
}
