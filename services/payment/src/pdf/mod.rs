//! Invoices and credit notes on paper, with what rule 46 of the CGST Rules asks for.

mod table;

use ::domain::{GstScheme, business_time};
use chrono::{DateTime, Datelike, Timelike, Utc};
use paper::words::{amount_in_words, grouped};
use paper::{Align, Failed, LABEL, MARGIN, Metadata, PdfTime, Pen, RIGHT, STRONG, Style, TEXT, Weight};

use crate::domain::invoice::{Document, DocumentKind, Party};

const HEADING: Style = Style { size: 16.0, weight: Weight::Bold, grey: 0x11 };
const NAME: Style = Style { size: 9.5, weight: Weight::Bold, grey: 0x11 };
const LINE: f32 = 11.0;
/// Where the right half begins.
const MIDDLE: f32 = 310.0;

/// The document as PDF. The same document gives the same file.
pub(crate) fn render(document: &Document) -> Result<Vec<u8>, Failed> {
    let mut pen = Pen::new()?;
    head(&mut pen, document);
    parties(&mut pen, document);
    table::lines(&mut pen, document);
    sums(&mut pen, document);
    closing(&mut pen, document);
    let footer = format!("{} {} · {}", document.title(), document.number, document.supplier.name);
    pen.finish(metadata(document), &footer)
}

fn metadata(document: &Document) -> Metadata {
    let at = document.issued_at;
    let month_day = (u8::try_from(at.month()).unwrap_or(1), u8::try_from(at.day()).unwrap_or(1));
    let created = PdfTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(month_day.0)
        .day(month_day.1)
        .hour(u8::try_from(at.hour()).unwrap_or(0))
        .minute(u8::try_from(at.minute()).unwrap_or(0))
        .second(u8::try_from(at.second()).unwrap_or(0));
    Metadata::new()
        .title(format!("{} {}", document.title(), document.number))
        .authors(vec![document.supplier.name.clone()])
        .creator("RealServ".to_owned())
        .language("en-IN".to_owned())
        .document_id(document.id.to_string())
        .creation_date(created)
}

/// An Indian day as people write it.
fn day(at: DateTime<Utc>) -> String {
    business_time::ist_date(at).format("%d %b %Y").to_string()
}

fn head(pen: &mut Pen, document: &Document) {
    pen.y += 12.0;
    pen.text(MARGIN, pen.y, Align::Left, HEADING, &document.title().to_uppercase());
    pen.text(RIGHT, pen.y, Align::Right, NAME, "RealServ");
    pen.y += LINE;
    pen.text(MARGIN, pen.y, Align::Left, LABEL, "Original for recipient");
    pen.text(RIGHT, pen.y, Align::Right, LABEL, "Ordered and paid through RealServ");
    pen.y += 8.0;
    pen.line(MARGIN, pen.y, RIGHT - MARGIN);
    pen.y += 14.0;
    let top = pen.y;
    let left = party(pen, MARGIN, top, "Supplier", &document.supplier, true);
    let right = facts(pen, document, top);
    pen.y = left.max(right) + 4.0;
}

fn facts(pen: &mut Pen, document: &Document, top: f32) -> f32 {
    let number = if document.kind == DocumentKind::Invoice { "Invoice no." } else { "Credit note no." };
    let place = format!("{} ({})", document.place_of_supply.name(), document.place_of_supply);
    let mut rows = vec![
        (number, document.number.clone()),
        ("Date", day(document.issued_at)),
        ("Order", document.order_number.to_string()),
        ("Place of supply", place),
        ("Supply", if document.is_interstate() { "Inter-state".to_owned() } else { "Intra-state".to_owned() }),
        ("Reverse charge", "No".to_owned()),
    ];
    if let Some(corrects) = &document.corrects {
        let of = format!("{} of {}", corrects.invoice_number, day(corrects.invoice_issued_at));
        rows.insert(2, ("Against invoice", of));
        rows.insert(3, ("Reason", corrects.reason.replace('_', " ")));
    }
    let mut y = top;
    for (label, value) in rows {
        pen.text(MIDDLE, y, Align::Left, LABEL, label);
        y = pen.paragraph(MIDDLE + 78.0, y, RIGHT - MIDDLE - 78.0, if label == number { STRONG } else { TEXT }, &value) + 1.0;
    }
    y
}

