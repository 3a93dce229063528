//! Invoices and credit notes (section 34 of the CGST Act, rules 46, 49 and 53 of the CGST Rules).

use ::domain::{
    BuyerId, GstScheme, Gstin, Money, MoneyError, OrderId, OrderNumber, PaymentId, Phone, Pincode, Quantity, Rate, RefundId,
    StateCode, Unit, VendorId, largest_remainder,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Invoice or credit note: each has its own series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// For what was supplied.
    Invoice,
    /// For what was given back.
    CreditNote,
}

impl DocumentKind {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// From how it is stored.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        [Self::Invoice, Self::CreditNote].into_iter().find(|kind| kind.as_str() == text)
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "RS",
            Self::CreditNote => "CN",
        }
    }

    /// `RS/26-27/0000001`: sixteen characters, as many as the law allows. `None` when the series is full.
    #[must_use]
    pub fn number(self, financial_year: &str, serial: i64) -> Option<String> {
        let number = format!("{}/{financial_year}/{serial:07}", self.prefix());
        (serial > 0 && number.len() <= 16).then_some(number)
    }
}

/// What a document is called: who charges no tax issues no tax invoice.
#[must_use]
pub const fn title(kind: DocumentKind, scheme: GstScheme) -> &'static str {
    match (kind, scheme) {
        (DocumentKind::CreditNote, _) => "Credit note",
        (DocumentKind::Invoice, GstScheme::Regular) => "Tax invoice",
        (DocumentKind::Invoice, GstScheme::Composition) => "Bill of supply",
        (DocumentKind::Invoice, GstScheme::Unregistered) => "Invoice",
    }
}

/// Somebody on a document, as they were when it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Address in one line.
    pub address: String,
    /// State by name.
    pub state: String,
    /// State by GST code.
    pub state_code: StateCode,
    /// PIN code, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pincode: Option<Pincode>,
    /// GSTIN, when registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gstin: Option<Gstin>,
    /// Phone, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLine {
    /// Which of the invoice.
    pub line_no: i16,
    /// What it is.
    pub description: String,
    /// HSN of goods, SAC of services.
    pub tax_code: String,
    /// How much; none where money went back without goods.
    pub quantity: Option<Quantity>,
    /// Of which unit.
    pub unit: Option<Unit>,
    /// Price of one unit before tax.
    pub unit_price: Option<Money>,
    /// Its part of the discount.
    pub discount: Money,
    /// What tax is taken of.
    pub taxable: Money,
    /// Full GST rate.
    pub gst_rate: Rate,
    /// Central tax.
    pub cgst: Money,
    /// Tax of the state.
    pub sgst: Money,
    /// Tax between states.
    pub igst: Money,
}

impl DocumentLine {
    /// With its tax.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::total([self.taxable, self.cgst, self.sgst, self.igst])
    }
}

/// What the lines add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Taxable value.
    pub taxable: Money,
    /// Central tax.
    pub cgst: Money,
    /// Tax of the state.
    pub sgst: Money,
    /// Tax between states.
    pub igst: Money,
    /// All of it.
    pub total: Money,
}

impl Totals {
    /// Of these lines.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn of(lines: &[DocumentLine]) -> Result<Self, MoneyError> {
        let taxable = Money::total(lines.iter().map(|line| line.taxable))?;
        let cgst = Money::total(lines.iter().map(|line| line.cgst))?;
        let sgst = Money::total(lines.iter().map(|line| line.sgst))?;
        let igst = Money::total(lines.iter().map(|line| line.igst))?;
        Ok(Self { taxable, cgst, sgst, igst, total: Money::total([taxable, cgst, sgst, igst])? })
    }
}

/// The invoice that a credit note corrects, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The invoice.
    pub invoice_id: Uuid,
    /// Its number.
    pub invoice_number: String,
    /// Its date.
    pub invoice_issued_at: DateTime<Utc>,
    /// The refund.
    pub refund_id: RefundId,
    /// Why money went back.
    pub reason: String,
}

