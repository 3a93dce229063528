//! An order's delivery and settlement from their events.

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::Money;
use domain::events::{
    DeliveryDelivered, DeliveryFacts, DeliveryFailed, DomainEvent, OrderCompleted, RefundProcessed, SettlementApproved,
    SettlementGenerated, SettlementPaid,
};
use serde::Deserialize as _;

use super::order::{Rebuilt, refunded};
use super::recorded::Story;
use super::row::{Expect, Row, Table};

/// The delivery's row, what vendor-management keeps of the order for settling, its settlement and its line there.
pub(super) fn rows(story: &Story, order: &Rebuilt) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = delivery(story)?.into_iter().collect();
    if let Some(completed) = &order.completed {
        let generated = story.all::<SettlementGenerated>()?.pop();
        rows.push(to_settle(story, order, completed, generated.as_ref().map(|(_, event)| event))?);
        if let Some((envelope, generated)) = generated {
            rows.push(line(story, order, completed, &generated, envelope.occurred_at)?);
            rows.push(settlement(story, &generated)?);
        }
    }
    Ok(rows)
}

/// Every event of a delivery says how it stands.
fn delivery(story: &Story) -> Result<Option<Row>> {
    let Some(last) = story.events.iter().rfind(|event| event.r#type.starts_with("Delivery")) else { return Ok(None) };
    let facts = DeliveryFacts::deserialize(&last.data)?;
    let delivered = story.last::<DeliveryDelivered>()?;
    let failed = story.last::<DeliveryFailed>()?.filter(|_| facts.status.as_str() == "failed");
    Ok(Some(Row::new(
        Table::Deliveries,
        facts.delivery_id.as_uuid(),
        [
            ("order_id", Expect::word(facts.order_id)),
            ("order_number", Expect::word(&facts.order_number)),
            ("buyer_id", Expect::word(facts.buyer_id)),
            ("buyer_user_id", Expect::word(facts.buyer_user_id)),
            ("vendor_id", Expect::word(facts.vendor_id)),
            ("status", Expect::word(facts.status)),
            ("delivered_at", Expect::at_or_null(delivered.as_ref().map(|event| event.delivered_at))),
            ("proven_by", Expect::word_or_null(delivered.as_ref().map(|event| &event.proven_by))),
            ("failure_reason", Expect::word_or_null(failed.as_ref().map(|event| &event.reason))),
        ],
    )))
}

fn to_settle(story: &Story, order: &Rebuilt, completed: &OrderCompleted, generated: Option<&SettlementGenerated>) -> Result<Row> {
    let facts = &completed.order;
    Ok(Row::new(
        Table::SettlementOrders,
        facts.order_id.as_uuid(),
        [
            ("vendor_id", Expect::word(facts.vendor_id)),
            ("order_number", Expect::word(&facts.order_number)),
            ("payment_method", Expect::word(facts.payment_method)),
            ("total", Expect::Amount(facts.total)),
            ("commission_rate", Expect::Number(completed.commission_rate.to_string())),
            ("subtotal", Expect::Amount(completed.subtotal)),
            ("tax", Expect::Amount(completed.tax)),
            ("order_date", Expect::At(order.placed_at)),
            ("completed_at", Expect::At(completed.completed_at)),
            ("refunded", Expect::Amount(refunded(story)?)),
            ("cod_collected", Expect::Amount(completed.cod_collected)),
            ("settlement_id", Expect::word_or_null(generated.map(|event| event.settlement.settlement_id))),
        ],
    ))
}

/// Rule 33: what was charged less what had gone back, and the commission on that.
fn line(
    story: &Story,
    order: &Rebuilt,
    completed: &OrderCompleted,
    generated: &SettlementGenerated,
    at: DateTime<Utc>,
) -> Result<Row> {
    let before = story
        .all::<RefundProcessed>()?
        .into_iter()
        .filter(|(envelope, _)| envelope.occurred_at <= at)
        .map(|(_, event)| event.refunded_total)
        .chain([completed.refunded])
        .max()
        .unwrap_or(Money::ZERO);
    let amount = completed.order.total.checked_sub(before)?;
    let commission = amount.percent(completed.commission_rate)?;
    Ok(Row::new(
        Table::SettlementLines,
        order.facts.order_id.as_uuid(),
        [
            ("settlement_id", Expect::word(generated.settlement.settlement_id)),
            ("order_number", Expect::word(&completed.order.order_number)),
            ("order_date", Expect::At(order.placed_at)),
            ("completed_at", Expect::At(completed.completed_at)),
            ("order_total", Expect::Amount(completed.order.total)),
            ("refunded_before", Expect::Amount(before)),
            ("order_amount", Expect::Amount(amount)),
            ("commission_rate", Expect::Number(completed.commission_rate.to_string())),
            ("commission_amount", Expect::Amount(commission)),
            ("net_amount", Expect::Amount(amount.checked_sub(commission)?)),
            ("cod_collected", Expect::Amount(completed.cod_collected)),
        ],
    ))
}

fn settlement(story: &Story, generated: &SettlementGenerated) -> Result<Row> {
    let facts = &generated.settlement;
    let status = |kind: &str| match kind {
        SettlementGenerated::TYPE => Some("pending"),
        SettlementApproved::TYPE => Some("approved"),
        SettlementPaid::TYPE => Some("paid"),
        _ => None,
    };
    let own = story.events.iter().filter(|event| event.aggregate_id == facts.settlement_id.as_uuid());
    let stands = own.filter_map(|event| status(&event.r#type)).next_back().unwrap_or("pending");
    let paid = story.last::<SettlementPaid>()?;
    let reference = paid.as_ref().and_then(|event| event.payment_reference.clone());
    // With nothing to pay out it closes by itself.
    let stands = if stands == "paid" && reference.is_none() { "closed" } else { stands };
    Ok(Row::new(
        Table::Settlements,
        facts.settlement_id.as_uuid(),
        [
            ("settlement_number", Expect::word(&facts.settlement_number)),
            ("vendor_id", Expect::word(facts.vendor_id)),
            ("period_start_date", Expect::word(facts.period_start)),
            ("period_end_date", Expect::word(facts.period_end)),
            ("total_orders", Expect::word(facts.order_ids.len())),
            ("gross_revenue", Expect::Amount(facts.gross_revenue)),
            ("commission_amount", Expect::Amount(facts.commission_amount)),
            ("net_amount", Expect::Amount(facts.net_amount)),
            ("cod_to_remit", Expect::Amount(facts.cod_to_remit)),
            ("adjustments_amount", Expect::Amount(facts.adjustments)),
            ("commission_returned", Expect::Amount(facts.commission_returned)),
            ("carried_over", Expect::Amount(facts.carried_over)),
            ("payout_amount", Expect::Amount(facts.payout_amount)),
            ("status", Expect::word(stands)),
            ("payment_reference", Expect::word_or_null(reference)),
            ("paid_at", Expect::at_or_null(paid.map(|event| event.paid_at))),
        ],
    ))
}
