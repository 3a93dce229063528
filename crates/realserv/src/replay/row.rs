//! A row as it should be.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Money;

/// What a column should hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expect {
    /// Nothing.
    Null,
    /// This word, number or id.
    Word(String),
    /// One of these: no event tells them apart.
    OneOf(Vec<String>),
    /// This amount.
    Amount(Money),
    /// A number, however many digits it is written with.
    Number(String),
    /// This moment.
    At(DateTime<Utc>),
}

impl Expect {
    pub(super) fn word(word: impl Display) -> Self {
        Self::Word(word.to_string())
    }

    pub(super) fn word_or_null(word: Option<impl Display>) -> Self {
        word.map_or(Self::Null, Self::word)
    }

    pub(super) fn at_or_null(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Null, Self::At)
    }

    /// Whether a column's text is that.
    pub(super) fn fits(&self, text: Option<&str>) -> bool {
        match (self, text) {
            (Self::Null, text) => text.is_none(),
            (_, None) => false,
            (Self::Word(word), Some(text)) => word == text,
            (Self::OneOf(words), Some(text)) => words.iter().any(|word| word == text),
            (Self::Amount(amount), Some(text)) => text.parse::<Money>().is_ok_and(|found| found == *amount),
            (Self::Number(number), Some(text)) => plain(number) == plain(text),
            // Postgres keeps microseconds.
            (Self::At(at), Some(text)) => {
                DateTime::parse_from_rfc3339(text).is_ok_and(|found| (found.to_utc() - at).abs() <= TimeDelta::microseconds(1))
            }
        }
    }
}

fn plain(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

impl Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Word(word) => f.write_str(word),
            Self::OneOf(words) => f.write_str(&words.join(" or ")),
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::Number(number) => f.write_str(number),
            Self::At(at) => write!(f, "{}", at.to_rfc3339()),
        }
    }
}

/// Where a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Orders,
    OrderItems,
    Payments,
    PaymentRefunds,
    Deliveries,
    Settlements,
    SettlementOrders,
    SettlementLines,
}

impl Table {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrderItems => "order_items",
            Self::Payments => "payments",
            Self::PaymentRefunds => "payment_refunds",
            Self::Deliveries => "deliveries",
            Self::Settlements => "settlements",
            Self::SettlementOrders => "settlement_orders",
            Self::SettlementLines => "settlement_line_items",
        }
    }

    /// The service whose table it is.
    pub(super) const fn service(self) -> &'static str {
        match self {
            Self::Orders | Self::OrderItems => "order",
            Self::Payments | Self::PaymentRefunds => "payment",
            Self::Deliveries | Self::Settlements | Self::SettlementOrders | Self::SettlementLines => "vendor-management",
        }
    }

    /// All columns of one row as text, by its key.
    pub(super) const fn query(self) -> &'static str {
        macro_rules! by {
            ($table:literal, $key:literal) => {
                concat!(
                    "SELECT (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t))) FROM ",
                    $table,
                    " t WHERE ",
                    $key,
                    " = $1"
                )
            };
        }
        match self {
            Self::Orders => by!("orders", "id"),
            Self::OrderItems => by!("order_items", "id"),
            Self::Payments => by!("payments", "id"),
            Self::PaymentRefunds => by!("payment_refunds", "id"),
            Self::Deliveries => by!("deliveries", "id"),
            Self::Settlements => by!("settlements", "id"),
            Self::SettlementOrders => by!("settlement_orders", "order_id"),
            Self::SettlementLines => by!("settlement_line_items", "order_id"),
        }
    }

    /// The keys of all rows of an order; none where others than orders have rows.
    pub(super) const fn of_order(self) -> Option<&'static str> {
        match self {
            Self::Orders => Some("SELECT id FROM orders WHERE id = $1"),
            Self::OrderItems => Some("SELECT id FROM order_items WHERE order_id = $1"),
            Self::Payments => Some("SELECT id FROM payments WHERE order_id = $1"),
            Self::Deliveries => Some("SELECT id FROM deliveries WHERE order_id = $1"),
            Self::SettlementLines => Some("SELECT order_id FROM settlement_line_items WHERE order_id = $1"),
            // A refund of money that came in by mistake is no event of the order; vendor-management keeps orders that are
            // not complete; a settlement has many orders.
            Self::PaymentRefunds | Self::SettlementOrders | Self::Settlements => None,
        }
    }

    pub(super) const ALL: [Self; 8] = [
        Self::Orders,
        Self::OrderItems,
        Self::Payments,
        Self::PaymentRefunds,
        Self::Deliveries,
        Self::Settlements,
        Self::SettlementOrders,
        Self::SettlementLines,
    ];
}

/// A row as the events say it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) table: Table,
    pub(super) key: uuid::Uuid,
    pub(super) columns: BTreeMap<&'static str, Expect>,
}

impl Row {
    pub(super) fn new(table: Table, key: uuid::Uuid, columns: impl IntoIterator<Item = (&'static str, Expect)>) -> Self {
        Self { table, key, columns: columns.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_compared_by_what_it_means_and_not_by_how_it_is_written() {
        assert!(Expect::Amount(Money::from_paise(2_027_000)).fits(Some("20270.00")));
        assert!(!Expect::Amount(Money::from_paise(2_027_001)).fits(Some("20270.00")));
        assert!(Expect::Number("50".into()).fits(Some("50.000")));
        assert!(Expect::Number("5.00".into()).fits(Some("5")));
        assert!(!Expect::Number("50".into()).fits(Some("5")));
        let at = "2026-11-16T10:00:00.123456Z".parse().unwrap();
        assert!(Expect::At(at).fits(Some("2026-11-16T15:30:00.123456+05:30")));
        assert!(Expect::Null.fits(None) && !Expect::Null.fits(Some("")) && !Expect::word("x").fits(None));
    }
}
