//! A payment and its own refunds.

use super::order::of_payment;
use super::{Found, Side};
use crate::mismatch::{Pair, Row};

pub(super) fn check(found: &mut Found<'_>) {
    let facts = found.facts;
    for payment in &facts.payments {
        let of_it = found.refunds_of.get(&payment.id).cloned().unwrap_or_default();
        let own = || of_it.iter().filter(|refund| !refund.is_of_stray());
        let asked: i64 = own().filter(|refund| refund.status != "failed").map(|refund| refund.amount).sum();
        let done: i64 = own().filter(|refund| refund.status == "processed").map(|refund| refund.amount).sum();
        let side = |rule| of_payment(Pair::PaymentRefunds, rule, payment, Some(Row::new("payment_refunds", "its refunds")));
        found.same_money(side(30), "refunds asked for", asked, payment.refund_requested);
        found.same_money(side(30), "refunds done", done, payment.refunded);
        if payment.refunded > payment.amount || payment.refund_requested > payment.amount {
            found.note(side(30), "refunds", &"no more than came in", &"more");
        }
        let stands = match payment.status.as_str() {
            "partially_refunded" => done > 0 && done < payment.amount,
            "refunded" => done >= payment.amount,
            // Cash that went back is refunded as well; the collection stays on record.
            "captured" | "collected" => done == 0,
            _ => done == 0 && asked == 0,
        };
        if !stands {
            found.note(side(27), "status with its refunds", &"one that fits them", &payment.status);
        }
    }
    for refund in &facts.refunds {
        if !found.payments.contains_key(&refund.payment_id) {
            let side = Side {
                pair: Pair::PaymentRefunds,
                rule: 30,
                row: Row::new("payment_refunds", refund.id),
                against: Some(Row::new("payments", refund.payment_id)),
                number: None,
            };
            found.note(side, "payment", &"one", &"none");
        }
    }
}
