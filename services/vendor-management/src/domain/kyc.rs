//! Papers: which are needed, and what of a number is kept.

use domain::{GstScheme, Gstin, Pan};

use super::Problem;
use super::vendor::{BusinessType, masked};
use crate::words::words;

words! {
    /// Kinds of papers.
    pub enum DocumentType {
        /// PAN card.
        Pan => "pan",
        /// GST registration.
        Gstin => "gstin",
        /// Aadhaar card, redacted.
        Aadhaar => "aadhaar",
        /// Trade licence.
        BusinessLicense => "business_license",
        /// Statement of the bank account.
        BankStatement => "bank_statement",
        /// Cancelled cheque of the bank account.
        CancelledCheque => "cancelled_cheque",
    }
}

words! {
    /// Where one paper stands.
    pub enum VerificationStatus {
        /// Waits for a look.
        Pending => "pending",
        /// In order.
        Verified => "verified",
        /// Not in order.
        Rejected => "rejected",
        /// Its last day is over.
        Expired => "expired",
    }
}

/// What is still missing for approval, given the papers handed in and not rejected.
#[must_use]
pub fn missing(scheme: GstScheme, papers: &[DocumentType]) -> Vec<&'static str> {
    let has = |kind| papers.contains(&kind);
    let mut missing = Vec::new();
    if !has(DocumentType::Pan) {
        missing.push("pan");
    }
    if !has(DocumentType::BankStatement) && !has(DocumentType::CancelledCheque) {
        missing.push("bank_statement or cancelled_cheque");
    }
    if scheme != GstScheme::Unregistered && !has(DocumentType::Gstin) {
        missing.push("gstin");
    }
    missing
}

/// One item of the checklist: any of these papers does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub name: &'static str,
    /// Any of these.
    pub any_of: &'static [DocumentType],
    /// Whether approval wants it.
    pub required: bool,
}

/// What a business of this kind hands in. PAN and bank proof always, the GSTIN unless unregistered; the rest is asked for and
/// does not hold approval up: a trade licence of who keeps goods, the owner's Aadhaar of who sends people.
#[must_use]
pub fn checklist(business: BusinessType, scheme: GstScheme) -> Vec<Item> {
    let item = |name, any_of, required| Item { name, any_of, required };
    let mut items = vec![
        item("pan", &[DocumentType::Pan][..], true),
        item("bank_proof", &[DocumentType::BankStatement, DocumentType::CancelledCheque], true),
        item("gstin", &[DocumentType::Gstin], scheme != GstScheme::Unregistered),
    ];
    if scheme == GstScheme::Unregistered {
        items.pop();
    }
    if business != BusinessType::LaborContractor {
        items.push(item("business_license", &[DocumentType::BusinessLicense], false));
    }
    if business != BusinessType::MaterialSupplier {
        items.push(item("owner_aadhaar", &[DocumentType::Aadhaar], false));
    }
    items
}

/// What is kept of a paper's number, when it is one and agrees with the vendor's own.
///
/// # Errors
/// What is wrong with it.
pub fn number_to_keep(
    kind: DocumentType,
    number: Option<&str>,
    pan: &Pan,
    gstin: Option<&Gstin>,
) -> Result<Option<String>, Problem> {
    let refuse = |message: &str| Err(Problem::new("document_number", message));
    let Some(number) = number.map(str::trim).filter(|n| !n.is_empty()) else { return Ok(None) };
    match kind {
        DocumentType::Pan => match number.parse::<Pan>() {
            Ok(given) if given == *pan => Ok(Some(masked(given.as_str()))),
            Ok(_) => refuse("not the PAN of the business"),
            Err(error) => refuse(&error.to_string()),
        },
        DocumentType::Gstin => match number.parse::<Gstin>() {
            Ok(given) if Some(&given) == gstin => Ok(Some(masked(given.as_str()))),
            Ok(_) => refuse("not the GSTIN of the business"),
            Err(error) => refuse(&error.to_string()),
        },
        DocumentType::Aadhaar => match aadhaar_last_four(number) {
            Some(last) => Ok(Some(last)),
            None => refuse("not a valid Aadhaar number; its last four digits are enough"),
        },
        DocumentType::BankStatement | DocumentType::CancelledCheque => {
            let shown = number.chars().count().saturating_sub(4);
            Ok(Some(number.chars().skip(shown).collect()))
        }
        DocumentType::BusinessLicense if is_whole_aadhaar(number) => refuse("that is an Aadhaar number, not one of a licence"),
        DocumentType::BusinessLicense => Ok(Some(number.to_owned())),
    }
}