fn party(pen: &mut Pen, x: f32, top: f32, label: &str, party: &Party, with_gstin: bool) -> f32 {
    let width = 235.0;
    pen.text(x, top, Align::Left, LABEL, label);
    let mut y = pen.paragraph(x, top + 12.0, width, NAME, &party.name);
    if !party.address.is_empty() {
        y = pen.paragraph(x, y, width, TEXT, &party.address);
    }
    let pincode = party.pincode.as_ref().map_or_else(String::new, |pincode| format!(" {pincode}"));
    y = pen.paragraph(x, y, width, TEXT, &format!("{}{pincode} · State code {}", party.state, party.state_code));
    if let Some(phone) = &party.phone {
        y = pen.paragraph(x, y, width, TEXT, &format!("Phone {phone}"));
    }
    match &party.gstin {
        Some(gstin) => pen.paragraph(x, y, width, STRONG, &format!("GSTIN {gstin}")),
        None if with_gstin => pen.paragraph(x, y, width, TEXT, "GSTIN: not registered"),
        None => y,
    }
}

fn parties(pen: &mut Pen, document: &Document) {
    pen.line(MARGIN, pen.y, RIGHT - MARGIN);
    pen.y += 14.0;
    let top = pen.y;
    let left = party(pen, MARGIN, top, "Billed to", &document.recipient, true);
    let right = party(pen, MIDDLE, top, "Delivered to", &document.deliver_to, false);
    pen.y = left.max(right) + 6.0;
}

fn sums(pen: &mut Pen, document: &Document) {
    let totals = document.totals;
    let mut rows = vec![("Taxable value", totals.taxable)];
    if document.gst_scheme == GstScheme::Regular {
        if document.is_interstate() {
            rows.push(("IGST", totals.igst));
        } else {
            rows.extend([("CGST", totals.cgst), ("SGST", totals.sgst)]);
        }
    }
    let height = 40.0 + LINE * 1.2 * 4.0;
    if !pen.fits(height) {
        pen.new_page();
    }
    pen.y += 16.0;
    let top = pen.y;
    for (label, amount) in rows {
        pen.text(RIGHT - 110.0, pen.y, Align::Right, TEXT, label);
        pen.text(RIGHT - 2.0, pen.y, Align::Right, TEXT, &grouped(amount));
        pen.y += LINE * 1.2;
    }
    pen.shade(RIGHT - 215.0, pen.y - 10.0, 215.0, 16.0);
    let label = if document.kind == DocumentKind::Invoice { "Total" } else { "Total credited" };
    pen.text(RIGHT - 110.0, pen.y + 1.0, Align::Right, STRONG, label);
    pen.text(RIGHT - 2.0, pen.y + 1.0, Align::Right, STRONG, &format!("₹ {}", grouped(totals.total)));
    pen.text(MARGIN, top, Align::Left, LABEL, "Amount in words");
    let after = pen.paragraph(MARGIN, top + LINE, 270.0, STRONG, &amount_in_words(totals.total));
    pen.y = after.max(pen.y + 20.0);
}

fn closing(pen: &mut Pen, document: &Document) {
    if !pen.fits(70.0) {
        pen.new_page();
    }
    pen.y += 12.0;
    let note = match (document.kind, document.gst_scheme) {
        (DocumentKind::CreditNote, _) => "Credit note under section 34 of the CGST Act, 2017.",
        (DocumentKind::Invoice, GstScheme::Regular) => "Tax is not payable on reverse charge.",
        (DocumentKind::Invoice, GstScheme::Composition) => "Composition taxable person, not eligible to collect tax on supplies.",
        (DocumentKind::Invoice, GstScheme::Unregistered) => "The supplier is not registered under GST; no tax is charged.",
    };
    let y = pen.paragraph(MARGIN, pen.y, 270.0, LABEL, note);
    pen.paragraph(
        MARGIN,
        y,
        270.0,
        LABEL,
        "Issued electronically by RealServ on behalf of the supplier. Amounts are in Indian rupees.",
    );
    pen.text(RIGHT, pen.y, Align::Right, TEXT, &format!("For {}", document.supplier.name));
    pen.text(RIGHT, pen.y + 34.0, Align::Right, LABEL, "Authorised signatory");
    pen.y += 40.0;
}

#[cfg(test)]
mod tests;
