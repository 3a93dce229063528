//! Order and settlement; a settlement and its own lines.

use std::collections::HashSet;

use domain::{Money, Rate};

use super::{Found, Side};
use crate::facts::{LineFact, SettlementFact};
use crate::mismatch::{Pair, Row};

pub(super) fn check(found: &mut Found<'_>) {
    let facts = found.facts;
    let mut once = HashSet::new();
    for line in &facts.lines {
        if !once.insert(line.order_id) {
            found.note(of_line(Pair::OrderSettlement, 32, line, None), "settlements of the order", &"one", &"two");
        }
        arithmetic(found, line);
        against_order(found, line);
    }
    for copy in &facts.copies {
        let order = found.orders.get(&copy.order_id).copied();
        let Some(order) = order.filter(|o| facts.is_settled(o.changed_at) && facts.is_settled(copy.changed_at)) else { continue };
        let side = |rule| Side {
            pair: Pair::OrderSettlement,
            rule,
            row: Row::new("settlement_orders", copy.order_id),
            against: Some(Row::new("orders", order.id)),
            number: Some(&order.number),
        };
        found.same_money(side(33), "total", order.total, copy.total);
        found.same_money(side(34), "refunded", order.refunded, copy.refunded);
    }
    for settlement in facts.settlements.iter().flatten() {
        sums(found, settlement);
    }
    for adjustment in &facts.adjustments {
        let Some(refund) = adjustment.refund_id.and_then(|id| found.refunds.get(&id).copied()) else { continue };
        let side = Side {
            pair: Pair::OrderSettlement,
            rule: 34,
            row: Row::new("settlement_adjustments", refund.id),
            against: Some(Row::new("payment_refunds", refund.id)),
            number: None,
        };
        found.same_money(side, "refund", refund.amount, adjustment.refund_amount.unwrap_or_default());
    }
}

fn arithmetic(found: &mut Found<'_>, line: &LineFact) {
    let amount = line.order_total - line.refunded_before;
    let rate = Rate::from_basis_points(line.commission_rate);
    let commission = Money::from_paise(amount).percent(rate).map_or(i64::MIN, Money::paise);
    let side = || of_line(Pair::SettlementItself, 33, line, None);
    found.same_money(side(), "commission", commission, line.commission);
    found.same_money(side(), "net", amount - line.commission, line.net);
}

fn against_order(found: &mut Found<'_>, line: &LineFact) {
    let Some(order) = found.orders.get(&line.order_id).copied() else { return };
    let side = |rule| of_line(Pair::OrderSettlement, rule, line, Some(Row::new("orders", order.id)));
    found.same_money(side(33), "total of the order", order.total, line.order_total);
    if order.commission_rate != line.commission_rate {
        let rate = Rate::from_basis_points;
        found.note(side(33), "commission rate", &rate(order.commission_rate), &rate(line.commission_rate));
    }
    if line.refunded_before > order.refunded {
        found.same_money(side(33), "refunded before", order.refunded, line.refunded_before);
    }
    if order.status != "completed" {
        found.note(side(32), "status of a settled order", &"completed", &order.status);
    }
    if let Some(payment) = found.payment_of.get(&line.order_id).copied() {
        let side = of_line(Pair::PaymentCash, 33, line, Some(Row::new("payments", payment.id)));
        found.same_money(side, "cash collected", payment.cod_collected.unwrap_or_default(), line.cod_collected);
    }
}

fn sums(found: &mut Found<'_>, settlement: &SettlementFact) {
    let of_it = found.lines_of.get(&settlement.id).cloned().unwrap_or_default();
    let lines = || of_it.iter();
    let changes = found.adjustments_of.get(&settlement.id).cloned().unwrap_or_default();
    let adjustments = || changes.iter();
    let row = Row::new("settlements", format!("{} {}", settlement.number, settlement.id));
    let mut same = |what: &str, rule: u8, expected: i64, is: i64| {
        let side = Side { pair: Pair::SettlementItself, rule, row: row.clone(), against: None, number: None };
        found.same_money(side, what, expected, is);
    };
    same("gross revenue", 33, lines().map(|line| line.order_total - line.refunded_before).sum(), settlement.gross);
    same("commission", 33, lines().map(|line| line.commission).sum(), settlement.commission);
    same("net", 33, lines().map(|line| line.net).sum(), settlement.net);
    same("adjustments", 34, adjustments().map(|adjustment| adjustment.amount).sum(), settlement.adjustments);
    let returned = adjustments().map(|adjustment| adjustment.commission_returned).sum();
    same("commission returned", 34, returned, settlement.commission_returned);
    let deducted = settlement.deductions.iter().map(|(_, amount)| amount).sum();
    same("deductions", 35, deducted, settlement.deductions_total);
    let payout = settlement.net - settlement.cod_to_remit + settlement.adjustments - settlement.deductions_total;
    same("payout", 33, payout, settlement.payout);
}

fn of_line(pair: Pair, rule: u8, line: &LineFact, against: Option<Row>) -> Side<'_> {
    Side { pair, rule, row: Row::new("settlement_line_items", line.order_id), against, number: None }
}
