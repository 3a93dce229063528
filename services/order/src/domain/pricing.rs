//! What an order costs (rules 21 to 25): every line rounded once, totals as sums of rounded lines.

use domain::{GstScheme, ItemType, Money, MoneyError, OrderType, Quantity, Rate, StateCode, halves, largest_remainder};

/// A line as it goes into the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineToPrice {
    /// How much.
    pub quantity: Quantity,
    /// Price of one unit before tax.
    pub unit_price: Money,
    /// Full GST rate of the item for this supplier on that day.
    pub gst_rate: Rate,
}

/// The delivery charge as a line of its own (rule 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryLine {
    /// The charge.
    pub charge: Money,
    /// Its GST rate, zero until an accountant says otherwise.
    pub gst_rate: Rate,
}

/// Between which states something is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// Inside one state: half CGST, half SGST.
    Intrastate,
    /// Between states: IGST.
    Interstate,
}

impl Supply {
    /// Goods are supplied where they are delivered, labour where the site is: both are the order's address.
    #[must_use]
    pub fn between(supplier: &StateCode, place_of_supply: &StateCode) -> Self {
        if supplier == place_of_supply { Self::Intrastate } else { Self::Interstate }
    }
}

/// Tax of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineTax {
    /// Central.
    pub cgst: Money,
    /// Of the state.
    pub sgst: Money,
    /// Between states.
    pub igst: Money,
}

impl LineTax {
    /// Tax on a taxable value, each component rounded for itself (rule 23).
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn on(taxable: Money, rate: Rate, supply: Supply) -> Result<Self, MoneyError> {
        Ok(match supply {
            Supply::Intrastate => {
                let (cgst, sgst) = halves(taxable, rate)?;
                Self { cgst, sgst, igst: Money::ZERO }
            }
            Supply::Interstate => Self { cgst: Money::ZERO, sgst: Money::ZERO, igst: taxable.percent(rate)? },
        })
    }

    /// All of it.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn sum(self) -> Result<Money, MoneyError> {
        Money::total([self.cgst, self.sgst, self.igst])
    }
}

/// A line with its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedLine {
    /// Unit price times quantity, before tax.
    pub total_price: Money,
    /// Its part of the discount.
    pub discount: Money,
    /// What tax is taken of.
    pub taxable: Money,
    /// The tax.
    pub tax: LineTax,
}

/// What an order costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The lines, in their order.
    pub lines: Vec<PricedLine>,
    /// Sum of the lines before discount and tax.
    pub subtotal: Money,
    /// The delivery charge.
    pub delivery_charge: Money,
    /// Tax on the delivery charge.
    pub delivery_tax: LineTax,
    /// All tax.
    pub tax: Money,
    /// The discount in all.
    pub discount: Money,
    /// `subtotal + delivery_charge + tax - discount`.
    pub total: Money,
}

/// The sum of the lines before discount and tax; decides the delivery charge.
///
/// # Errors
/// [`MoneyError::OutOfRange`].
pub fn subtotal(lines: &[LineToPrice]) -> Result<Money, MoneyError> {
    lines.iter().try_fold(Money::ZERO, |sum, line| sum.checked_add(line.unit_price.times(line.quantity)?))
}

/// Prices an order.
///
/// # Errors
/// [`MoneyError::OutOfRange`], also for a discount above the subtotal.
pub fn price(lines: &[LineToPrice], delivery: DeliveryLine, discount: Money, supply: Supply) -> Result<Price, MoneyError> {
    let totals: Vec<Money> = lines.iter().map(|line| line.unit_price.times(line.quantity)).collect::<Result<_, _>>()?;
    let subtotal = Money::total(totals.iter().copied())?;
    if discount.is_negative() || discount > subtotal {
        return Err(MoneyError::OutOfRange);
    }
    let shares = if discount.is_zero() { vec![Money::ZERO; lines.len()] } else { largest_remainder(discount, &totals)? };
    let priced: Vec<PricedLine> = lines
        .iter()
        .zip(totals.iter().zip(shares))
        .map(|(line, (total_price, discount))| {
            let taxable = total_price.checked_sub(discount)?;
            let tax = LineTax::on(taxable, line.gst_rate, supply)?;
            Ok(PricedLine { total_price: *total_price, discount, taxable, tax })
        })
        .collect::<Result<_, MoneyError>>()?;
    let delivery_tax = LineTax::on(delivery.charge, delivery.gst_rate, supply)?;
    let tax = priced.iter().try_fold(delivery_tax.sum()?, |sum, line| sum.checked_add(line.tax.sum()?))?;
    let total = Money::total([subtotal, delivery.charge, tax])?.checked_sub(discount)?;
    Ok(Price { lines: priced, subtotal, delivery_charge: delivery.charge, delivery_tax, tax, discount, total })
}

