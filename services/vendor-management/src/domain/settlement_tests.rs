use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn order(total: &str, rate: &str, cod: bool) -> OrderToSettle {
    OrderToSettle {
        order_id: OrderId::new(Uuid::from_u128(1)),
        vendor_id: VendorId::new(Uuid::from_u128(2)),
        order_number: OrderNumber::from_sequence(1),
        order_date: DateTime::UNIX_EPOCH,
        completed_at: DateTime::UNIX_EPOCH,
        total: money(total),
        tax: Money::ZERO,
        refunded: Money::ZERO,
        commission_rate: rate.parse().unwrap(),
        cash: cod,
        cod_collected: if cod { money(total) } else { Money::ZERO },
        cod_remitted: Money::ZERO,
        same_state: true,
        gst_scheme: GstScheme::Regular,
    }
}

fn settled(total: &str, rate: &str) -> SettledOrder {
    let line = line(&order(total, rate, false)).unwrap();
    SettledOrder {
        order_total: money(total),
        refunded_before: Money::ZERO,
        commission_rate: rate.parse().unwrap(),
        commission_amount: line.commission_amount,
        commission_returned: Money::ZERO,
    }
}

#[test]
fn the_worked_example_of_rule_33_holds() {
    let (online, cash) = (order("10000.00", "10.00", false), order("5000.00", "10.00", true));
    let lines = [&online, &cash].map(|o| (line(o).unwrap(), o.cod_collected));
    let sums = sums(lines, &[], []).unwrap();
    assert_eq!(sums.gross_revenue, money("15000.00"));
    assert_eq!(sums.commission_amount, money("1500.00"));
    assert_eq!(sums.net_amount, money("13500.00"));
    assert_eq!(sums.cod_to_remit, money("5000.00"));
    assert_eq!(sums.payout_amount, money("8500.00"));
}

#[test]
fn commission_is_rounded_half_away_from_zero_on_each_line() {
    for (total, rate, commission) in
        [("0.05", "10.00", "0.01"), ("0.04", "10.00", "0.00"), ("1234.57", "7.50", "92.59"), ("33.33", "0.00", "0.00")]
    {
        assert_eq!(line(&order(total, rate, false)).unwrap().commission_amount, money(commission), "{total} at {rate}");
    }
}

#[test]
fn what_went_back_before_the_settlement_earns_no_commission() {
    let order = OrderToSettle { refunded: money("400.00"), ..order("1000.00", "10.00", false) };
    let line = line(&order).unwrap();
    assert_eq!((line.order_amount, line.commission_amount, line.net_amount), (money("600.00"), money("60.00"), money("540.00")));
}

#[test]
fn a_cash_order_refunded_in_full_leaves_the_cash_to_be_handed_over() {
    let order = OrderToSettle { refunded: money("1000.00"), ..order("1000.00", "10.00", true) };
    let sums = sums([(line(&order).unwrap(), order.cod_collected)], &[], []).unwrap();
    assert_eq!(sums.payout_amount, money("-1000.00"));
}

#[test]
fn a_refund_after_settlement_takes_back_all_but_its_commission() {
    let adjustment = refund_adjustment(&settled("1000.00", "10.00"), money("250.00"), money("250.00")).unwrap().unwrap();
    assert_eq!(adjustment.commission_returned, money("25.00"));
    assert_eq!(adjustment.amount, money("-225.00"));
}

#[test]
fn a_refund_that_the_settlement_knew_of_changes_nothing() {
    let settled = SettledOrder { refunded_before: money("250.00"), ..settled("1000.00", "10.00") };
    assert_eq!(refund_adjustment(&settled, money("250.00"), money("250.00")).unwrap(), None);
}

#[test]
fn the_refund_that_completes_a_full_one_returns_the_commission_that_is_left() {
    // 0.05 at 10 % took 0.01; five refunds of a paisa would return nothing by rounding.
    let mut order = settled("0.05", "10.00");
    for paise in 1..=4 {
        let step = refund_adjustment(&order, money("0.01"), Money::from_paise(paise)).unwrap().unwrap();
        assert_eq!(step.commission_returned, Money::ZERO);
        order.commission_returned = order.commission_returned.checked_add(step.commission_returned).unwrap();
    }
    let last = refund_adjustment(&order, money("0.01"), money("0.05")).unwrap().unwrap();
    assert_eq!((last.commission_returned, last.amount), (money("0.01"), Money::ZERO));
}

#[test]
fn a_negative_payout_carried_over_lowers_the_next() {
    let carried = AdjustmentShare { kind: AdjustmentKind::CarryOver, amount: money("-300.00"), commission_returned: Money::ZERO };
    let refund = AdjustmentShare { kind: AdjustmentKind::Refund, amount: money("-90.00"), commission_returned: money("10.00") };
    let order = order("1000.00", "10.00", false);
    let sums = sums([(line(&order).unwrap(), Money::ZERO)], &[carried, refund], [money("5.00")]).unwrap();
    assert_eq!(sums.carried_over, money("-300.00"));
    assert_eq!(sums.commission_returned, money("10.00"));
    assert_eq!(sums.adjustments, money("-390.00"));
    assert_eq!(sums.payout_amount, money("505.00"));
}

#[test]
fn a_period_is_over_when_its_last_indian_day_is() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let (start, end) = (day("2026-11-09"), day("2026-11-15"));
    let over = at("2026-11-15T18:30:00Z");
    assert_eq!(Period::finished(start, end, over).unwrap().over_at(), over);
    assert_eq!(Period::finished(start, end, at("2026-11-15T18:29:59Z")), Err(PeriodRefused::Unfinished(over)));
    assert_eq!(Period::finished(end, start, over), Err(PeriodRefused::Backwards));
}

proptest! {
    #[test]
    fn refunds_never_return_more_commission_than_was_taken_whatever_order_they_come_in(
        total in 1_i64..10_000_000,
        bps in 0_i32..3_000,
        parts in prop::collection::vec(1_i64..1_000_000, 1..8),
        seed in 0_usize..40_320,
    ) {
        let rate = Rate::from_basis_points(bps);
        let commission = Money::from_paise(total).percent(rate).unwrap();
        let (mut cumulative, mut refunds) = (0, Vec::new());
        for part in parts {
            let part = part.min(total - cumulative);
            if part > 0 {
                cumulative += part;
                refunds.push((part, cumulative));
            }
        }
        for index in 0..refunds.len() {
            let other = seed % (index + 1);
            refunds.swap(index, other);
        }
        let mut order = SettledOrder {
            order_total: Money::from_paise(total),
            refunded_before: Money::ZERO,
            commission_rate: rate,
            commission_amount: commission,
            commission_returned: Money::ZERO,
        };
        let mut taken_back = Money::ZERO;
        for (part, so_far) in &refunds {
            let adjustment = refund_adjustment(&order, Money::from_paise(*part), Money::from_paise(*so_far)).unwrap().unwrap();
            order.commission_returned = order.commission_returned.checked_add(adjustment.commission_returned).unwrap();
            taken_back = taken_back.checked_add(adjustment.amount).unwrap();
        }
        prop_assert!(order.commission_returned <= commission);
        prop_assert_eq!(taken_back, order.commission_returned.checked_sub(Money::from_paise(cumulative)).unwrap());
        if cumulative == total {
            prop_assert_eq!(order.commission_returned, commission);
        }
    }
}
