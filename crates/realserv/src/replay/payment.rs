//! An order's payment and refunds from their events.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::events::{
    CodCollected, PaymentCaptured, PaymentFailed, PaymentOpened, RefundFailed, RefundProcessed, RefundRequested,
};
use domain::{Money, PaymentMethod, RefundId};

use super::order::{Rebuilt, refunded};
use super::recorded::Story;
use super::row::{Expect, Row, Table};

/// The payment's row and those of its refunds.
pub(super) fn rows(story: &Story, order: &Rebuilt) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = payment(story, order)?.into_iter().collect();
    rows.extend(refunds(story)?);
    Ok(rows)
}

/// One row when it was opened.
fn payment(story: &Story, order: &Rebuilt) -> Result<Option<Row>> {
    let Some(opened) = story.last::<PaymentOpened>()? else { return Ok(None) };
    let (captured, collected) = (story.last::<PaymentCaptured>()?, story.last::<CodCollected>()?);
    let (facts, back) = (&opened.payment, refunded(story)?);
    // An edit before it is paid replaces what is due; then the order says it.
    let amount = captured.as_ref().map_or(order.facts.total, |event| event.payment.amount);
    let status = if !back.is_zero() {
        Expect::word(if back >= amount { "refunded" } else { "partially_refunded" })
    } else if captured.is_some() {
        Expect::word("captured")
    } else if collected.is_some() {
        Expect::word("collected")
    } else if order.cancelled.is_some() {
        // A cancelled order's payment counts no more; no event of its own says so.
        Expect::word("failed")
    } else if story.last::<PaymentFailed>()?.is_some() {
        // No event tells of money that is held and not taken yet, nor of a new attempt.
        Expect::OneOf(vec!["failed".to_owned(), "pending".to_owned(), "authorized".to_owned()])
    } else {
        Expect::OneOf(vec!["pending".to_owned(), "authorized".to_owned()])
    };
    let mut row = Row::new(
        Table::Payments,
        facts.payment_id.as_uuid(),
        [
            ("order_id", Expect::word(facts.order_id)),
            ("order_number", Expect::word(&facts.order_number)),
            ("buyer_id", Expect::word(facts.buyer_id)),
            ("buyer_user_id", Expect::word(facts.buyer_user_id)),
            ("vendor_id", Expect::word(facts.vendor_id)),
            ("payment_method", Expect::word(facts.payment_method)),
            ("amount", Expect::Amount(amount)),
            ("status", status),
            ("refund_amount", Expect::Amount(back)),
            ("captured_at", Expect::at_or_null(captured.as_ref().map(|event| event.captured_at))),
            ("cod_collected_at", Expect::at_or_null(collected.as_ref().map(|event| event.collected_at))),
        ],
    );
    if facts.payment_method == PaymentMethod::Online
        && let Some(captured) = &captured
    {
        row.columns.insert("razorpay_payment_id", Expect::word(&captured.gateway_payment_id));
    }
    Ok(Some(row))
}

fn refunds(story: &Story) -> Result<Vec<Row>> {
    let mut known: BTreeMap<RefundId, (uuid::Uuid, Money, &str)> = BTreeMap::new();
    for (_, event) in story.all::<RefundRequested>()? {
        known.insert(event.refund_id, (event.payment.payment_id.as_uuid(), event.refund_amount, "pending"));
    }
    for (_, event) in story.all::<RefundFailed>()? {
        known.insert(event.refund_id, (event.payment.payment_id.as_uuid(), event.refund_amount, "failed"));
    }
    for (_, event) in story.all::<RefundProcessed>()? {
        known.insert(event.refund_id, (event.payment.payment_id.as_uuid(), event.refund_amount, "processed"));
    }
    let row = |(id, (payment, amount, status)): (RefundId, (uuid::Uuid, Money, &str))| {
        Row::new(
            Table::PaymentRefunds,
            id.as_uuid(),
            [("payment_id", Expect::word(payment)), ("refund_amount", Expect::Amount(amount)), ("status", Expect::word(status))],
        )
    };
    Ok(known.into_iter().map(row).collect())
}
