//! What an event says that goes into a message: whom it concerns, and the variables of its templates.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::events::{
    CodCollected, DeliveryFailed, DomainEvent as _, Envelope, EventError, OrderCancelled, OrderCompleted, OrderConfirmed,
    OrderDelivered, OrderFacts, OrderInTransit, PaymentCaptured, PaymentFacts, PaymentFailed, PaymentOpened, RefundProcessed,
    RefundRequested, SettlementFacts, SettlementGenerated, SettlementPaid, StockLow, UserRegistered, VendorFacts,
    VendorKycApproved, VendorKycRejected,
};
use domain::{Money, OrderId, PaymentMethod, UserId, VendorId};

/// The values that fill a template.
pub type Variables = BTreeMap<String, String>;

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
    /// The variables of the event's templates.
    pub variables: Variables,
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
            | RefundProcessed::TYPE => payment_facts(envelope)?,
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
                settlement(&facts).with("reference", payment_reference.unwrap_or_else(|| "nothing to pay".to_owned()))
            }
            StockLow::TYPE => {
                let event: StockLow = envelope.parse()?;
                let facts = Self { vendor: Some(event.vendor_id), ..Self::default() };
                facts.with("item", event.name).with("available", event.available).with("unit", spoken(event.unit.as_str()))
            }
            _ => return Ok(None),
        };
        Ok(Some(facts))
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.insert(name.to_owned(), value.to_string());
        self
    }
}

fn order_facts(envelope: &Envelope) -> Result<Facts, EventError> {
    Ok(match envelope.r#type.as_str() {
        OrderConfirmed::TYPE => {
            let event: OrderConfirmed = envelope.parse()?;
            let on = event.delivery_date.map_or_else(|| "as agreed".to_owned(), spoken_date);
            order(&event.order).with("delivery_date", on)
        }
        OrderInTransit::TYPE => order(&envelope.parse::<OrderInTransit>()?.order),
        OrderDelivered::TYPE => order(&envelope.parse::<OrderDelivered>()?.order),
        OrderCompleted::TYPE => {
            let event: OrderCompleted = envelope.parse()?;
            order(&event.order).with("total", rupees(event.order.total))
        }
        _ => {
            let event: OrderCancelled = envelope.parse()?;
            order(&event.order).with("reason", event.reason)
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
            payment(&event.payment).with("amount", rupees(event.refund_amount))
        }
        _ => {
            let event: RefundProcessed = envelope.parse()?;
            payment(&event.payment).with("amount", rupees(event.refund_amount))
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
    .with("amount", rupees(payment.amount))
    .with("total", rupees(payment.amount))
    .with("payment", if cash { "cash on delivery" } else { "paid online" })
}

fn vendor(vendor: VendorFacts) -> Facts {
    Facts { vendor: Some(vendor.vendor_id), ..Facts::default() }.with("business_name", vendor.business_name)
}

fn settlement(settlement: &SettlementFacts) -> Facts {
    let period = format!("{} to {}", spoken_date(settlement.period_start), spoken_date(settlement.period_end));
    Facts { vendor: Some(settlement.vendor_id), ..Facts::default() }
        .with("settlement_number", &settlement.settlement_number)
        .with("period", period)
        .with("payout", rupees(settlement.payout_amount))
}

fn spoken_date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

/// An amount as people in India write it: `1,23,456.50`.
#[must_use]
pub fn rupees(amount: Money) -> String {
    let plain = amount.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, paise) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        // A comma before the last three digits, and before every two above them.
        if at > 0 && left >= 3 && left % 2 == 1 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{paise}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_india() {
        for (paise, text) in [
            (50, "0.50"),
            (99_900, "999.00"),
            (100_000, "1,000.00"),
            (12_345_650, "1,23,456.50"),
            (-1_234_567_800, "-1,23,45,678.00"),
        ] {
            assert_eq!(rupees(Money::from_paise(paise)), text);
        }
    }
}
