//! A vendor's offer: its terms, and what may be done with them.

use domain::{Money, MoneyError, Quantity, Rate};

/// Why terms are not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Rule 21: the platform fixes prices.
    #[error("must lie between {lowest} and {highest}, the band around the catalogue's price")]
    OutsideBand {
        /// Least that is allowed.
        lowest: Money,
        /// Most that is allowed.
        highest: Money,
    },
    /// The catalogue does not sell labour of this kind that way, so there is no price to compare with.
    #[error("this kind of labour is not sold this way")]
    NotSoldThisWay,
    /// What is kept for orders cannot be taken away.
    #[error("{reserved} of it are kept for orders")]
    BelowReserved {
        /// What is kept.
        reserved: Quantity,
    },
    /// An amount does not fit.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

/// The lowest and highest price that the band around `base` allows, both inclusive (rule 21).
///
/// # Errors
/// [`MoneyError::OutOfRange`].
pub fn band(base: Money, band: Rate) -> Result<(Money, Money), MoneyError> {
    let width = base.percent(band)?;
    Ok((base.checked_sub(width)?, base.checked_add(width)?))
}

/// Checks a vendor's price against the band.
///
/// # Errors
/// [`OfferError::OutsideBand`] naming both ends, [`OfferError::NotSoldThisWay`] without a price to compare with.
pub fn check_price(own: Option<Money>, base: Option<Money>, width: Rate) -> Result<(), OfferError> {
    let Some(own) = own else { return Ok(()) };
    let base = base.ok_or(OfferError::NotSoldThisWay)?;
    let (lowest, highest) = band(base, width)?;
    if own < lowest || own > highest || own <= Money::ZERO {
        return Err(OfferError::OutsideBand { lowest, highest });
    }
    Ok(())
}

/// What one unit costs: the vendor's own price if set, otherwise the catalogue's.
#[must_use]
pub fn unit_price(own: Option<Money>, base: Money) -> Money {
    own.unwrap_or(base)
}

/// What can still be ordered.
#[must_use]
pub fn available(stock: Quantity, reserved: Quantity) -> Quantity {
    stock.checked_sub(reserved).unwrap_or(Quantity::ZERO)
}

/// What became of the low-stock limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// It fell below: the vendor is told once.
    Fell,
    /// It is back: the next fall is told again.
    Rose,
    /// Nothing new.
    None,
}

/// Compares what can be ordered with the limit, knowing whether it was low before.
#[must_use]
pub fn crossing(was_low: bool, available: Quantity, threshold: Quantity) -> Crossing {
    match (was_low, available < threshold) {
        (false, true) => Crossing::Fell,
        (true, false) => Crossing::Rose,
        _ => Crossing::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    const FIFTEEN: Rate = Rate::from_basis_points(1500);

    #[test]
    fn a_vendor_price_lies_in_the_band_with_both_ends() {
        let base = Some(money("380.00"));
        for good in ["323.00", "380.00", "437.00"] {
            assert_eq!(check_price(Some(money(good)), base, FIFTEEN), Ok(()), "{good}");
        }
        for bad in ["322.99", "437.01", "0.00", "-1.00"] {
            let outside = OfferError::OutsideBand { lowest: money("323.00"), highest: money("437.00") };
            assert_eq!(check_price(Some(money(bad)), base, FIFTEEN), Err(outside), "{bad}");
        }
    }

    #[test]
    fn a_band_of_nothing_leaves_only_the_catalogues_price() {
        assert_eq!(check_price(Some(money("10.00")), Some(money("10.00")), Rate::ZERO), Ok(()));
        assert!(check_price(Some(money("10.01")), Some(money("10.00")), Rate::ZERO).is_err());
    }

    #[test]
    fn no_own_price_is_always_fine_and_an_own_price_wants_one_to_compare_with() {
        assert_eq!(check_price(None, None, FIFTEEN), Ok(()));
        assert_eq!(check_price(Some(money("10.00")), None, FIFTEEN), Err(OfferError::NotSoldThisWay));
        assert_eq!(unit_price(None, money("9.00")), money("9.00"));
        assert_eq!(unit_price(Some(money("9.50")), money("9.00")), money("9.50"));
    }

    #[test]
    fn running_low_is_told_once_for_each_crossing() {
        let limit = Quantity::from_whole(10);
        let mut low = false;
        let mut told = 0;
        for available in [20, 9, 8, 9, 10, 12, 9, 0, 30] {
            match crossing(low, Quantity::from_whole(available), limit) {
                Crossing::Fell => {
                    low = true;
                    told += 1;
                }
                Crossing::Rose => low = false,
                Crossing::None => {}
            }
        }
        assert_eq!((told, low), (2, false));
    }
}
