//! What an event says that goes into a message: whom it concerns, and the variables of its templates.

use domain::events::{
    BatchFacts, CodCollected, DeliveryFailed, DisputeRaised, DisputeResolved, DomainEvent as _, Envelope, EventError,
    OrderCancelled, OrderCompleted, OrderConfirmed, OrderDelivered, OrderFacts, OrderInTransit, PaymentCaptured, PaymentFacts,
    PaymentFailed, PaymentOpened, PaymentQuarantined, RefundFailed, RefundProcessed, RefundRequested, SettlementFacts,
    SettlementGenerated, SettlementPaid, SlaBreached, StockExpired, StockExpiring, StockLow, TicketMessageAdded, TicketOpened,
    TicketResolved, UserRegistered, VendorFacts, VendorKycApproved, VendorKycRejected, VendorKycSubmitted,
};
use domain::{ActorKind, Money, OrderId, PaymentMethod, Quantity, UserId, VendorId};

use super::wording::{Phrase, Value, Values, rupees};

/// What an event says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The buyer as a user.
    pub buyer: Option<UserId>,
    /// The vendor.
    pub vendor: Option<VendorId>,
    /// The user it is about.
    pub user: Option<UserId>,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// Whether that order is paid in cash.
    pub cash: bool,
    /// Whether staff did it.
    pub by_staff: bool,
    /// The variables of the event's templates.
    pub values: Values,
}

impl Facts {
    /// Reads an event; `None` for one that nobody is told of.
    ///
    /// # Errors
    /// The data does not fit the type.
    pub fn of(envelope: &Envelope) -> Result<Option<Self>, EventError> {
        let facts = match envelope.r#type.as_str() {
            UserRegistered::TYPE => {
                let event: UserRegistered = envelope.parse()?;
                let user = Some(event.user.user_id);
                Self { user, ..Self::default() }.with("name", event.user.full_name)
            }
            OrderConfirmed::TYPE | OrderInTransit::TYPE | OrderDelivered::TYPE | OrderCompleted::TYPE | OrderCancelled::TYPE => {
                order_facts(envelope)?
            }
            PaymentOpened::TYPE
            | PaymentCaptured::TYPE
            | PaymentFailed::TYPE
            | CodCollected::TYPE
            | RefundRequested::TYPE
            | RefundProcessed::TYPE
            | RefundFailed::TYPE
            | PaymentQuarantined::TYPE => payment_facts(envelope)?,
            TicketOpened::TYPE | TicketMessageAdded::TYPE | TicketResolved::TYPE | SlaBreached::TYPE => ticket_facts(envelope)?,
            DisputeRaised::TYPE | DisputeResolved::TYPE => dispute_facts(envelope)?,
            VendorKycSubmitted::TYPE => vendor(envelope.parse::<VendorKycSubmitted>()?.vendor),
            DeliveryFailed::TYPE => {
                let DeliveryFailed { delivery, reason } = envelope.parse()?;
                let (buyer, vendor) = (Some(delivery.buyer_user_id), Some(delivery.vendor_id));
                let facts = Self { buyer, vendor, order_id: Some(delivery.order_id), ..Self::default() };
                facts.with("order_number", delivery.order_number).with("reason", reason)
            }
            VendorKycApproved::TYPE => vendor(envelope.parse::<VendorKycApproved>()?.vendor),
            VendorKycRejected::TYPE => {
                let VendorKycRejected { vendor: facts, reasons } = envelope.parse()?;
                vendor(facts).with("reasons", reasons.join("; "))
            }
            SettlementGenerated::TYPE => settlement(&envelope.parse::<SettlementGenerated>()?.settlement),
            SettlementPaid::TYPE => {
                let SettlementPaid { settlement: facts, payment_reference, .. } = envelope.parse()?;
                let reference = payment_reference.map_or(Value::Phrase(Phrase::NothingToPay), Value::Text);
                settlement(&facts).saying("reference", reference)
            }
            StockLow::TYPE => {
                let event: StockLow = envelope.parse()?;
                let facts = Self { vendor: Some(event.vendor_id), ..Self::default() };
                facts.with("item", event.name).saying("available", Value::Amount(event.available, event.unit))
            }
            StockExpiring::TYPE => {
                let StockExpiring { batch, quantity } = envelope.parse()?;
                let expires_on = Value::Date(batch.expires_on);
                expiry(batch, quantity).saying("expires_on", expires_on)
            }
            StockExpired::TYPE => {
                let StockExpired { batch, quantity, .. } = envelope.parse()?;
                expiry(batch, quantity)
            }
            _ => return Ok(None),
        };
        Ok(Some(facts))
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), Value::Text(value.to_string()));
        self
    }

    fn saying(mut self, name: &str, value: Value) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}

fn order_facts(envelope: &Envelope) -> Result<Facts, EventError> {
    Ok(match envelope.r#type.as_str() {
        OrderConfirmed::TYPE => {
            let event: OrderConfirmed = envelope.parse()?;
            let on = event.delivery_date.map_or(Value::Phrase(Phrase::AsAgreed), Value::Date);
            order(&event.order).saying("delivery_date", on)
        }
        OrderInTransit::TYPE => order(&envelope.parse::<OrderInTransit>()?.order),
        OrderDelivered::TYPE => order(&envelope.parse::<OrderDelivered>()?.order),
        OrderCompleted::TYPE => {
            let event: OrderCompleted = envelope.parse()?;
            order(&event.order).saying("total", Value::Rupees(event.order.total))
        }
        _ => {
            let event: OrderCancelled = envelope.parse()?;
            order(&event.order).saying("reason", Value::Reason { code: event.reason_code, words: event.reason })
        }
    })
}

