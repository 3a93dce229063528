//! Statements on paper. With `STATEMENT_SAMPLES` naming a folder they are left there to be looked at.

use domain::{IdGen, Money, OrderNumber, Rate, SettlementNumber, SystemIds};

use super::*;
use crate::domain::settlement::{Period, SettlementStatus, Sums};
use crate::domain::statement::{AdjustmentLine, DeductionLine, OrderLine};

fn money(paise: i64) -> Money {
    Money::from_paise(paise)
}

fn statement(orders: u64) -> Statement {
    let ids: &dyn IdGen = &SystemIds;
    let rate = Rate::from_basis_points(1000);
    let line = |n| {
        let total = money(1_234_567 + i64::try_from(n).unwrap());
        let commission = total.percent(rate).unwrap();
        OrderLine {
            order_number: OrderNumber::from_sequence(n),
            completed_at: "2026-11-12T06:00:00Z".parse().unwrap(),
            order_total: total,
            refunded_before: Money::ZERO,
            order_amount: total,
            commission_rate: rate,
            commission_amount: commission,
            net_amount: total.checked_sub(commission).unwrap(),
            cod_to_remit: if n % 4 == 0 { total } else { Money::ZERO },
        }
    };
    let deduction = |n, what: &str, amount| DeductionLine {
        order_number: Some(OrderNumber::from_sequence(n)),
        what: what.to_owned(),
        legal_basis: "Income-tax Act 2025, s. 393(1) Table Sl. 8(v)".to_owned(),
        base_amount: money(1_046_243),
        rate: Rate::from_basis_points(10),
        amount: money(amount),
    };
    Statement {
        id: ids.next(),
        number: SettlementNumber::from_sequence(7),
        period: Period { start: "2026-11-09".parse().unwrap(), end: "2026-11-15".parse().unwrap() },
        created_at: "2026-11-16T06:00:00Z".parse().unwrap(),
        status: SettlementStatus::Paid,
        paid: Some(("HDFCN52026111600012345".to_owned(), "2026-11-17T06:00:00Z".parse().unwrap())),
        vendor_name: "Sri Venkateswara Traders (శ్రీ వేంకటేశ్వర ట్రేడర్స్)".to_owned(),
        vendor_address: Some("Plot 12, Industrial Estate, Road No. 3, Kukatpally, Hyderabad".to_owned()),
        vendor_tax_ids: Some("GSTIN XXXXXXXXXXXR1ZO · PAN XXXXXX603R".to_owned()),
        vendor_bank: Some("HDFC Bank XXXXXXXXXX6789 · HDFC0000053".to_owned()),
        orders: (1..=orders).map(line).collect(),
        adjustments: vec![
            AdjustmentLine {
                what: "Refund after settlement, ORD000123".to_owned(),
                refund_amount: Some(money(25_000)),
                commission_returned: money(2_500),
                amount: money(-22_500),
            },
            AdjustmentLine {
                what: "Carried over from STL000006".to_owned(),
                refund_amount: None,
                commission_returned: Money::ZERO,
                amount: money(-50_000),
            },
        ],
        deductions: vec![deduction(1, "TDS", 1_046), deduction(2, "TDS", 1_047)],
        sums: Sums { gross_revenue: money(123_456_789), payout_amount: money(98_765_432), ..Sums::default() },
    }
}

fn keep(name: &str, statement: &Statement) -> Vec<u8> {
    let pdf = render(statement).unwrap();
    if let Some(folder) = std::env::var_os("STATEMENT_SAMPLES") {
        std::fs::write(std::path::Path::new(&folder).join(name), &pdf).unwrap();
    }
    pdf
}

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type/Page").count() - text.matches("/Type/Pages").count()
}

#[test]
fn a_statement_is_one_page_and_the_same_each_time() {
    let statement = statement(6);
    let pdf = keep("short.pdf", &statement);
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf, render(&statement).unwrap());
}

#[test]
fn amounts_of_a_crore_stand_in_their_columns() {
    assert!(table::fits(&Pen::new().unwrap(), &table::ORDER_COLUMNS, "99,99,999.99"));
}

#[test]
fn a_long_statement_goes_on_on_more_pages() {
    let (short, long) = (keep("one.pdf", &statement(1)), keep("long.pdf", &statement(70)));
    assert!(long.len() > short.len());
    assert!(pages(&long) == 0 || pages(&long) >= 2, "{}", pages(&long));
}

#[test]
fn the_rows_of_a_statement_add_up_to_its_payout() {
    let mut statement = statement(9);
    let (mut net, mut cash) = (Money::ZERO, Money::ZERO);
    for line in &statement.orders {
        net = net.checked_add(line.net_amount).unwrap();
        cash = cash.checked_add(line.cod_to_remit).unwrap();
    }
    let rest = money(-72_500 - 2_093);
    statement.sums.payout_amount = net.checked_sub(cash).unwrap().checked_add(rest).unwrap();
    let rows = statement.rows().unwrap();
    let (payout, parts) = rows.split_last().unwrap();
    let sum = Money::total(parts.iter().map(|row| row.amount.parse::<Money>().unwrap())).unwrap();
    assert_eq!((payout.line, payout.amount.parse::<Money>().unwrap()), ("payout", sum));
}