/// An invoice or credit note as issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document.
    pub id: Uuid,
    /// Which kind.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// Of which financial year.
    pub financial_year: String,
    /// When.
    pub issued_at: DateTime<Utc>,
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// The payment.
    pub payment_id: PaymentId,
    /// Who bought.
    pub buyer_id: BuyerId,
    /// Who supplied.
    pub vendor_id: VendorId,
    /// Of a credit note: what it corrects.
    pub corrects: Option<Correction>,
    /// Who supplied, in words.
    pub supplier: Party,
    /// Who bought, in words.
    pub recipient: Party,
    /// Who received it, and where.
    pub deliver_to: Party,
    /// State of the place of supply.
    pub place_of_supply: StateCode,
    /// How the supplier stands towards GST.
    pub gst_scheme: GstScheme,
    /// The lines.
    pub lines: Vec<DocumentLine>,
    /// What they add up to.
    pub totals: Totals,
}

impl Document {
    /// What it is called.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        title(self.kind, self.gst_scheme)
    }

    /// Whether tax is charged between states.
    #[must_use]
    pub fn is_interstate(&self) -> bool {
        self.supplier.state_code != self.place_of_supply
    }
}

/// The lines of a credit note over `refund`: its share of what is left of each line, so that nothing is credited twice
/// and credit notes over the whole amount add up to the invoice, head by head.
///
/// # Errors
/// [`MoneyError::OutOfRange`] when the refund is more than what is left.
pub fn credit(invoice: &[DocumentLine], credited: &[DocumentLine], refund: Money) -> Result<Vec<DocumentLine>, MoneyError> {
    let left: Vec<DocumentLine> = invoice.iter().map(|line| remaining(line, credited)).collect::<Result<_, _>>()?;
    if refund > Totals::of(&left)?.total {
        return Err(MoneyError::OutOfRange);
    }
    let mut weights = Vec::with_capacity(left.len() * 3);
    for line in &left {
        weights.extend([line.taxable, line.cgst.checked_add(line.sgst)?, line.igst]);
    }
    let shares = largest_remainder(refund, &weights)?;
    let mut lines = Vec::new();
    for ((left, original), share) in left.into_iter().zip(invoice).zip(shares.chunks_exact(3)) {
        let [taxable, both, igst] = share else { continue };
        let (taxable, cgst, sgst) = halved(*taxable, *both, left.taxable)?;
        let mut line = DocumentLine { taxable, cgst, sgst, igst: *igst, discount: Money::ZERO, ..left };
        if line.total()?.is_zero() {
            continue;
        }
        // Money went back, not goods, unless all of the line did.
        if line.taxable == original.taxable && line.total()? == original.total()? {
            line.discount = original.discount;
        } else {
            (line.quantity, line.unit, line.unit_price) = (None, None, None);
        }
        lines.push(line);
    }
    Ok(lines)
}

fn remaining(line: &DocumentLine, credited: &[DocumentLine]) -> Result<DocumentLine, MoneyError> {
    credited.iter().filter(|c| c.line_no == line.line_no).try_fold(line.clone(), |left, c| {
        Ok(DocumentLine {
            taxable: left.taxable.checked_sub(c.taxable)?,
            cgst: left.cgst.checked_sub(c.cgst)?,
            sgst: left.sgst.checked_sub(c.sgst)?,
            igst: left.igst.checked_sub(c.igst)?,
            ..left
        })
    })
}

/// CGST and SGST are the same paise: an odd one moves to or from the taxable value.
fn halved(taxable: Money, both: Money, left: Money) -> Result<(Money, Money, Money), MoneyError> {
    let (mut taxable, mut both) = (taxable.paise(), both.paise());
    if both % 2 != 0 {
        let by = if taxable < left.paise() { 1 } else { -1 };
        taxable += by;
        both -= by;
    }
    let half = Money::from_paise(both / 2);
    Ok((Money::from_paise(taxable), half, Money::from_paise(both).checked_sub(half)?))
}