fn payment_facts(envelope: &Envelope) -> Result<Facts, EventError> {
    Ok(match envelope.r#type.as_str() {
        PaymentOpened::TYPE => payment(&envelope.parse::<PaymentOpened>()?.payment),
        PaymentCaptured::TYPE => payment(&envelope.parse::<PaymentCaptured>()?.payment),
        PaymentFailed::TYPE => payment(&envelope.parse::<PaymentFailed>()?.payment),
        CodCollected::TYPE => payment(&envelope.parse::<CodCollected>()?.payment),
        RefundRequested::TYPE => {
            let event: RefundRequested = envelope.parse()?;
            payment(&event.payment).saying("amount", Value::Rupees(event.refund_amount))
        }
        RefundFailed::TYPE => {
            let event: RefundFailed = envelope.parse()?;
            payment(&event.payment).saying("amount", Value::Rupees(event.refund_amount)).with("reason", event.reason)
        }
        PaymentQuarantined::TYPE => {
            let event: PaymentQuarantined = envelope.parse()?;
            let theirs = format!("{} {}", rupees(Money::from_paise(event.gateway_amount_paise)), event.gateway_currency);
            payment(&event.payment).with("gateway_amount", theirs)
        }
        _ => {
            let event: RefundProcessed = envelope.parse()?;
            payment(&event.payment).saying("amount", Value::Rupees(event.refund_amount))
        }
    })
}

fn order(order: &OrderFacts) -> Facts {
    Facts {
        buyer: Some(order.buyer_user_id),
        vendor: Some(order.vendor_id),
        order_id: Some(order.order_id),
        cash: order.payment_method == PaymentMethod::Cod,
        ..Facts::default()
    }
    .with("order_number", &order.order_number)
}

fn payment(payment: &PaymentFacts) -> Facts {
    let cash = payment.payment_method == PaymentMethod::Cod;
    Facts {
        buyer: Some(payment.buyer_user_id),
        vendor: Some(payment.vendor_id),
        order_id: Some(payment.order_id),
        cash,
        ..Facts::default()
    }
    .with("order_number", &payment.order_number)
    .saying("amount", Value::Rupees(payment.amount))
    .saying("total", Value::Rupees(payment.amount))
    .saying("payment", Value::Phrase(if cash { Phrase::CashOnDelivery } else { Phrase::PaidOnline }))
}

fn vendor(vendor: VendorFacts) -> Facts {
    Facts { vendor: Some(vendor.vendor_id), ..Facts::default() }.with("business_name", vendor.business_name)
}

fn expiry(batch: BatchFacts, quantity: Quantity) -> Facts {
    Facts { vendor: Some(batch.vendor_id), ..Facts::default() }
        .with("item", batch.name)
        .with("batch_number", batch.batch_number)
        .saying("quantity", Value::Amount(quantity, batch.unit))
}

fn settlement(settlement: &SettlementFacts) -> Facts {
    Facts { vendor: Some(settlement.vendor_id), ..Facts::default() }
        .with("settlement_number", &settlement.settlement_number)
        .saying("period", Value::Period(settlement.period_start, settlement.period_end))
        .saying("payout", Value::Rupees(settlement.payout_amount))
}

fn ticket_facts(envelope: &Envelope) -> Result<Facts, EventError> {
    Ok(match envelope.r#type.as_str() {
        TicketOpened::TYPE => {
            let event: TicketOpened = envelope.parse()?;
            Facts { user: Some(event.created_by), order_id: event.order_id, ..Facts::default() }
                .with("ticket_number", &event.ticket_number)
                .with("subject", event.subject)
        }
        TicketMessageAdded::TYPE => {
            let event: TicketMessageAdded = envelope.parse()?;
            let by_staff = event.sender_type == ActorKind::Admin;
            Facts { user: Some(event.created_by), order_id: event.order_id, by_staff, ..Facts::default() }
                .with("ticket_number", &event.ticket_number)
        }
        TicketResolved::TYPE => {
            let event: TicketResolved = envelope.parse()?;
            Facts { user: Some(event.created_by), order_id: event.order_id, ..Facts::default() }
                .with("ticket_number", &event.ticket_number)
                .with("resolution", event.resolution)
        }
        _ => {
            let event: SlaBreached = envelope.parse()?;
            let clock = if event.clock == "first_response" { Phrase::FirstAnswer } else { Phrase::Resolution };
            Facts::default()
                .with("ticket_number", &event.ticket_number)
                .saying("clock", Value::Phrase(clock))
                .saying("due_at", Value::Time(event.due_at))
        }
    })
}

fn dispute_facts(envelope: &Envelope) -> Result<Facts, EventError> {
    if envelope.r#type == DisputeRaised::TYPE {
        let event: DisputeRaised = envelope.parse()?;
        let (buyer, vendor) = (Some(event.buyer_user_id), Some(event.vendor_id));
        return Ok(Facts { buyer, vendor, order_id: Some(event.order_id), ..Facts::default() }
            .with("dispute_number", &event.dispute_number)
            .with("order_number", &event.order_number));
    }
    let event: DisputeResolved = envelope.parse()?;
    let refund = event.refund_amount.filter(|amount| *amount > Money::ZERO);
    let (buyer, vendor) = (Some(event.buyer_user_id), Some(event.vendor_id));
    Ok(Facts { buyer, vendor, order_id: Some(event.order_id), ..Facts::default() }
        .with("dispute_number", &event.dispute_number)
        .with("order_number", &event.order_number)
        .saying("outcome", refund.map_or(Value::Phrase(Phrase::NoRefund), Value::Refund)))
}