/// An unregistered or composition vendor charges no tax (rule 23), on delivery either.
#[must_use]
pub const fn delivery_rate(scheme: GstScheme, configured: Rate) -> Rate {
    match scheme {
        GstScheme::Regular => configured,
        GstScheme::Composition | GstScheme::Unregistered => Rate::ZERO,
    }
}

/// All materials, all labour, or both (rule 14).
#[must_use]
pub fn order_type(items: impl IntoIterator<Item = ItemType>) -> OrderType {
    let (mut material, mut labor) = (false, false);
    for item in items {
        match item {
            ItemType::Material => material = true,
            ItemType::Labor => labor = true,
        }
    }
    match (material, labor) {
        (true, true) => OrderType::Mixed,
        (false, true) => OrderType::Labor,
        _ => OrderType::Material,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn line(unit_price: &str, quantity: &str, basis_points: i32) -> LineToPrice {
        LineToPrice {
            quantity: quantity.parse().unwrap(),
            unit_price: money(unit_price),
            gst_rate: Rate::from_basis_points(basis_points),
        }
    }

    const NO_DELIVERY: DeliveryLine = DeliveryLine { charge: Money::ZERO, gst_rate: Rate::ZERO };

    #[test]
    fn tax_inside_a_state_is_two_halves_and_between_states_one_igst() {
        let lines = [line("1234.57", "1", 500)];
        let inside = price(&lines, NO_DELIVERY, Money::ZERO, Supply::Intrastate).unwrap();
        let halves = LineTax { cgst: money("30.86"), sgst: money("30.86"), igst: Money::ZERO };
        assert_eq!(inside.lines[0].tax, halves);
        assert_eq!(inside.total, money("1296.29"));
        let between = price(&lines, NO_DELIVERY, Money::ZERO, Supply::Interstate).unwrap();
        assert_eq!(between.lines[0].tax, LineTax { igst: money("61.73"), ..LineTax::default() });
        assert_eq!(between.total, money("1296.30"));
    }

    #[test]
    fn the_state_of_the_site_decides_between_cgst_and_igst() {
        let (telangana, karnataka): (StateCode, StateCode) = ("36".parse().unwrap(), "29".parse().unwrap());
        assert_eq!(Supply::between(&telangana, &telangana), Supply::Intrastate);
        assert_eq!(Supply::between(&karnataka, &telangana), Supply::Interstate);
    }

    #[test]
    fn the_delivery_charge_is_untaxed_unless_a_rate_is_set() {
        let lines = [line("340.00", "50", 1800)];
        let untaxed = DeliveryLine { charge: money("210"), gst_rate: Rate::ZERO };
        let priced = price(&lines, untaxed, Money::ZERO, Supply::Intrastate).unwrap();
        assert_eq!((priced.subtotal, priced.tax, priced.total), (money("17000"), money("3060"), money("20270")));
        let taxed = DeliveryLine { charge: money("210"), gst_rate: Rate::from_basis_points(1800) };
        let priced = price(&lines, taxed, Money::ZERO, Supply::Intrastate).unwrap();
        assert_eq!((priced.delivery_tax.cgst, priced.tax), (money("18.90"), money("3097.80")));
    }

    #[test]
    fn a_vendor_outside_the_regular_scheme_charges_no_tax_on_delivery() {
        let rate = Rate::from_basis_points(1800);
        assert_eq!(delivery_rate(GstScheme::Regular, rate), rate);
        assert_eq!(delivery_rate(GstScheme::Composition, rate), Rate::ZERO);
        assert_eq!(delivery_rate(GstScheme::Unregistered, rate), Rate::ZERO);
    }

    #[test]
    fn a_discount_lowers_the_taxable_values_in_proportion() {
        let lines = [line("100.00", "1", 1800), line("200.00", "1", 1800)];
        let priced = price(&lines, NO_DELIVERY, money("10.00"), Supply::Interstate).unwrap();
        let shares: Vec<Money> = priced.lines.iter().map(|line| line.discount).collect();
        assert_eq!(shares, [money("3.33"), money("6.67")]);
        assert_eq!(priced.total, money("342.20"));
        assert!(price(&lines, NO_DELIVERY, money("300.01"), Supply::Interstate).is_err());
    }

    #[test]
    fn the_order_type_is_derived_from_the_lines() {
        use ItemType::{Labor, Material};
        assert_eq!(order_type([Material, Material]), OrderType::Material);
        assert_eq!(order_type([Labor]), OrderType::Labor);
        assert_eq!(order_type([Labor, Material]), OrderType::Mixed);
    }

    fn any_line() -> impl Strategy<Value = LineToPrice> {
        (1_i64..500_000, 1_i64..2_000_000, prop::sample::select(vec![0, 25, 300, 500, 600, 1200, 1800, 2800])).prop_map(
            |(thousandths, paise, rate)| LineToPrice {
                quantity: Quantity::from_thousandths(thousandths),
                unit_price: Money::from_paise(paise),
                gst_rate: Rate::from_basis_points(rate),
            },
        )
    }

    proptest! {
        #[test]
        fn totals_are_sums_of_rounded_lines_to_the_paisa(
            lines in prop::collection::vec(any_line(), 1..12),
            charge in 0_i64..100_000,
            percent in 0_i32..=10_000,
            interstate: bool,
        ) {
            let supply = if interstate { Supply::Interstate } else { Supply::Intrastate };
            let discount = subtotal(&lines).unwrap().percent(Rate::from_basis_points(percent)).unwrap();
            let delivery = DeliveryLine { charge: Money::from_paise(charge), gst_rate: Rate::from_basis_points(1800) };
            let priced = price(&lines, delivery, discount, supply).unwrap();
            let sum = |of: fn(&PricedLine) -> i64| priced.lines.iter().map(of).sum::<i64>();
            prop_assert_eq!(priced.subtotal.paise(), sum(|l| l.total_price.paise()));
            prop_assert_eq!(discount.paise(), sum(|l| l.discount.paise()));
            let tax = sum(|l| l.tax.sum().unwrap().paise()) + priced.delivery_tax.sum().unwrap().paise();
            prop_assert_eq!(priced.tax.paise(), tax);
            prop_assert_eq!(priced.total.paise(), priced.subtotal.paise() + charge + tax - discount.paise());
            for line in &priced.lines {
                prop_assert!(!line.taxable.is_negative());
                prop_assert_eq!(line.taxable.paise(), line.total_price.paise() - line.discount.paise());
                prop_assert!(line.tax.igst.is_zero() || (line.tax.cgst.is_zero() && line.tax.sgst.is_zero()));
                prop_assert_eq!(line.tax.cgst, line.tax.sgst);
            }
        }

        #[test]
        fn halves_and_igst_never_differ_by_more_than_a_paisa(line in any_line()) {
            let taxable = line.unit_price.times(line.quantity).unwrap();
            let inside = LineTax::on(taxable, line.gst_rate, Supply::Intrastate).unwrap().sum().unwrap();
            let between = LineTax::on(taxable, line.gst_rate, Supply::Interstate).unwrap().sum().unwrap();
            prop_assert!((inside.paise() - between.paise()).abs() <= 1);
        }
    }
}
