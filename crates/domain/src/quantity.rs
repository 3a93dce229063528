//! Quantities with three decimal places (rule 6).

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::formats::InvalidFormat;
use crate::money::{parse_fixed, sqlx_numeric};

/// A quantity in thousandths of its unit. `NUMERIC(12,3)` in tables, a decimal string such as `"50"` or `"2.5"` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(value_type = String, example = "50", pattern = r"^\d{1,9}(\.\d{1,3})?$")]
pub struct Quantity(i64);

const LIMIT: i64 = 999_999_999_999;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many whole units.
    #[must_use]
    pub const fn from_whole(units: i32) -> Self {
        Self(units as i64 * 1000)
    }

    /// So many thousandths of a unit.
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// Thousandths of a unit.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Sum; `None` beyond what the column holds.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|q| *q <= LIMIT).map(Self)
    }

    /// Difference; `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|q| *q >= 0).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1000, (self.0 % 1000).abs());
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:03}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl FromStr for Quantity {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_fixed(text, 3).and_then(|q| i64::try_from(q).ok()).filter(|q| (0..=LIMIT).contains(q)).map(Self).ok_or_else(|| {
            InvalidFormat::new("quantity", "a number of units with at most three decimal places, such as \"50\" or \"2.5\"")
        })
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// Takes `"2.5"`, and whole JSON numbers such as `50` because people write them; a JSON fraction is refused, for it
    /// would already have been a float.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a quantity such as \"50\" or \"2.5\"")]
        enum Spoken {
            Whole(i32),
            Text(String),
        }
        match Spoken::deserialize(deserializer)? {
            Spoken::Whole(units) if units >= 0 => Ok(Self::from_whole(units)),
            Spoken::Whole(_) => Err(serde::de::Error::custom("a quantity cannot be negative")),
            Spoken::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

sqlx_numeric!(Quantity, 3, |q: &Quantity| q.0, Quantity);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_written_without_idle_zeros() {
        assert_eq!("50.000".parse::<Quantity>().unwrap().to_string(), "50");
        assert_eq!("2.500".parse::<Quantity>().unwrap().to_string(), "2.5");
        assert_eq!("0.005".parse::<Quantity>().unwrap().to_string(), "0.005");
    }

    #[test]
    fn a_negative_or_too_fine_quantity_is_refused() {
        for text in ["-1", "1.0005", "1e3", "", "fifty"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Quantity>("2.5").is_err());
        assert_eq!(serde_json::from_str::<Quantity>("50").unwrap(), Quantity::from_whole(50));
    }
}
