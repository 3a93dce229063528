//! Human numbers such as `ORD000001`, and the loose ways people type them (rule 2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::formats::InvalidFormat;
use crate::text::sqlx_text;

/// Reads `ord 1`, `ORD1`, `#ORD000001`, `0RDOOO1`: the letter O and the digit 0 count as the same, leading zeros are
/// ignored, any other letter is refused. The prefix may be left out.
fn read_loosely(text: &str, prefix: &str) -> Option<u64> {
    let same = |c: char| if c == '0' { 'O' } else { c.to_ascii_uppercase() };
    let squeezed: String = text.chars().filter(|c| !matches!(c, ' ' | '#' | '-' | '.' | ':')).map(same).collect();
    let wanted: String = prefix.chars().map(same).collect();
    let digits = squeezed.strip_prefix(&wanted).unwrap_or(&squeezed);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let number: u64 = digits.replace('O', "0").parse().ok()?;
    (number > 0).then_some(number)
}

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident $prefix:literal),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            /// The number in the order its database sequence gave it.
            #[must_use]
            pub fn from_sequence(number: u64) -> Self { Self(format!(concat!($prefix, "{:06}"), number)) }

            /// The full form, such as `ORD000001`.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl FromStr for $name {
            type Err = InvalidFormat;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                read_loosely(text, $prefix)
                    .map(Self::from_sequence)
                    .ok_or(InvalidFormat::new("number", concat!("a number such as ", $prefix, "000001")))
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
        sqlx_text!($name);
    )+};
}

numbers! {
    /// Number of an order.
    OrderNumber "ORD",
    /// Number of a support ticket.
    TicketNumber "TKT",
    /// Number of a dispute.
    DisputeNumber "DSP",
    /// Number of a settlement.
    SettlementNumber "STL",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_people_type_it() {
        for text in ["ord 1", "ORD1", "#ORD000001", "ORD-1", "0rd1", "1", "ORDOO1", "Ord: 0001"] {
            assert_eq!(text.parse::<OrderNumber>().unwrap().as_str(), "ORD000001", "{text}");
        }
        assert_eq!("ORD1O".parse::<OrderNumber>().unwrap().as_str(), "ORD000010");
    }

    #[test]
    fn any_other_letter_means_ask() {
        for text in ["ORD1A", "ORDl", "TKT1", "", "ORD", "ORD0", "ORD 1 2B"] {
            assert!(text.parse::<OrderNumber>().is_err(), "{text}");
        }
    }
}
