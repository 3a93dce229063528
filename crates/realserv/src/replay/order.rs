//! An order from its own events and those about its money.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use domain::events::{
    CodCollected, DomainEvent, OrderCancelled, OrderCompleted, OrderConfirmed, OrderDelivered, OrderFacts, OrderInTransit,
    OrderItemsChanged, OrderLineFacts, OrderPlaced, OrderPreparing, PaymentCaptured, PaymentFailed, PaymentOpened,
    RefundProcessed,
};
use domain::{Money, OrderStatus, PaymentId, PaymentMethod, PaymentStatus};

use super::recorded::Story;
use super::row::{Expect, Row, Table};

/// An order as its events tell it.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) facts: OrderFacts,
    pub(super) lines: Vec<OrderLineFacts>,
    pub(super) status: OrderStatus,
    pub(super) payment_status: PaymentStatus,
    pub(super) payment_id: Option<PaymentId>,
    pub(super) refunded: Money,
    pub(super) placed_at: DateTime<Utc>,
    /// When the money came in, online or in cash.
    pub(super) paid_at: Option<DateTime<Utc>>,
    pub(super) confirmed: Option<OrderConfirmed>,
    pub(super) delivered_at: Option<DateTime<Utc>>,
    pub(super) completed: Option<OrderCompleted>,
    pub(super) cancelled: Option<OrderCancelled>,
}

impl Rebuilt {
    pub(super) fn of(story: &Story) -> Result<Self> {
        let placed: OrderPlaced = story.last()?.context("no OrderPlaced")?;
        let mut facts = placed.order;
        let mut lines = placed.lines;
        if let Some(changed) = story.last::<OrderItemsChanged>()? {
            (facts, lines) = (changed.order, changed.lines);
        }
        let captured = story.last::<PaymentCaptured>()?;
        let collected = story.last::<CodCollected>()?;
        let paid_at = match facts.payment_method {
            PaymentMethod::Online => captured.map(|event| event.captured_at),
            PaymentMethod::Cod => collected.map(|event| event.collected_at),
        };
        let refunded = refunded(story)?;
        let mut status = last_status(story);
        if status == OrderStatus::Pending && paid_at.is_some() && facts.payment_method == PaymentMethod::Online {
            status = OrderStatus::Paid;
        }
        Ok(Self {
            payment_status: payment_status(facts.total, refunded, paid_at.is_some(), story.last::<PaymentFailed>()?.is_some()),
            facts,
            lines,
            status,
            payment_id: story.last::<PaymentOpened>()?.map(|event| event.payment.payment_id),
            refunded,
            placed_at: placed.placed_at,
            paid_at,
            confirmed: story.last()?,
            delivered_at: story.last::<OrderDelivered>()?.map(|event| event.delivered_at),
            completed: story.last()?,
            cancelled: story.last()?,
        })
    }

