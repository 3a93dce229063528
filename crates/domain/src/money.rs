//! Money in integer paise (rule 3): checked arithmetic, one rounding rule, never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Quantity;

/// An amount in paise of Indian rupees. `NUMERIC(12,2)` in tables, a decimal string such as `"1234.50"` in JSON with
/// `currency: "INR"` beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(value_type = String, example = "1234.50", pattern = r"^-?\d{1,10}\.\d{2}$")]
pub struct Money(i64);

/// Why an amount could not be read or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit `NUMERIC(12,2)`.
    #[error("amount is out of range")]
    OutOfRange,
    /// The text is not a decimal with at most two places.
    #[error("expected an amount in rupees with at most two decimal places, such as \"1234.50\"")]
    Malformed,
}

/// The largest amount a `NUMERIC(12,2)` column holds, in paise.
const LIMIT: i64 = 999_999_999_999;

/// `numerator / denominator`, half away from zero: the one rounding rule. `denominator` is positive.
pub(crate) fn divide_rounded(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator >= 0 { (numerator + half) / denominator } else { (numerator - half) / denominator }
}

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount of so many paise.
    #[must_use]
    pub const fn from_paise(paise: i64) -> Self {
        Self(paise)
    }

    /// An amount of so many whole rupees.
    #[must_use]
    pub const fn from_rupees(rupees: i32) -> Self {
        Self(rupees as i64 * 100)
    }

    /// The amount in paise.
    #[must_use]
    pub const fn paise(self) -> i64 {
        self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    fn bounded(paise: i128) -> Result<Self, MoneyError> {
        let paise = i64::try_from(paise).map_err(|_| MoneyError::OutOfRange)?;
        if paise.abs() > LIMIT { Err(MoneyError::OutOfRange) } else { Ok(Self(paise)) }
    }

    /// Sum.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        Self::bounded(i128::from(self.0) + i128::from(other.0))
    }

    /// Difference; may be negative.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        Self::bounded(i128::from(self.0) - i128::from(other.0))
    }

    /// The amount with its sign turned.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Sum of many.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Unit price times quantity, rounded half away from zero to the paisa.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        Self::bounded(divide_rounded(i128::from(self.0) * i128::from(quantity.thousandths()), 1000))
    }

    /// That share of the amount, rounded half away from zero to the paisa.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn percent(self, rate: Rate) -> Result<Self, MoneyError> {
        Self::bounded(divide_rounded(i128::from(self.0) * i128::from(rate.basis_points()), 10_000))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let paise = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", paise / 100, paise % 100)
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_fixed(text, 2).map_or(Err(MoneyError::Malformed), Self::bounded)
    }
}

/// Reads a plain decimal with at most `places` places as an integer of that scale. No exponent, no spaces, no plus sign.
pub(crate) fn parse_fixed(text: &str, places: u32) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let well_formed = !whole.is_empty()
        && whole.len() <= 15
        && fraction.len() <= places as usize
        && !digits.ends_with('.')
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !well_formed {
        return None;
    }
    let scale = 10_i128.pow(places);
    let padding = 10_i128.pow(places - u32::try_from(fraction.len()).ok()?);
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<i128>().ok()? * padding };
    let value = whole.parse::<i128>().ok()? * scale + fraction;
    Some(if negative { -value } else { value })
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Stores an integer of a fixed scale as `NUMERIC` and reads it back; refuses what the scale cannot hold.
macro_rules! sqlx_numeric {
    ($name:ty, $scale:literal, $get:expr, $make:expr) => {
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <Decimal as sqlx::Type<sqlx::Postgres>>::type_info()
            }
        }
        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <Decimal as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }
        impl sqlx::Encode<'_, sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buf: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let raw: i64 = $get(self);
                <Decimal as sqlx::Encode<'_, sqlx::Postgres>>::encode(Decimal::new(raw, $scale), buf)
            }
        }
        impl sqlx::Decode<'_, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
                let mut decimal = <Decimal as sqlx::Decode<'_, sqlx::Postgres>>::decode(value)?;
                let exact = decimal;
                decimal.rescale($scale);
                if decimal != exact {
                    return Err(format!("{exact} has more than {} decimal places", $scale).into());
                }
                Ok($make(i64::try_from(decimal.mantissa())?))
            }
        }
    };
}
pub(crate) use sqlx_numeric;

sqlx_numeric!(Money, 2, |m: &Money| m.0, Money);

/// A percentage in basis points: `18.00` % is 1800. `NUMERIC(5,2)` in tables, `"18.00"` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(value_type = String, example = "18.00", pattern = r"^-?\d{1,3}\.\d{2}$")]
pub struct Rate(i32);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many hundredths of a percent.
    #[must_use]
    pub const fn from_basis_points(basis_points: i32) -> Self {
        Self(basis_points)
    }

    /// Hundredths of a percent.
    #[must_use]
    pub const fn basis_points(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Money::from_paise(i64::from(self.0)).fmt(f)
    }
}

