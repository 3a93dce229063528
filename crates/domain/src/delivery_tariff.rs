//! What a delivery costs by road distance (rule 24).

use serde::{Deserialize, Serialize};

use crate::{Money, MoneyError};

/// The tariff; all of it is configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTariff {
    /// Charge up to [`Self::base_metres`].
    pub base_charge: Money,
    /// How far the base charge reaches.
    pub base_metres: u32,
    /// Charge for each further kilometre that is started.
    pub per_started_km: Money,
    /// No charge from this subtotal on.
    pub free_from_subtotal: Money,
}

impl Default for DeliveryTariff {
    /// ₹150 to 5 km, then ₹20 a started km; none from ₹25,000.
    fn default() -> Self {
        Self {
            base_charge: Money::from_rupees(150),
            base_metres: 5_000,
            per_started_km: Money::from_rupees(20),
            free_from_subtotal: Money::from_rupees(25_000),
        }
    }
}

impl DeliveryTariff {
    /// The charge for a road distance in metres, whatever is bought.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn for_distance(&self, metres: u32) -> Result<Money, MoneyError> {
        let started_km = metres.saturating_sub(self.base_metres).div_ceil(1000);
        let further = crate::Quantity::from_thousandths(i64::from(started_km) * 1000);
        self.base_charge.checked_add(self.per_started_km.times(further)?)
    }

    /// The charge for a road distance in metres and what is bought.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn charge(&self, metres: u32, subtotal: Money) -> Result<Money, MoneyError> {
        if subtotal >= self.free_from_subtotal { Ok(Money::ZERO) } else { self.for_distance(metres) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_kilometre_beyond_the_fifth_is_charged_whole() {
        let tariff = DeliveryTariff::default();
        let charge = |metres| tariff.charge(metres, Money::from_rupees(100)).unwrap();
        assert_eq!(charge(0), Money::from_rupees(150));
        assert_eq!(charge(5_000), Money::from_rupees(150));
        assert_eq!(charge(5_001), Money::from_rupees(170));
        assert_eq!(charge(6_000), Money::from_rupees(170));
        assert_eq!(charge(12_300), Money::from_rupees(310));
    }

    #[test]
    fn delivery_is_free_from_twenty_five_thousand_rupees() {
        let tariff = DeliveryTariff::default();
        assert_eq!(tariff.charge(9_000, Money::from_rupees(25_000)).unwrap(), Money::ZERO);
        assert_eq!(tariff.charge(9_000, Money::from_paise(2_499_999)).unwrap(), Money::from_rupees(230));
    }
}
