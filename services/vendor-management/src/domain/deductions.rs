//! Statutory deductions (rule 35): separate, dated, switchable lines, rounded per order and component. All off by default.

use chrono::NaiveDate;
use domain::business_time::ist_date;
use domain::{GstScheme, Money, MoneyError, Rate};

use super::settlement::{Line, OrderToSettle};
use crate::words::words;

words! {
    /// Kinds of deductions.
    pub enum DeductionKind {
        /// Income-tax at source (194-O).
        Tds => "tds",
        /// GST collected at source (s. 52).
        Tcs => "tcs",
        /// GST on the commission.
        GstOnCommission => "gst_on_commission",
    }
}

/// Which kinds are deducted at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    /// TDS.
    pub tds: bool,
    /// TCS.
    pub tcs: bool,
    /// TCS on cash orders as well.
    pub tcs_on_cash: bool,
    /// GST on the commission.
    pub gst_on_commission: bool,
}

impl Switches {
    /// Whether anything is deducted.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.tds || self.tcs || self.gst_on_commission
    }
}

/// A row of the dated table; both ends are Indian days, inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedRate {
    /// Of which kind.
    pub kind: DeductionKind,
    /// Of which component.
    pub component: String,
    /// How much.
    pub rate: Rate,
    /// By which law.
    pub legal_basis: String,
    /// From this day.
    pub valid_from: NaiveDate,
    /// To this day.
    pub valid_to: Option<NaiveDate>,
}

/// One deduction of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    /// Of which kind.
    pub kind: DeductionKind,
    /// Of which component.
    pub component: String,
    /// By which law.
    pub legal_basis: String,
    /// Of what.
    pub base_amount: Money,
    /// How much of it.
    pub rate: Rate,
    /// Rounded half away from zero.
    pub amount: Money,
}

/// What is deducted from an order. The day is that of its completion.
///
/// # Errors
/// [`MoneyError`].
pub fn of_order(
    order: &OrderToSettle,
    line: &Line,
    switches: Switches,
    rates: &[DatedRate],
) -> Result<Vec<Deduction>, MoneyError> {
    if !switches.any() {
        return Ok(Vec::new());
    }
    let day = ist_date(order.completed_at);
    let supplies = taxable(order, line)?;
    let mut deductions = Vec::new();
    for rate in rates.iter().filter(|r| r.valid_from <= day && r.valid_to.is_none_or(|to| day <= to)) {
        let base = match rate.kind {
            DeductionKind::Tds if switches.tds => supplies,
            DeductionKind::Tcs if switches.tcs && tcs_applies(order, switches, &rate.component) => supplies,
            DeductionKind::GstOnCommission if switches.gst_on_commission => line.commission_amount,
            _ => continue,
        };
        let amount = base.percent(rate.rate)?;
        deductions.push(Deduction {
            kind: rate.kind,
            component: rate.component.clone(),
            legal_basis: rate.legal_basis.clone(),
            base_amount: base,
            rate: rate.rate,
            amount,
        });
    }
    Ok(deductions)
}

fn tcs_applies(order: &OrderToSettle, switches: Switches, component: &str) -> bool {
    order.gst_scheme != GstScheme::Unregistered
        && (!order.cash || switches.tcs_on_cash)
        && (component == "igst") != order.same_state
}

