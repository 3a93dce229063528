//! What an event says about orders.

use chrono::{DateTime, Utc};
use domain::events::{
    CodCollected, DeliveryAssigned, DeliveryCreated, DeliveryDelivered, DeliveryDispatched, DeliveryFailed, DeliveryOtpGenerated,
    DeliveryProofAdded, DomainEvent, Envelope, EventError, NotificationFailed, NotificationSent, PaymentCaptured, PaymentFailed,
    PaymentOpened, PaymentQuarantined, RefundFailed, RefundProcessed, RefundRequested, SettlementApproved, SettlementGenerated,
    SettlementPaid, StockCommitted, StockReleased, StockReserved,
};
use domain::{OrderId, PaymentId, PaymentMethod};

use crate::usecases::follow_payment::{Captured, GoneBack};

/// What an event says about orders.
#[derive(Debug)]
pub(super) struct Heard {
    /// Which.
    pub(super) orders: Vec<OrderId>,
    /// In a sentence.
    pub(super) summary: String,
    /// What it does to them.
    pub(super) effect: Effect,
}

/// What an event does to an order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect {
    None,
    Opened(PaymentId),
    Captured(OrderId, Captured),
    PaymentFailed(OrderId),
    Collected(OrderId, DateTime<Utc>),
    Refunded(OrderId, GoneBack),
    Dispatched(OrderId),
    Delivered(OrderId),
}

type Told = Result<Option<Heard>, EventError>;

/// Reads it. `None`: nothing about an order.
pub(super) fn hear(envelope: &Envelope) -> Told {
    match envelope.r#type.as_str() {
        t if t.starts_with("Payment") || t.starts_with("Refund") || t == CodCollected::TYPE => money(envelope),
        t if t.starts_with("Delivery") => delivery(envelope),
        t if t.starts_with("Stock") => stock(envelope),
        t if t.starts_with("Settlement") => settlement(envelope),
        t if t.starts_with("Notification") => message(envelope),
        _ => Ok(None),
    }
}

fn of(order: OrderId, summary: impl Into<String>, effect: Effect) -> Told {
    Ok(Some(Heard { orders: vec![order], summary: summary.into(), effect }))
}

fn money(envelope: &Envelope) -> Told {
    match envelope.r#type.as_str() {
        PaymentOpened::TYPE => {
            let e: PaymentOpened = envelope.parse()?;
            let how = match e.payment.payment_method {
                PaymentMethod::Online => "online",
                PaymentMethod::Cod => "in cash on delivery",
            };
            let summary = format!("A payment of ₹{} {how} was opened", e.payment.amount);
            of(e.payment.order_id, summary, Effect::Opened(e.payment.payment_id))
        }
        PaymentCaptured::TYPE => {
            let e: PaymentCaptured = envelope.parse()?;
            let p = &e.payment;
            let captured = Captured { payment_id: p.payment_id, amount: p.amount, at: e.captured_at };
            of(p.order_id, format!("₹{} was paid", p.amount), Effect::Captured(p.order_id, captured))
        }
        PaymentFailed::TYPE => {
            let e: PaymentFailed = envelope.parse()?;
            of(e.payment.order_id, "A payment attempt failed", Effect::PaymentFailed(e.payment.order_id))
        }
        CodCollected::TYPE => {
            let e: CodCollected = envelope.parse()?;
            let order = e.payment.order_id;
            of(order, format!("₹{} was collected in cash", e.payment.amount), Effect::Collected(order, e.collected_at))
        }
        RefundRequested::TYPE => {
            let e: RefundRequested = envelope.parse()?;
            of(e.payment.order_id, format!("A refund of ₹{} was requested", e.refund_amount), Effect::None)
        }
        RefundProcessed::TYPE => {
            let e: RefundProcessed = envelope.parse()?;
            let order = e.payment.order_id;
            let back = GoneBack { paid: e.payment.amount, in_all: e.refunded_total };
            of(order, format!("₹{} was refunded", e.refund_amount), Effect::Refunded(order, back))
        }
        RefundFailed::TYPE => {
            let e: RefundFailed = envelope.parse()?;
            of(e.payment.order_id, format!("A refund of ₹{} failed; finance was told", e.refund_amount), Effect::None)
        }
        PaymentQuarantined::TYPE => {
            let e: PaymentQuarantined = envelope.parse()?;
            of(e.payment.order_id, "The gateway's amount differs from ours; finance was told", Effect::None)
        }
        _ => Ok(None),
    }
}