/// The unit by its code in GST returns.
#[must_use]
pub const fn uqc(unit: Unit) -> &'static str {
    match unit {
        Unit::Kg => "KGS",
        Unit::Tonne => "MTS",
        Unit::Bag => "BAG",
        Unit::CubicMeter => "CBM",
        Unit::SquareMeter => "SQM",
        Unit::Piece => "PCS",
        Unit::Litre => "LTR",
        Unit::CubicFeet | Unit::Hour | Unit::Day => "OTH",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::domain::business_time::financial_year;
    use proptest::prelude::*;

    fn line(line_no: i16, taxable: i64, rate: i32, intra: bool) -> DocumentLine {
        let (taxable, gst_rate) = (Money::from_paise(taxable), Rate::from_basis_points(rate));
        let (cgst, sgst) = if intra { ::domain::halves(taxable, gst_rate).unwrap() } else { (Money::ZERO, Money::ZERO) };
        let igst = if intra { Money::ZERO } else { taxable.percent(gst_rate).unwrap() };
        DocumentLine {
            line_no,
            description: "Cement".to_owned(),
            tax_code: "2523".to_owned(),
            quantity: Some(Quantity::from_whole(50)),
            unit: Some(Unit::Bag),
            unit_price: Some(taxable),
            discount: Money::ZERO,
            taxable,
            gst_rate,
            cgst,
            sgst,
            igst,
        }
    }

    #[test]
    fn a_number_is_never_longer_than_sixteen_characters() {
        assert_eq!(DocumentKind::Invoice.number("26-27", 1).as_deref(), Some("RS/26-27/0000001"));
        assert_eq!(DocumentKind::CreditNote.number("26-27", 9_999_999).as_deref(), Some("CN/26-27/9999999"));
        assert_eq!(DocumentKind::Invoice.number("26-27", 10_000_000), None);
        assert_eq!(DocumentKind::Invoice.number("26-27", 0), None);
    }

    #[test]
    fn the_year_in_a_number_turns_at_half_past_six_utc_on_31_march() {
        let number = |at: &str| DocumentKind::Invoice.number(&financial_year(at.parse().unwrap()), 7).unwrap();
        assert_eq!(number("2026-03-31T18:29:59Z"), "RS/25-26/0000007");
        assert_eq!(number("2026-03-31T18:30:00Z"), "RS/26-27/0000007");
    }

    #[test]
    fn who_charges_no_tax_issues_no_tax_invoice() {
        assert_eq!(title(DocumentKind::Invoice, GstScheme::Regular), "Tax invoice");
        assert_eq!(title(DocumentKind::Invoice, GstScheme::Composition), "Bill of supply");
        assert_eq!(title(DocumentKind::Invoice, GstScheme::Unregistered), "Invoice");
    }

    #[test]
    fn a_credit_note_over_everything_is_the_invoice_again() {
        let invoice = [line(1, 1_692_500, 1800, true), line(2, 123_457, 500, true)];
        let note = credit(&invoice, &[], Totals::of(&invoice).unwrap().total).unwrap();
        assert_eq!(note, invoice);
        assert_eq!(credit(&invoice, &note, Money::from_paise(1)), Err(MoneyError::OutOfRange));
    }

    proptest! {
        #[test]
        fn credit_notes_add_up_to_the_refund_and_never_pass_the_invoice(
            amounts in prop::collection::vec((0i64..5_000_000, prop::sample::select(vec![0, 25, 500, 1200, 1800, 2800])), 1..6),
            intra in any::<bool>(),
            cuts in prop::collection::vec(1u64..1_000_000, 1..6),
        ) {
            let invoice: Vec<_> = amounts.iter().zip(1..).map(|((t, rate), n)| line(n, *t, *rate, intra)).collect();
            let mut left = Totals::of(&invoice).unwrap().total.paise();
            let mut credited = Vec::new();
            let mut cuts: Vec<i64> = cuts.into_iter().map(|cut| i64::try_from(cut).unwrap()).collect();
            cuts.push(i64::MAX);
            for cut in cuts {
                let refund = cut.min(left);
                if refund == 0 { break; }
                let note = credit(&invoice, &credited, Money::from_paise(refund)).unwrap();
                prop_assert_eq!(Totals::of(&note).unwrap().total.paise(), refund);
                for line in &note {
                    prop_assert_eq!(line.cgst, line.sgst);
                    prop_assert!(![line.taxable, line.cgst, line.sgst, line.igst].iter().any(|part| part.is_negative()));
                }
                credited.extend(note);
                left -= refund;
            }
            prop_assert_eq!(Totals::of(&credited).unwrap(), Totals::of(&invoice).unwrap());
        }
    }
}
