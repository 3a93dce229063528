//! A settlement's statement on paper.

mod table;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use domain::business_time::ist_date;
use paper::words::{amount_in_words, grouped};
use paper::{Align, Failed, LABEL, MARGIN, Metadata, PdfTime, Pen, RIGHT, STRONG, Style, TEXT, Weight};

use crate::domain::statement::Statement;

const HEADING: Style = Style { size: 16.0, weight: Weight::Bold, grey: 0x11 };
const NAME: Style = Style { size: 9.5, weight: Weight::Bold, grey: 0x11 };
const LINE: f32 = 13.0;
/// Where the right half begins.
const MIDDLE: f32 = 310.0;

/// The statement as PDF. The same statement gives the same file.
pub(crate) fn render(statement: &Statement) -> Result<Vec<u8>, Failed> {
    let mut pen = Pen::new()?;
    head(&mut pen, statement);
    table::orders(&mut pen, statement);
    table::adjustments(&mut pen, statement);
    table::deductions(&mut pen, statement);
    sums(&mut pen, statement);
    let footer = format!("Settlement {} · {}", statement.number, statement.vendor_name);
    pen.finish(metadata(statement), &footer)
}

fn metadata(statement: &Statement) -> Metadata {
    let at = statement.created_at;
    let small = |n: u32| u8::try_from(n).unwrap_or(0);
    let created = PdfTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()));
    Metadata::new()
        .title(format!("Settlement {}", statement.number))
        .authors(vec!["RealServ".to_owned()])
        .creator("RealServ".to_owned())
        .language("en-IN".to_owned())
        .document_id(statement.id.to_string())
        .creation_date(created)
}

/// A day as people write it.
fn day(date: NaiveDate) -> String {
    date.format("%d %b %Y").to_string()
}

/// The Indian day of a moment.
fn day_of(at: DateTime<Utc>) -> String {
    day(ist_date(at))
}

fn head(pen: &mut Pen, statement: &Statement) {
    pen.y += 12.0;
    pen.text(MARGIN, pen.y, Align::Left, HEADING, "SETTLEMENT STATEMENT");
    pen.text(RIGHT, pen.y, Align::Right, NAME, "RealServ");
    pen.y += 10.0;
    pen.line(MARGIN, pen.y, RIGHT - MARGIN);
    pen.y += 14.0;
    let top = pen.y;
    pen.text(MARGIN, top, Align::Left, LABEL, "For");
    let mut left = pen.paragraph(MARGIN, top + 12.0, 235.0, NAME, &statement.vendor_name);
    for text in [&statement.vendor_address, &statement.vendor_tax_ids, &statement.vendor_bank].into_iter().flatten() {
        left = pen.paragraph(MARGIN, left, 235.0, TEXT, text);
    }
    let mut facts = vec![
        ("Settlement no.", statement.number.to_string()),
        ("Period", format!("{} to {}", day(statement.period.start), day(statement.period.end))),
        ("Made on", day_of(statement.created_at)),
        ("Status", statement.status.to_string()),
    ];
    facts.extend(statement.paid.clone().map(|(reference, at)| ("Paid", format!("{} · {reference}", day_of(at)))));
    let mut right = top;
    for (label, value) in facts {
        pen.text(MIDDLE, right, Align::Left, LABEL, label);
        right = pen.paragraph(MIDDLE + 78.0, right, RIGHT - MIDDLE - 78.0, TEXT, &value) + 1.0;
    }
    pen.y = left.max(right) + 8.0;
}

/// What is taken off.
fn less(amount: domain::Money) -> String {
    if amount.is_zero() { grouped(amount) } else { format!("− {}", grouped(amount)) }
}

fn sums(pen: &mut Pen, statement: &Statement) {
    let sums = &statement.sums;
    let rows = [
        ("Orders", grouped(sums.gross_revenue)),
        ("RealServ's commission", less(sums.commission_amount)),
        ("Net of commission", grouped(sums.net_amount)),
        ("Cash collected by you", less(sums.cod_to_remit)),
        ("Adjustments", grouped(sums.adjustments)),
        ("Statutory deductions", less(sums.deductions)),
    ];
    if !pen.fits(LINE * 8.0 + 60.0) {
        pen.new_page();
    }
    pen.y += 18.0;
    let top = pen.y;
    for (label, amount) in rows {
        pen.text(RIGHT - 110.0, pen.y, Align::Right, TEXT, label);
        pen.text(RIGHT - 2.0, pen.y, Align::Right, TEXT, &amount);
        pen.y += LINE;
    }
    pen.shade(RIGHT - 245.0, pen.y - 10.0, 245.0, 16.0);
    let label = if sums.payout_amount.is_negative() { "Carried over to the next settlement" } else { "Payout" };
    pen.text(RIGHT - 110.0, pen.y + 1.0, Align::Right, STRONG, label);
    pen.text(RIGHT - 2.0, pen.y + 1.0, Align::Right, STRONG, &format!("₹ {}", grouped(sums.payout_amount)));
    pen.text(MARGIN, top, Align::Left, LABEL, "Payout in words");
    let after = pen.paragraph(MARGIN, top + 11.0, 230.0, STRONG, &amount_in_words(sums.payout_amount));
    let note = "Amounts are in Indian rupees. Commission is taken at the rate that was agreed when each order was placed; \
                refunds after settlement come back less their commission.";
    pen.paragraph(MARGIN, after + 10.0, 230.0, LABEL, note);
    pen.y += 30.0;
}

#[cfg(test)]
mod tests;
