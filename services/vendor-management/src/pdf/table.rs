//! The tables of a statement.

use paper::words::grouped;
use paper::{Align, LABEL, MARGIN, Pen, RIGHT, Style, Weight};

use super::day_of;
use crate::domain::statement::Statement;

const CELL: Style = Style { size: 7.5, weight: Weight::Regular, grey: 0x22 };
const HEAD: Style = Style { size: 7.0, weight: Weight::Bold, grey: 0x33 };
const TITLE: Style = Style { size: 9.0, weight: Weight::Bold, grey: 0x22 };
const PAD: f32 = 4.0;
const ROW: f32 = 14.0;

/// A column: what it is called, how wide it is, where its text stands.
pub(super) type Column = (&'static str, f32, Align);

/// What is said of each order; the last column takes what is left.
pub(super) const ORDER_COLUMNS: [Column; 9] = [
    ("Order", 52.0, Align::Left),
    ("Completed", 54.0, Align::Left),
    ("Charged", 62.0, Align::Right),
    ("Refunded", 56.0, Align::Right),
    ("Order amount", 62.0, Align::Right),
    ("Rate", 38.0, Align::Right),
    ("Commission", 58.0, Align::Right),
    ("Net", 64.0, Align::Right),
    ("Cash held", 0.0, Align::Right),
];

/// The orders, each with its arithmetic.
pub(super) fn orders(pen: &mut Pen, statement: &Statement) {
    let rows = statement.orders.iter().map(|line| {
        vec![
            line.order_number.to_string(),
            day_of(line.completed_at),
            grouped(line.order_total),
            grouped(line.refunded_before),
            grouped(line.order_amount),
            format!("{}%", line.commission_rate),
            grouped(line.commission_amount),
            grouped(line.net_amount),
            grouped(line.cod_to_remit),
        ]
    });
    write(pen, "Orders", &ORDER_COLUMNS, rows.collect());
}

/// Refunds after settlement, and what earlier settlements carried over.
pub(super) fn adjustments(pen: &mut Pen, statement: &Statement) {
    let columns = [
        ("What", 200.0, Align::Left),
        ("Refunded", 90.0, Align::Right),
        ("Commission returned", 110.0, Align::Right),
        ("Amount", 0.0, Align::Right),
    ];
    let rows = statement.adjustments.iter().map(|line| {
        let refunded = line.refund_amount.map_or_else(String::new, grouped);
        let returned = if line.refund_amount.is_some() { grouped(line.commission_returned) } else { String::new() };
        vec![line.what.clone(), refunded, returned, grouped(line.amount)]
    });
    write(pen, "Adjustments", &columns, rows.collect());
}

/// What the law deducts.
pub(super) fn deductions(pen: &mut Pen, statement: &Statement) {
    let columns = [
        ("Order", 66.0, Align::Left),
        ("Deduction", 110.0, Align::Left),
        ("By", 160.0, Align::Left),
        ("Of", 70.0, Align::Right),
        ("Rate", 46.0, Align::Right),
        ("Amount", 0.0, Align::Right),
    ];
    let rows = statement.deductions.iter().map(|line| {
        vec![
            line.order_number.as_ref().map_or_else(String::new, ToString::to_string),
            line.what.clone(),
            line.legal_basis.clone(),
            grouped(line.base_amount),
            format!("{}%", line.rate),
            grouped(line.amount),
        ]
    });
    write(pen, "Statutory deductions", &columns, rows.collect());
}

/// The last column takes what is left.
fn widths(columns: &[Column]) -> Vec<f32> {
    let taken: f32 = columns.iter().map(|(_, width, _)| width).sum();
    columns.iter().map(|(_, width, _)| if *width > 0.0 { *width } else { RIGHT - MARGIN - taken }).collect()
}

/// Whether the widest amounts of a statement stand in their columns.
#[cfg(test)]
pub(super) fn fits(pen: &Pen, columns: &[Column], widest: &str) -> bool {
    let width = pen.fonts.width(widest, CELL.weight, CELL.size) + PAD / 2.0;
    let amounts = columns.iter().zip(widths(columns)).filter(|((name, _, align), _)| *align == Align::Right && *name != "Rate");
    amounts.into_iter().all(|(_, column)| width <= column)
}

/// Writes a table with its head again on each new page; nothing at all when it is empty.
fn write(pen: &mut Pen, title: &str, columns: &[Column], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    if !pen.fits(ROW * 5.0) {
        pen.new_page();
    }
    pen.y += 10.0;
    pen.text(MARGIN, pen.y, Align::Left, TITLE, title);
    pen.y += 8.0;
    let widths = widths(columns);
    head(pen, columns, &widths);
    for row in rows {
        if !pen.fits(ROW) {
            pen.new_page();
            pen.text(MARGIN, pen.y + 6.0, Align::Left, LABEL, &format!("{title}, continued"));
            pen.y += 12.0;
            head(pen, columns, &widths);
        }
        let mut x = MARGIN;
        for ((cell, (_, _, align)), width) in row.iter().zip(columns).zip(&widths) {
            // Words may be cut to their column; an amount never.
            let cut = match align {
                Align::Left if pen.fonts.width(cell, CELL.weight, CELL.size) > width - PAD => {
                    pen.fonts.wrap(cell, CELL.weight, CELL.size, width - PAD).into_iter().next()
                }
                Align::Left | Align::Right => None,
            };
            let text = cut.as_deref().unwrap_or(cell);
            pen.text(edge(x, *width, *align), pen.y, *align, CELL, text);
            x += width;
        }
        pen.line(MARGIN, pen.y + 4.0, RIGHT - MARGIN);
        pen.y += ROW;
    }
}

fn edge(x: f32, width: f32, align: Align) -> f32 {
    if align == Align::Right { x + width - PAD / 2.0 } else { x + PAD / 2.0 }
}

fn head(pen: &mut Pen, columns: &[Column], widths: &[f32]) {
    pen.shade(MARGIN, pen.y, RIGHT - MARGIN, 16.0);
    pen.y += 11.0;
    let mut x = MARGIN;
    for ((name, _, align), width) in columns.iter().zip(widths) {
        pen.text(edge(x, *width, *align), pen.y, *align, HEAD, name);
        x += width;
    }
    pen.y += 17.0;
}