impl FromStr for Rate {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let basis_points = parse_fixed(text, 2).ok_or(MoneyError::Malformed)?;
        i32::try_from(basis_points).ok().filter(|b| b.abs() < 100_000).map(Self).ok_or(MoneyError::OutOfRange)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

sqlx_numeric!(Rate, 2, |r: &Rate| i64::from(r.0), |raw: i64| Rate(i32::try_from(raw).unwrap_or(i32::MAX)));

/// Tax of one line inside one state: CGST and SGST at half the rate each, rounded each for itself (rule 23).
///
/// The rate may be odd in basis points (6 % is 600, 0.25 % is 25), so the half is taken of the product, not of the rate.
///
/// # Errors
/// [`MoneyError::OutOfRange`].
pub fn halves(taxable: Money, rate: Rate) -> Result<(Money, Money), MoneyError> {
    let half = divide_rounded(i128::from(taxable.paise()) * i128::from(rate.basis_points()), 20_000);
    let half = Money::bounded(half)?;
    Ok((half, half))
}

/// Splits `amount` over `weights` in proportion so that the parts add up to it exactly: floors first, then the paise
/// that are left go to the largest remainders, earlier lines first on a tie (rule 25).
///
/// # Errors
/// [`MoneyError::OutOfRange`] when the weights add up to zero or a weight is negative.
pub fn largest_remainder(amount: Money, weights: &[Money]) -> Result<Vec<Money>, MoneyError> {
    let total: i128 = weights.iter().map(|w| i128::from(w.paise())).sum();
    if total <= 0 || weights.iter().any(|w| w.is_negative()) || amount.is_negative() {
        return Err(MoneyError::OutOfRange);
    }
    let amount = i128::from(amount.paise());
    let mut parts: Vec<i128> = weights.iter().map(|w| amount * i128::from(w.paise()) / total).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(amount * i128::from(weights[i].paise()) % total));
    let left = usize::try_from(amount - parts.iter().sum::<i128>()).map_err(|_| MoneyError::OutOfRange)?;
    for &index in by_remainder.iter().take(left) {
        parts[index] += 1;
    }
    parts.into_iter().map(Money::bounded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn an_amount_reads_back_as_it_was_written() {
        for text in ["0.00", "1234.50", "-0.05", "9999999999.99"] {
            assert_eq!(money(text).to_string(), text);
        }
        assert_eq!(money("12"), Money::from_paise(1200));
        assert_eq!(money("12.5"), Money::from_paise(1250));
    }

    #[test]
    fn an_amount_that_is_not_plain_decimal_is_refused() {
        for text in ["", ".", "1.", "1.234", "1e3", "+1", " 1", "1,000", "NaN", "--1", "99999999999.99"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_worked_example_of_rule_23_holds() {
        let taxable = money("1234.57");
        let five = Rate::from_basis_points(500);
        assert_eq!(halves(taxable, five).unwrap(), (money("30.86"), money("30.86")));
        assert_eq!(taxable.percent(five).unwrap(), money("61.73"));
    }

    #[test]
    fn the_money_vectors_of_the_contracts_hold() {
        let cement = money("338.50").times(Quantity::from_whole(50)).unwrap();
        assert_eq!(cement, Money::from_paise(1_692_500));
        let eighteen = Rate::from_basis_points(1800);
        assert_eq!(halves(cement, eighteen).unwrap().0, Money::from_paise(152_325));
        assert_eq!(cement.percent(eighteen).unwrap(), Money::from_paise(304_650));
        assert_eq!(halves(Money::from_paise(33_333), eighteen).unwrap().0, Money::from_paise(3000));
        assert_eq!(Money::from_paise(33_333).percent(eighteen).unwrap(), Money::from_paise(6000));
        assert_eq!(halves(Money::from_paise(999_999), Rate::from_basis_points(1200)).unwrap().0, Money::from_paise(60_000));
        let commission = cement.percent(Rate::from_basis_points(500)).unwrap();
        assert_eq!(commission, Money::from_paise(84_625));
        assert_eq!(commission.percent(eighteen).unwrap(), Money::from_paise(15_233));
    }

    #[test]
    fn rounding_is_half_away_from_zero_on_both_sides() {
        assert_eq!(divide_rounded(5, 10), 1);
        assert_eq!(divide_rounded(-5, 10), -1);
        assert_eq!(divide_rounded(4, 10), 0);
        assert_eq!(divide_rounded(-4, 10), 0);
    }

    #[test]
    fn a_sum_beyond_the_column_is_refused() {
        assert_eq!(Money::from_paise(LIMIT).checked_add(Money::from_paise(1)), Err(MoneyError::OutOfRange));
    }

    proptest! {
        #[test]
        fn a_split_always_adds_up_to_the_paisa(amount in 0_i64..1_000_000_00, weights in prop::collection::vec(0_i64..1_000_000, 1..20)) {
            prop_assume!(weights.iter().sum::<i64>() > 0);
            let weights: Vec<Money> = weights.into_iter().map(Money::from_paise).collect();
            let parts = largest_remainder(Money::from_paise(amount), &weights).unwrap();
            prop_assert_eq!(Money::total(parts.iter().copied()).unwrap(), Money::from_paise(amount));
            prop_assert!(parts.iter().all(|p| !p.is_negative()));
        }

        #[test]
        fn text_and_paise_agree(paise in -LIMIT..=LIMIT) {
            let money = Money::from_paise(paise);
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }
    }
}