    /// Its row and its lines.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = vec![self.row()];
        rows.extend(self.lines.iter().map(|line| self.line(line)));
        rows
    }

    fn row(&self) -> Row {
        let facts = &self.facts;
        let subtotal = Money::total(self.lines.iter().map(|line| line.total_price)).map_or(Expect::Null, Expect::Amount);
        let ended = self.cancelled.as_ref();
        let mut row = Row::new(
            Table::Orders,
            facts.order_id.as_uuid(),
            [
                ("order_number", Expect::word(&facts.order_number)),
                ("buyer_id", Expect::word(facts.buyer_id)),
                ("buyer_user_id", Expect::word(facts.buyer_user_id)),
                ("vendor_id", Expect::word(facts.vendor_id)),
                ("order_type", Expect::word(facts.order_type)),
                ("payment_method", Expect::word(facts.payment_method)),
                ("subtotal", subtotal),
                ("total", Expect::Amount(facts.total)),
                ("status", Expect::word(self.status)),
                ("payment_status", Expect::word(self.payment_status)),
                ("refunded", Expect::Amount(self.refunded)),
                ("created_at", Expect::At(self.placed_at)),
                ("paid_at", Expect::at_or_null(self.paid_at)),
                ("confirmed_at", Expect::at_or_null(self.confirmed.as_ref().map(|event| event.confirmed_at))),
                ("delivered_at", Expect::at_or_null(self.delivered_at)),
                ("completed_at", Expect::at_or_null(self.completed.as_ref().map(|event| event.completed_at))),
                ("cancelled_at", Expect::at_or_null(ended.map(|event| event.cancelled_at))),
                ("cancelled_by_kind", Expect::word_or_null(ended.map(|event| event.cancelled_by))),
                ("cancellation_code", Expect::word_or_null(ended.map(|event| &event.reason_code))),
                ("cancellation_reason", Expect::word_or_null(ended.map(|event| &event.reason))),
            ],
        );
        if let Some(payment) = self.payment_id {
            row.columns.insert("payment_id", Expect::word(payment));
        }
        if let Some(confirmed) = &self.confirmed {
            row.columns.insert("awaiting_since", Expect::At(confirmed.awaiting_since));
        }
        if let Some(completed) = &self.completed {
            row.columns.insert("tax", Expect::Amount(completed.tax));
            row.columns.insert("commission_rate", Expect::Number(completed.commission_rate.to_string()));
        }
        row
    }

    fn line(&self, line: &OrderLineFacts) -> Row {
        Row::new(
            Table::OrderItems,
            line.order_item_id.as_uuid(),
            [
                ("order_id", Expect::word(self.facts.order_id)),
                ("item_type", Expect::word(line.item_type)),
                ("item_id", Expect::word(line.item_id)),
                ("item_name", Expect::word(&line.name)),
                ("quantity", Expect::Number(line.quantity.to_string())),
                ("unit", Expect::word(line.unit)),
                ("unit_price", Expect::Amount(line.unit_price)),
                ("total_price", Expect::Amount(line.total_price)),
            ],
        )
    }
}

/// What went back in all: no event tells less than one before it.
pub(super) fn refunded(story: &Story) -> Result<Money> {
    Ok(story.all::<RefundProcessed>()?.into_iter().map(|(_, event)| event.refunded_total).max().unwrap_or(Money::ZERO))
}

/// Where the order's own events leave it.
fn last_status(story: &Story) -> OrderStatus {
    let status = |kind: &str| match kind {
        OrderPlaced::TYPE => Some(OrderStatus::Pending),
        OrderConfirmed::TYPE => Some(OrderStatus::Confirmed),
        OrderPreparing::TYPE => Some(OrderStatus::Preparing),
        OrderInTransit::TYPE => Some(OrderStatus::InTransit),
        OrderDelivered::TYPE => Some(OrderStatus::Delivered),
        OrderCompleted::TYPE => Some(OrderStatus::Completed),
        OrderCancelled::TYPE => Some(OrderStatus::Cancelled),
        _ => None,
    };
    story.events.iter().filter_map(|event| status(&event.r#type)).next_back().unwrap_or(OrderStatus::Pending)
}

fn payment_status(total: Money, refunded: Money, paid: bool, failed: bool) -> PaymentStatus {
    if !refunded.is_zero() {
        if refunded >= total { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded }
    } else if paid {
        PaymentStatus::Paid
    } else if failed {
        PaymentStatus::Failed
    } else {
        PaymentStatus::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payment_status_follows_from_money_in_and_money_back_whatever_failed_before() {
        let total = Money::from_paise(1000);
        let status = |refunded, paid, failed| payment_status(total, Money::from_paise(refunded), paid, failed);
        assert_eq!(status(0, false, false), PaymentStatus::Pending);
        assert_eq!(status(0, false, true), PaymentStatus::Failed);
        assert_eq!(status(0, true, true), PaymentStatus::Paid);
        assert_eq!(status(1, true, false), PaymentStatus::PartiallyRefunded);
        assert_eq!(status(1000, true, true), PaymentStatus::Refunded);
    }
}