fn delivery(envelope: &Envelope) -> Told {
    match envelope.r#type.as_str() {
        DeliveryCreated::TYPE => {
            let e: DeliveryCreated = envelope.parse()?;
            of(e.delivery.order_id, "A delivery was planned", Effect::None)
        }
        DeliveryAssigned::TYPE => {
            let e: DeliveryAssigned = envelope.parse()?;
            of(e.delivery.order_id, "The delivery was assigned", Effect::None)
        }
        DeliveryDispatched::TYPE => {
            let e: DeliveryDispatched = envelope.parse()?;
            of(e.delivery.order_id, "The delivery left", Effect::Dispatched(e.delivery.order_id))
        }
        DeliveryOtpGenerated::TYPE => {
            let e: DeliveryOtpGenerated = envelope.parse()?;
            of(e.delivery.order_id, "A delivery code was sent to the buyer", Effect::None)
        }
        DeliveryDelivered::TYPE => {
            let e: DeliveryDelivered = envelope.parse()?;
            let summary = format!("The delivery was handed over, proven by {}", e.proven_by);
            of(e.delivery.order_id, summary, Effect::Delivered(e.delivery.order_id))
        }
        DeliveryFailed::TYPE => {
            let e: DeliveryFailed = envelope.parse()?;
            of(e.delivery.order_id, format!("The delivery failed: {}", e.reason), Effect::None)
        }
        DeliveryProofAdded::TYPE => {
            let e: DeliveryProofAdded = envelope.parse()?;
            of(e.delivery.order_id, format!("A {} was added as proof of delivery", e.proof_type), Effect::None)
        }
        _ => Ok(None),
    }
}

fn stock(envelope: &Envelope) -> Told {
    match envelope.r#type.as_str() {
        StockReserved::TYPE => {
            let e: StockReserved = envelope.parse()?;
            of(e.order_id, "The stock was reserved", Effect::None)
        }
        StockReleased::TYPE => {
            let e: StockReleased = envelope.parse()?;
            of(e.order_id, format!("The stock was released: {}", e.reason), Effect::None)
        }
        StockCommitted::TYPE => {
            let e: StockCommitted = envelope.parse()?;
            of(e.order_id, "The stock has left the vendor", Effect::None)
        }
        _ => Ok(None),
    }
}

fn settlement(envelope: &Envelope) -> Told {
    let (facts, summary) = match envelope.r#type.as_str() {
        SettlementGenerated::TYPE => {
            let e: SettlementGenerated = envelope.parse()?;
            let summary = format!("The order was put into settlement {}", e.settlement.settlement_number);
            (e.settlement, summary)
        }
        SettlementApproved::TYPE => {
            let e: SettlementApproved = envelope.parse()?;
            let summary = format!("Settlement {} was approved", e.settlement.settlement_number);
            (e.settlement, summary)
        }
        SettlementPaid::TYPE => {
            let e: SettlementPaid = envelope.parse()?;
            let summary = format!("Settlement {} was paid", e.settlement.settlement_number);
            (e.settlement, summary)
        }
        _ => return Ok(None),
    };
    // One that carries only adjustments names no orders.
    Ok((!facts.order_ids.is_empty()).then_some(Heard { orders: facts.order_ids, summary, effect: Effect::None }))
}

fn message(envelope: &Envelope) -> Told {
    let (order, summary) = match envelope.r#type.as_str() {
        NotificationSent::TYPE => {
            let e: NotificationSent = envelope.parse()?;
            (e.order_id, format!("The message {} was sent by {}", e.template, e.channel))
        }
        NotificationFailed::TYPE => {
            let e: NotificationFailed = envelope.parse()?;
            (e.order_id, format!("The message {} could not be sent by {}", e.template, e.channel))
        }
        _ => return Ok(None),
    };
    Ok(order.map(|order| Heard { orders: vec![order], summary, effect: Effect::None }))
}
