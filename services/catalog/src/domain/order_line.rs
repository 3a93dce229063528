//! Whether a wanted line can be ordered, and at what price.

use domain::{InventoryId, Money, Quantity, Rate, Unit};

use super::offer;

/// What one wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// How much.
    pub quantity: Quantity,
    /// Of which unit; the item's own when left out.
    pub unit: Option<Unit>,
}

/// What is known of a wanted item: the catalogue's side, the vendor's, the tax table's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The item is in the catalogue and can be sold.
    pub is_active: bool,
    /// The vendor's offer.
    pub offer: Option<Offer>,
    /// The rate of the day for this kind of supplier.
    pub gst_rate: Option<Rate>,
}

/// A vendor's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub inventory_id: InventoryId,
    /// The vendor has not taken it off.
    pub is_available: bool,
    /// What it is of.
    pub terms: Terms,
}

/// The terms of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terms {
    /// Goods.
    Material {
        /// Its unit.
        unit: Unit,
        /// Price of a unit.
        unit_price: Money,
        /// The least that is sold.
        minimum: Quantity,
        /// What can be ordered by all lines of the order together.
        available: Quantity,
    },
    /// Work (rule 22).
    Labor {
        /// Price of an hour, when it is sold by the hour.
        hourly: Option<Money>,
        /// Price of a day, when it is sold by the day.
        daily: Option<Money>,
        /// Fewer hours are not sold.
        min_hours: Quantity,
        /// Workers that are free.
        workers: i32,
    },
}

/// A price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// The offer.
    pub inventory_id: InventoryId,
    /// Unit of the quantity.
    pub unit: Unit,
    /// Price of one before tax.
    pub unit_price: Money,
    /// Tax.
    pub gst_rate: Rate,
}

/// Why a line cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in the catalogue.
    #[error("there is no such item in the catalogue")]
    ItemNotFound,
    /// Not by this vendor.
    #[error("this vendor does not offer it")]
    ItemNotOffered,
    /// Not now.
    #[error("the vendor has taken it off for now")]
    ItemUnavailable,
    /// Too little.
    #[error("the least that is sold is {minimum} {unit}")]
    BelowMinimum {
        /// The least.
        minimum: Quantity,
        /// Of which unit.
        unit: Unit,
    },
    /// Too much.
    #[error("only {available} are left")]
    OutOfStock {
        /// What is left.
        available: Quantity,
    },
    /// Another unit.
    #[error("it is not sold by the {unit}")]
    UnitNotOffered {
        /// What was asked for.
        unit: Unit,
    },
    /// The tax table knows nothing for the day.
    #[error("no tax rate is known for it on this day")]
    NoTaxRate,
}

impl Refusal {
    /// Stable; for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ItemNotFound => "item_not_found",
            Self::ItemNotOffered => "item_not_offered",
            Self::ItemUnavailable => "item_unavailable",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::UnitNotOffered { .. } => "unit_not_offered",
            Self::NoTaxRate => "no_tax_rate",
        }
    }
}

/// Decides one line. `total` is what all lines of the order want of the same offer together: goods in their unit, labour
/// in workers.
///
/// # Errors
/// [`Refusal`].
pub fn price(wanted: Wanted, known: &Known, total: Quantity) -> Result<Priced, Refusal> {
    if !known.is_active {
        return Err(Refusal::ItemNotFound);
    }
    let offer = known.offer.as_ref().ok_or(Refusal::ItemNotOffered)?;
    if !offer.is_available {
        return Err(Refusal::ItemUnavailable);
    }
    let (unit, unit_price, minimum, available) = match offer.terms {
        Terms::Material { unit, unit_price, minimum, available } => {
            if let Some(other) = wanted.unit.filter(|other| *other != unit) {
                return Err(Refusal::UnitNotOffered { unit: other });
            }
            (unit, unit_price, minimum, available)
        }
        Terms::Labor { hourly, daily, min_hours, workers } => {
            let (unit, rate, minimum) = labor_terms(wanted.unit, hourly, daily, min_hours)?;
            (unit, rate, minimum, Quantity::from_whole(workers))
        }
    };
    if wanted.quantity < minimum || !wanted.quantity.is_positive() {
        return Err(Refusal::BelowMinimum { minimum, unit });
    }
    if total > available {
        return Err(Refusal::OutOfStock { available });
    }
    let gst_rate = known.gst_rate.ok_or(Refusal::NoTaxRate)?;
    Ok(Priced { inventory_id: offer.inventory_id, unit, unit_price, gst_rate })
}