/// The supplies without GST, less what went back in proportion.
fn taxable(order: &OrderToSettle, line: &Line) -> Result<Money, MoneyError> {
    let supplies = order.total.checked_sub(order.tax)?;
    if order.refunded.is_zero() || order.total.is_zero() {
        return Ok(supplies);
    }
    let [kept, _] = domain::largest_remainder(supplies, &[line.order_amount, order.refunded])?
        .try_into()
        .map_err(|_| MoneyError::OutOfRange)?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::super::settlement::line;
    use super::*;
    use domain::{OrderId, OrderNumber, VendorId};
    use uuid::Uuid;

    fn rate(kind: DeductionKind, component: &str, bps: i32) -> DatedRate {
        DatedRate {
            kind,
            component: component.into(),
            rate: Rate::from_basis_points(bps),
            legal_basis: "law".into(),
            valid_from: "2024-10-01".parse().unwrap(),
            valid_to: None,
        }
    }

    fn rates() -> Vec<DatedRate> {
        vec![
            rate(DeductionKind::Tds, "tds", 10),
            rate(DeductionKind::Tcs, "cgst", 25),
            rate(DeductionKind::Tcs, "sgst", 25),
            rate(DeductionKind::Tcs, "igst", 50),
            rate(DeductionKind::GstOnCommission, "gst", 1800),
        ]
    }

    /// The cement line of the contracts: 50 bags at 338.50 and 18 %.
    fn cement() -> OrderToSettle {
        OrderToSettle {
            order_id: OrderId::new(Uuid::from_u128(1)),
            vendor_id: VendorId::new(Uuid::from_u128(2)),
            order_number: OrderNumber::from_sequence(1),
            order_date: "2026-11-01T10:00:00Z".parse().unwrap(),
            completed_at: "2026-11-02T10:00:00Z".parse().unwrap(),
            total: Money::from_paise(1_997_150),
            tax: Money::from_paise(304_650),
            refunded: Money::ZERO,
            commission_rate: Rate::from_basis_points(500),
            cash: false,
            cod_collected: Money::ZERO,
            cod_remitted: Money::ZERO,
            same_state: true,
            gst_scheme: GstScheme::Regular,
        }
    }

    const ALL: Switches = Switches { tds: true, tcs: true, tcs_on_cash: false, gst_on_commission: true };

    fn paise(order: &OrderToSettle, switches: Switches) -> Vec<(String, i64)> {
        let line = line(order).unwrap();
        let deductions = of_order(order, &line, switches, &rates()).unwrap();
        deductions.into_iter().map(|d| (d.component, d.amount.paise())).collect()
    }

    fn named(list: &[(&str, i64)]) -> Vec<(String, i64)> {
        list.iter().map(|(name, paise)| ((*name).to_owned(), *paise)).collect()
    }

    #[test]
    fn nothing_is_deducted_unless_switched_on() {
        assert_eq!(paise(&cement(), Switches::default()), []);
    }

    #[test]
    fn the_components_of_the_contracts_vector_hold() {
        // GST on the commission is of our commission base (the whole order amount), not of the vector's.
        let wanted = named(&[("tds", 1693), ("cgst", 4231), ("sgst", 4231), ("gst", 17_974)]);
        assert_eq!(paise(&cement(), ALL), wanted);
        let inter = OrderToSettle { same_state: false, ..cement() };
        assert_eq!(paise(&inter, ALL), named(&[("tds", 1693), ("igst", 8463), ("gst", 17_974)]));
    }

    #[test]
    fn no_tcs_from_unregistered_vendors_nor_on_cash_unless_set_so() {
        let unregistered = OrderToSettle { gst_scheme: GstScheme::Unregistered, ..cement() };
        assert_eq!(paise(&unregistered, Switches { tcs: true, ..Switches::default() }), []);
        let cash = OrderToSettle { cash: true, ..cement() };
        assert_eq!(paise(&cash, Switches { tcs: true, ..Switches::default() }), []);
        assert_eq!(paise(&cash, Switches { tcs: true, tcs_on_cash: true, ..Switches::default() }).len(), 2);
    }

    #[test]
    fn the_rate_of_the_day_counts_and_before_the_first_there_is_none() {
        let early = OrderToSettle { completed_at: "2024-09-30T18:29:59Z".parse().unwrap(), ..cement() };
        assert_eq!(paise(&early, ALL), []);
        let first = OrderToSettle { completed_at: "2024-09-30T18:30:00Z".parse().unwrap(), ..cement() };
        assert_eq!(paise(&first, ALL).len(), 4);
    }
}
