//! Payment and gateway: each payment there is one here, of the same amount, and the other way round.

use super::order::of_payment;
use super::{Found, Side};
use crate::facts::{GatewayPayment, PaymentFact, RefundFact, StrayFact};
use crate::mismatch::{Pair, Row};

pub(super) fn check(found: &mut Found<'_>) {
    let facts = found.facts;
    let Some(gateway) = &facts.gateway else { return };
    for payment in facts.payments.iter().filter(|payment| payment.is_online()) {
        if payment.money_came_in() {
            taken(found, payment);
        }
    }
    for stray in &facts.strays {
        if let Some(theirs) = found.there.get(stray.gateway_payment.as_str()).copied() {
            let side = of_stray(28, stray, theirs);
            found.same_money(side, "amount of money that was put aside", theirs.amount, stray.amount);
        }
    }
    for theirs in gateway {
        known(found, theirs);
    }
    for refund in facts.refunds.iter().filter(|refund| refund.gateway_refund.is_some()) {
        refunded(found, refund);
    }
}

fn taken(found: &mut Found<'_>, payment: &PaymentFact) {
    let Some(id) = &payment.gateway_payment else {
        let side = of_payment(Pair::PaymentGateway, 27, payment, None);
        found.note(side, "the gateway's payment", &"one", &"none");
        return;
    };
    let against = || Some(Row::new("gateway", id));
    let Some(theirs) = found.there.get(id.as_str()).copied() else {
        let side = of_payment(Pair::PaymentGateway, 27, payment, against());
        found.note(side, "the gateway's payment", &id, &"none at the gateway");
        return;
    };
    // Of released money the order took only what was due.
    let stray = found.strays.get(id.as_str());
    let released = stray.is_some_and(|stray| stray.resolution.as_deref() == Some("released"));
    if !released {
        let side = of_payment(Pair::PaymentGateway, 28, payment, against());
        found.same_money(side, "amount", theirs.amount, payment.amount);
    }
    found.same(of_payment(Pair::PaymentGateway, 28, payment, against()), "currency", &"INR".to_owned(), &theirs.currency);
    if !matches!(theirs.status.as_str(), "captured" | "refunded") {
        let side = of_payment(Pair::PaymentGateway, 27, payment, against());
        found.note(side, "status at the gateway", &"captured", &theirs.status);
    }
    if let Some(order) = &theirs.order_id
        && !payment.gateway_orders.contains(order)
    {
        let side = of_payment(Pair::PaymentGateway, 27, payment, against());
        found.note(side, "the gateway's order", &payment.gateway_orders.join(", "), order);
    }
    if let (Some(ours), Some(fee)) = (payment.fee, theirs.fee) {
        found.same_money(of_payment(Pair::PaymentGateway, 30, payment, against()), "fee", fee, ours);
    }
    let asked = found.refunds_there.get(id.as_str()).into_iter().flatten();
    let (mut done, mut open) = (0_i64, false);
    for refund in asked {
        match refund.status.as_str() {
            "processed" => done += refund.amount,
            "pending" => open = true,
            _ => {}
        }
    }
    if !open {
        let side = of_payment(Pair::PaymentGateway, 30, payment, against());
        found.same_money(side, "refunded at the gateway", theirs.refunded, done);
    }
}

/// Money that the gateway has taken is known here: as a payment's, or put aside.
fn known(found: &mut Found<'_>, theirs: &GatewayPayment) {
    let facts = found.facts;
    if !matches!(theirs.status.as_str(), "captured" | "refunded") || !facts.is_settled(theirs.created_at) {
        return;
    }
    if found.took.contains_key(theirs.id.as_str()) || found.strays.contains_key(theirs.id.as_str()) {
        return;
    }
    let row = Row::new("gateway", &theirs.id);
    let payment = theirs.order_id.as_deref().and_then(|order| found.waited_on.get(order).copied());
    let side = match payment {
        Some(payment) => of_payment(Pair::PaymentGateway, 27, payment, Some(row)),
        None => Side { pair: Pair::PaymentGateway, rule: 27, row, against: None, number: None },
    };
    found.note(side, "money that the gateway has taken", &"known here", &"not known here");
}

fn refunded(found: &mut Found<'_>, refund: &RefundFact) {
    let theirs = refund.gateway_payment.as_deref().and_then(|id| found.there.get(id).copied());
    let Some(theirs) = theirs.filter(|payment| !payment.refunds.is_empty()) else { return };
    let at_gateway = theirs.refunds.iter().find(|theirs| Some(theirs.id.as_str()) == refund.gateway_refund.as_deref());
    let number = found.payments.get(&refund.payment_id).map(|payment| payment.number.as_str());
    let against = Row::new("gateway", refund.gateway_refund.as_deref().unwrap_or_default());
    let side = |rule| Side {
        pair: Pair::PaymentGateway,
        rule,
        row: Row::new("payment_refunds", refund.id),
        against: Some(against.clone()),
        number,
    };
    let Some(at_gateway) = at_gateway else {
        found.note(side(29), "the gateway's refund", &"one", &"none at the gateway");
        return;
    };
    found.same_money(side(30), "amount of a refund", at_gateway.amount, refund.amount);
    if refund.status == "processed" && at_gateway.status == "failed" {
        found.note(side(29), "status of a refund", &at_gateway.status, &refund.status);
    }
}

fn of_stray<'a>(rule: u8, stray: &StrayFact, theirs: &GatewayPayment) -> Side<'a> {
    Side {
        pair: Pair::PaymentGateway,
        rule,
        row: Row::new("payment_strays", &stray.gateway_payment),
        against: Some(Row::new("gateway", &theirs.id)),
        number: None,
    }
}