/// Whether a text is a whole Aadhaar number: nothing of ours may keep it, whatever the field.
#[must_use]
pub fn is_whole_aadhaar(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let separators_only = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/'));
    separators_only && digits.len() == 12 && digits[0] >= 2 && verhoeff(&digits)
}

/// The last four digits of a whole or masked Aadhaar number. The whole number is never kept.
#[must_use]
pub fn aadhaar_last_four(text: &str) -> Option<String> {
    let squeezed: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits: Vec<u8> = squeezed.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| u8::try_from(d).ok()).collect();
    let masked = squeezed.len() == 12 && squeezed.starts_with("XXXXXXXX") && digits.len() == 4;
    let last_only = squeezed.len() == 4 && digits.len() == 4;
    let whole = squeezed.len() == 12 && digits.len() == 12 && digits[0] >= 2 && verhoeff(&digits);
    if !masked && !last_only && !whole {
        return None;
    }
    Some(squeezed.chars().skip(squeezed.len() - 4).collect())
}

/// Multiplication in the dihedral group D5.
fn d5(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

fn verhoeff(digits: &[u8]) -> bool {
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let turned = |digit: u8, times: usize| (0..times).fold(digit, |d, _| TURN[usize::from(d)]);
    digits.iter().rev().enumerate().fold(0, |check, (index, digit)| d5(check, turned(*digit, index % 8))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verhoeff_vectors_of_the_contracts_hold_and_only_four_digits_stay() {
        for good in ["999941057058", "234123412346", "499999999993", "2341 2341 2346"] {
            assert_eq!(aadhaar_last_four(good).unwrap().len(), 4, "{good}");
        }
        for bad in ["234123412345", "234123412364", "324123412346", "123456789012", "23412341234", "abcd"] {
            assert_eq!(aadhaar_last_four(bad), None, "{bad}");
        }
        assert_eq!(aadhaar_last_four("234123412346").unwrap(), "2346");
        assert_eq!(aadhaar_last_four("XXXX-XXXX-2346").unwrap(), "2346");
    }

    #[test]
    fn approval_wants_pan_and_bank_proof_and_a_gstin_unless_unregistered() {
        use DocumentType::{BankStatement, CancelledCheque, Gstin, Pan};
        assert_eq!(missing(GstScheme::Regular, &[]), ["pan", "bank_statement or cancelled_cheque", "gstin"]);
        assert_eq!(missing(GstScheme::Regular, &[Pan, CancelledCheque]), ["gstin"]);
        assert!(missing(GstScheme::Unregistered, &[Pan, BankStatement]).is_empty());
        assert!(missing(GstScheme::Composition, &[Pan, BankStatement, Gstin]).is_empty());
    }

    #[test]
    fn the_checklist_of_a_business_wants_what_approval_wants() {
        use BusinessType::{Both, LaborContractor, MaterialSupplier};
        for business in [MaterialSupplier, LaborContractor, Both] {
            for scheme in [GstScheme::Regular, GstScheme::Composition, GstScheme::Unregistered] {
                let items = checklist(business, scheme);
                let required = items.iter().filter(|item| item.required).count();
                assert_eq!(required, missing(scheme, &[]).len());
                let all: Vec<_> = items.iter().filter(|i| i.required).flat_map(|i| i.any_of.first().copied()).collect();
                assert!(missing(scheme, &all).is_empty());
            }
        }
        let names = |business| checklist(business, GstScheme::Unregistered).iter().map(|i| i.name).collect::<Vec<_>>();
        assert_eq!(names(MaterialSupplier), ["pan", "bank_proof", "business_license"]);
        assert_eq!(names(LaborContractor), ["pan", "bank_proof", "owner_aadhaar"]);
        assert_eq!(names(Both), ["pan", "bank_proof", "business_license", "owner_aadhaar"]);
    }

    #[test]
    fn an_aadhaar_number_is_noticed_in_other_fields() {
        assert!(is_whole_aadhaar("2341 2341 2346") && is_whole_aadhaar("234123412346"));
        for other in ["TS/GHMC/2026/123412", "234123412345", "2341", "123456789012"] {
            assert!(!is_whole_aadhaar(other), "{other}");
        }
    }

    #[test]
    fn a_paper_of_somebody_elses_pan_is_refused() {
        let pan: Pan = "AABCU9603R".parse().unwrap();
        assert!(number_to_keep(DocumentType::Pan, Some("aabcu9603r"), &pan, None).is_ok());
        assert!(number_to_keep(DocumentType::Pan, Some("AAPFU0939F"), &pan, None).is_err());
        assert!(number_to_keep(DocumentType::Gstin, Some("36AABCU9603R1ZO"), &pan, None).is_err());
    }
}
