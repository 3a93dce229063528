//! Order and payment; payment and cash.

use super::{Found, Side};
use crate::facts::{OrderFact, PaymentFact};
use crate::mismatch::{Pair, Row};

pub(super) fn check(found: &mut Found<'_>) {
    let facts = found.facts;
    for order in &facts.orders {
        if let Some(lines) = order.lines_total {
            let side = of_order(Pair::OrderItself, 25, order, None);
            found.same_money(side, "total of its lines, delivery and tax", lines, order.total);
        }
        match found.payment_of.get(&order.id).copied() {
            Some(payment) => pair(found, order, payment),
            None if order.status != "cancelled" && facts.is_settled(order.changed_at) => {
                let side = of_order(Pair::OrderPayment, 19, order, None);
                found.note(side, "payment", &"one", &"none");
            }
            None => {}
        }
    }
    for payment in &facts.payments {
        if !found.orders.contains_key(&payment.order_id) && facts.is_settled(payment.changed_at) {
            let side = of_payment(Pair::OrderPayment, 19, payment, Some(Row::new("orders", payment.order_id)));
            found.note(side, "order", &"one", &"none");
        }
        cash(found, payment);
    }
}

fn pair(found: &mut Found<'_>, order: &OrderFact, payment: &PaymentFact) {
    let settled = found.facts.is_settled(order.changed_at) && found.facts.is_settled(payment.changed_at);
    let against = || Some(Row::new("payments", payment.id));
    for (what, ours, theirs) in [("buyer", order.buyer_id, payment.buyer_id), ("vendor", order.vendor_id, payment.vendor_id)] {
        found.same(of_order(Pair::OrderPayment, 1, order, against()), what, &theirs, &ours);
    }
    found.same(of_order(Pair::OrderPayment, 13, order, against()), "payment method", &payment.method, &order.method);
    if !settled {
        return;
    }
    amount(found, order, payment);
    let wanted = order_says(payment);
    let known = order.payment_status.as_str();
    let as_good = wanted.contains(&known) || (order.status == "cancelled" && !payment.money_came_in() && known != "paid");
    if !as_good {
        found.note(of_order(Pair::OrderPayment, 13, order, against()), "payment_status", &wanted[0], &known);
    }
    // A cancelled order keeps no more of what went back than it cost.
    let back = if order.status == "cancelled" { payment.refunded.min(order.total) } else { payment.refunded };
    found.same_money(of_order(Pair::OrderPayment, 13, order, against()), "refunded", back, order.refunded);
    progress(found, order, payment);
}

/// A third opinion says who is wrong: the order's own lines, the gateway, the ledger. An order that was cancelled while its
/// items were edited may have a payment that asks for what the edit wanted: it took nothing, or gives back all it took.
fn amount(found: &mut Found<'_>, order: &OrderFact, payment: &PaymentFact) {
    let goes_back = !payment.money_came_in() || payment.refund_requested == payment.amount;
    if order.total == payment.amount || (order.status == "cancelled" && goes_back) {
        return;
    }
    let payment_is_wrong = order.lines_total == Some(order.total);
    if payment_is_wrong {
        let side = of_payment(Pair::OrderPayment, 28, payment, Some(Row::new("orders", order.id)));
        found.same_money(side, "amount", order.total, payment.amount);
    } else {
        let side = of_order(Pair::OrderPayment, 28, order, Some(Row::new("payments", payment.id)));
        found.same_money(side, "total", payment.amount, order.total);
    }
}

/// What the order may say of its payment, the likeliest first.
fn order_says(payment: &PaymentFact) -> &'static [&'static str] {
    match payment.status.as_str() {
        "captured" | "collected" if payment.refunded == 0 => &["paid"],
        "captured" | "collected" | "partially_refunded" if payment.refunded < payment.amount => &["partially_refunded"],
        "captured" | "collected" | "partially_refunded" | "refunded" => &["refunded"],
        // A failed attempt may be followed by another one, a void is not told as a failure.
        "failed" => &["failed", "pending"],
        _ => &["pending", "failed"],
    }
}

/// Where the order stands, and whether the money allows it.
fn progress(found: &mut Found<'_>, order: &OrderFact, payment: &PaymentFact) {
    let against = || Some(Row::new("payments", payment.id));
    let status = order.status.as_str();
    let on_its_way = matches!(status, "paid" | "confirmed" | "preparing" | "in_transit" | "delivered" | "completed");
    if payment.is_online() && on_its_way && !payment.money_came_in() {
        let side = of_order(Pair::OrderPayment, 12, order, against());
        found.note(side, "status with the payment", &"a payment that came in", &payment.status);
    }
    if status == "completed" && !payment.money_came_in() {
        let side = of_order(Pair::OrderPayment, 17, order, against());
        found.note(side, "completed with the payment", &"money that is in", &payment.status);
    }
    if status == "cancelled" && payment.money_came_in() && payment.refund_requested != payment.amount {
        let side = of_payment(Pair::OrderPayment, 15, payment, Some(Row::new("orders", order.id)));
        found.same_money(side, "refund of a cancelled order", payment.amount, payment.refund_requested);
    }
    if (status == "cancelled") != payment.cancelled {
        let side = of_payment(Pair::OrderPayment, 12, payment, Some(Row::new("orders", order.id)));
        found.same(side, "that the order has ended", &(status == "cancelled"), &payment.cancelled);
    }
}

/// Cash is whole, and only where it is paid in cash.
fn cash(found: &mut Found<'_>, payment: &PaymentFact) {
    let wanted = if payment.is_online() || !payment.money_came_in() { 0 } else { payment.amount };
    let side = of_payment(Pair::PaymentCash, 27, payment, None);
    found.same_money(side, "cash collected", wanted, payment.cod_collected.unwrap_or_default());
    let copy = found.copies.get(&payment.order_id).copied();
    let Some(copy) = copy.filter(|copy| found.facts.is_settled(copy.changed_at) && found.facts.is_settled(payment.changed_at))
    else {
        return;
    };
    let side = Side {
        pair: Pair::PaymentCash,
        rule: 33,
        row: Row::new("settlement_orders", copy.order_id),
        against: Some(Row::new("payments", payment.id)),
        number: Some(&payment.number),
    };
    found.same_money(side, "cash collected", payment.cod_collected.unwrap_or_default(), copy.cod_collected);
}

pub(super) fn of_order(pair: Pair, rule: u8, order: &OrderFact, against: Option<Row>) -> Side<'_> {
    Side { pair, rule, row: Row::new("orders", order.id), against, number: Some(&order.number) }
}

pub(super) fn of_payment(pair: Pair, rule: u8, payment: &PaymentFact, against: Option<Row>) -> Side<'_> {
    Side { pair, rule, row: Row::new("payments", payment.id), against, number: Some(&payment.number) }
}