/// By the hour unless the day is asked for or there is no hourly price. Half a day is the least of days.
fn labor_terms(
    wanted: Option<Unit>,
    hourly: Option<Money>,
    daily: Option<Money>,
    min_hours: Quantity,
) -> Result<(Unit, Money, Quantity), Refusal> {
    let half_a_day = Quantity::from_thousandths(500);
    match (wanted, hourly, daily) {
        (Some(Unit::Hour) | None, Some(rate), _) => Ok((Unit::Hour, rate, min_hours)),
        (Some(Unit::Day), _, Some(rate)) | (None, None, Some(rate)) => Ok((Unit::Day, rate, half_a_day)),
        (unit, ..) => Err(Refusal::UnitNotOffered { unit: unit.unwrap_or(Unit::Hour) }),
    }
}

/// What an order keeps of an offer for one line: the goods themselves, or one worker until the order ends.
#[must_use]
pub fn kept_for(item: domain::ItemType, quantity: Quantity) -> Quantity {
    match item {
        domain::ItemType::Material => quantity,
        domain::ItemType::Labor => Quantity::from_whole(1),
    }
}

/// The price as the offers show it.
#[must_use]
pub fn shown_price(own: Option<Money>, base: Option<Money>) -> Option<Money> {
    base.map(|base| offer::unit_price(own, base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(terms: Terms) -> Known {
        let offer = Offer { inventory_id: InventoryId::new(uuid::Uuid::nil()), is_available: true, terms };
        Known { is_active: true, offer: Some(offer), gst_rate: Some(Rate::from_basis_points(1800)) }
    }

    fn cement() -> Known {
        offer(Terms::Material {
            unit: Unit::Bag,
            unit_price: Money::from_rupees(380),
            minimum: Quantity::from_whole(10),
            available: Quantity::from_whole(100),
        })
    }

    fn mason() -> Known {
        offer(Terms::Labor {
            hourly: Some(Money::from_rupees(120)),
            daily: Some(Money::from_rupees(900)),
            min_hours: Quantity::from_whole(4),
            workers: 2,
        })
    }

    fn ask(known: &Known, quantity: &str, unit: Option<Unit>) -> Result<Priced, Refusal> {
        let quantity: Quantity = quantity.parse().unwrap();
        price(Wanted { quantity, unit }, known, quantity)
    }

    #[test]
    fn goods_are_sold_in_their_own_unit_from_the_minimum_to_what_is_left() {
        assert_eq!(ask(&cement(), "10", None).unwrap().unit_price, Money::from_rupees(380));
        assert_eq!(ask(&cement(), "100", Some(Unit::Bag)).unwrap().unit, Unit::Bag);
        assert_eq!(ask(&cement(), "9.999", None).unwrap_err().code(), "below_minimum");
        assert_eq!(ask(&cement(), "100.001", None).unwrap_err().code(), "out_of_stock");
        assert_eq!(ask(&cement(), "10", Some(Unit::Kg)).unwrap_err().code(), "unit_not_offered");
    }

    #[test]
    fn two_lines_of_one_offer_share_what_is_left() {
        let wanted = Wanted { quantity: Quantity::from_whole(60), unit: None };
        assert_eq!(price(wanted, &cement(), Quantity::from_whole(120)).unwrap_err().code(), "out_of_stock");
    }

    #[test]
    fn labour_is_priced_by_hour_or_day_and_too_few_hours_are_refused() {
        let one = Quantity::from_whole(1);
        let ask = |quantity: &str, unit| price(Wanted { quantity: quantity.parse().unwrap(), unit }, &mason(), one);
        assert_eq!(ask("4", None).unwrap().unit_price, Money::from_rupees(120));
        assert_eq!(ask("1", Some(Unit::Day)).unwrap().unit_price, Money::from_rupees(900));
        assert_eq!(ask("3.999", Some(Unit::Hour)).unwrap_err().code(), "below_minimum");
        assert_eq!(ask("4", Some(Unit::Bag)).unwrap_err().code(), "unit_not_offered");
    }

    #[test]
    fn a_line_is_refused_for_the_first_thing_that_speaks_against_it() {
        let mut known = cement();
        known.gst_rate = None;
        assert_eq!(ask(&known, "10", None).unwrap_err().code(), "no_tax_rate");
        known.offer.as_mut().unwrap().is_available = false;
        assert_eq!(ask(&known, "10", None).unwrap_err().code(), "item_unavailable");
        known.offer = None;
        assert_eq!(ask(&known, "10", None).unwrap_err().code(), "item_not_offered");
        known.is_active = false;
        assert_eq!(ask(&known, "10", None).unwrap_err().code(), "item_not_found");
    }
}
