//! Documents on paper. With `INVOICE_SAMPLES` naming a folder they are left there to be looked at.

use ::domain::{IdGen, OrderNumber};
use ::domain::{Money, Quantity, Rate, SystemIds, Unit, halves};

use super::*;
use crate::domain::invoice::{Correction, DocumentLine, Totals};

fn line(line_no: i16, description: &str, taxable: i64, rate: i32, intra: bool) -> DocumentLine {
    let (taxable, gst_rate) = (Money::from_paise(taxable), Rate::from_basis_points(rate));
    let (cgst, sgst) = if intra { halves(taxable, gst_rate).unwrap() } else { (Money::ZERO, Money::ZERO) };
    let igst = if intra { Money::ZERO } else { taxable.percent(gst_rate).unwrap() };
    DocumentLine {
        line_no,
        description: description.to_owned(),
        tax_code: "2523".to_owned(),
        quantity: Some(Quantity::from_whole(50)),
        unit: Some(Unit::Bag),
        unit_price: Some(Money::from_paise(taxable.paise() / 50)),
        discount: if line_no == 2 { Money::from_paise(12_345) } else { Money::ZERO },
        taxable,
        gst_rate,
        cgst,
        sgst,
        igst,
    }
}

fn party(name: &str, state_code: &str) -> Party {
    let state_code: ::domain::StateCode = state_code.parse().unwrap();
    Party {
        name: name.to_owned(),
        address: "Plot 12, Industrial Estate, Road No. 3, near the water tank, Kukatpally, Hyderabad".to_owned(),
        state: state_code.name(),
        state_code,
        pincode: Some("500032".parse().unwrap()),
        gstin: None,
        phone: Some("+919876543210".parse().unwrap()),
    }
}

fn document(lines: Vec<DocumentLine>, to: &str) -> Document {
    let ids: &dyn IdGen = &SystemIds;
    let mut supplier = party("Sri Venkateswara Building Materials", "36");
    supplier.gstin = Some("36AABCU9603R1ZO".parse().unwrap());
    Document {
        id: ids.uuid(),
        kind: DocumentKind::Invoice,
        number: "RS/26-27/0000001".to_owned(),
        financial_year: "26-27".to_owned(),
        issued_at: "2026-11-20T18:30:00Z".parse().unwrap(),
        order_id: ids.next(),
        order_number: OrderNumber::from_sequence(123),
        payment_id: ids.next(),
        buyer_id: ids.next(),
        vendor_id: ids.next(),
        corrects: None,
        supplier,
        recipient: party("Lakshmi Narayana (శ్రీ లక్ష్మీ కన్‌స్ట్రక్షన్స్)", to),
        deliver_to: party("रमेश कुमार", to),
        place_of_supply: to.parse().unwrap(),
        gst_scheme: GstScheme::Regular,
        totals: Totals::of(&lines).unwrap(),
        lines,
    }
}

fn keep(name: &str, document: &Document) -> Vec<u8> {
    let pdf = render(document).unwrap();
    if let Some(folder) = std::env::var_os("INVOICE_SAMPLES") {
        std::fs::write(std::path::Path::new(&folder).join(name), &pdf).unwrap();
    }
    pdf
}

#[test]
fn an_invoice_inside_a_state_is_one_page_and_the_same_each_time() {
    let lines = vec![
        line(1, "OPC 53 grade cement, UltraTech or equal", 1_692_500, 1800, true),
        line(2, "River sand, washed and screened, delivered in one lot", 123_457, 500, true),
        line(3, "Mason, skilled", 900_000, 1800, true),
    ];
    let document = document(lines, "36");
    let pdf = keep("intra.pdf", &document);
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf.len() < 200_000, "only the letters used are inside: {} bytes", pdf.len());
    assert_eq!(pdf, render(&document).unwrap());
}

#[test]
fn a_long_invoice_between_states_goes_on_over_pages() {
    let lines = (1..=45).map(|n| line(n, "TMT steel bar Fe 500D 12 mm", 99_999_999, 1800, false)).collect();
    assert!(keep("inter.pdf", &document(lines, "29")).starts_with(b"%PDF-"));
}

#[test]
fn a_credit_note_says_which_invoice_it_corrects() {
    let mut document = document(vec![line(1, "OPC 53 grade cement", 100_000, 1800, true)], "36");
    document.lines[0].quantity = None;
    document.lines[0].unit = None;
    document.lines[0].unit_price = None;
    document.kind = DocumentKind::CreditNote;
    document.number = "CN/26-27/0000001".to_owned();
    let ids: &dyn IdGen = &SystemIds;
    document.corrects = Some(Correction {
        invoice_id: ids.uuid(),
        invoice_number: "RS/26-27/0000001".to_owned(),
        invoice_issued_at: document.issued_at,
        refund_id: ids.next(),
        reason: "late_capture".to_owned(),
    });
    assert!(keep("credit.pdf", &document).starts_with(b"%PDF-"));
}
