//! A vendor, and what has to agree in the details of the business.

use chrono::{DateTime, Utc};
use domain::events::VendorFacts;
use domain::{GstScheme, Gstin, Ifsc, KycStatus, Pan, Phone, Pincode, Rate, StateCode, UserId, VendorId, VendorStatus};

use super::Problem;
use super::hours::Hours;
use super::place::Place;
use crate::words::words;

words! {
    /// What a business offers.
    pub enum BusinessType {
        /// Materials.
        MaterialSupplier => "material_supplier",
        /// Labour.
        LaborContractor => "labor_contractor",
        /// Both.
        Both => "both",
    }
}

/// Where a vendor is paid to.
#[derive(Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// 9 to 18 digits.
    pub number: String,
    /// The branch.
    pub ifsc: Ifsc,
    /// In whose name.
    pub holder_name: String,
    /// Which bank.
    pub bank_name: Option<String>,
}

impl std::fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BankAccount").field("number", &masked(&self.number)).field("ifsc", &self.ifsc).finish_non_exhaustive()
    }
}

/// Only the last four characters.
#[must_use]
pub fn masked(secret: &str) -> String {
    let shown = secret.len().saturating_sub(4);
    secret.char_indices().map(|(index, c)| if index < shown { 'X' } else { c }).collect()
}

/// The details that onboarding gives and an update changes.
#[derive(Clone, PartialEq)]
pub struct BusinessDetails {
    /// Name of the business.
    pub business_name: String,
    /// What it offers.
    pub business_type: BusinessType,
    /// How it stands towards GST.
    pub gst_scheme: GstScheme,
    /// Its GSTIN, unless unregistered.
    pub gstin: Option<Gstin>,
    /// Its PAN.
    pub pan: Pan,
    /// State of supply.
    pub state_code: StateCode,
    /// Categories of the catalogue by slug.
    pub categories: Vec<String>,
    /// Phone.
    pub business_phone: Phone,
    /// E-mail.
    pub business_email: Option<String>,
    /// Address in words.
    pub business_address: Option<String>,
    /// Delivers to these.
    pub service_pincodes: Vec<Pincode>,
    /// Delivers so far around the warehouse.
    pub service_radius_km: Option<f64>,
    /// Where the warehouse is.
    pub location: Option<Place>,
    /// Where it is paid to.
    pub bank: BankAccount,
}

impl std::fmt::Debug for BusinessDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusinessDetails")
            .field("business_name", &self.business_name)
            .field("gstin", &self.gstin.as_ref().map(|gstin| masked(gstin.as_str())))
            .field("pan", &masked(self.pan.as_str()))
            .field("bank", &self.bank)
            .finish_non_exhaustive()
    }
}

impl BusinessDetails {
    /// Whether only a drawn area can say where it delivers.
    #[must_use]
    pub fn wants_a_drawn_area(&self) -> bool {
        self.service_pincodes.is_empty() && self.service_radius_km.is_none()
    }

    /// What does not agree, given whether the vendor drew an area. Each field by itself was checked when it was read.
    #[must_use]
    pub fn problems(&self, area_drawn: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        match (&self.gst_scheme, &self.gstin) {
            (GstScheme::Unregistered, Some(_)) => {
                problems.push(Problem::new("gstin", "an unregistered vendor has none; say gst_scheme regular or composition"));
            }
            (GstScheme::Regular | GstScheme::Composition, None) => {
                problems.push(Problem::new("gstin", "required unless gst_scheme is unregistered"));
            }
            _ => {}
        }
        if let Some(gstin) = &self.gstin {
            if gstin.pan() != self.pan {
                problems.push(Problem::new("gstin", "the PAN inside the GSTIN is not the PAN given"));
            }
            if gstin.state() != self.state_code {
                problems.push(Problem::new("gstin", "the state inside the GSTIN is not the state given"));
            }
        }
        if self.business_name.trim().is_empty() {
            problems.push(Problem::new("business_name", "must not be empty"));
        }
        let digits = &self.bank.number;
        if !(9..=18).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            problems.push(Problem::new("bank_account_number", "9 to 18 digits"));
        }
        if self.wants_a_drawn_area() && !area_drawn {
            let message = "say where you deliver: service_pincodes, service_radius_km, or areas drawn at \
                           /api/v1/location/service-areas/{vendorId}";
            problems.push(Problem::new("service_pincodes", message));
        }
        if self.service_radius_km.is_some() && self.location.is_none() {
            problems.push(Problem::new("service_radius_km", "needs warehouse_latitude and warehouse_longitude"));
        }
        if self.location.is_some_and(|place| !place.is_in_india()) {
            problems.push(Problem::new("warehouse_latitude", "latitude and longitude must lie in India"));
        }
        problems
    }

    /// The fields that differ and that papers were approved for: only staff may change them afterwards.
    #[must_use]
    pub fn approved_fields_changed(&self, before: &Self) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut note = |differs: bool, field| {
            if differs {
                changed.push(field);
            }
        };
        note(self.pan != before.pan, "pan");
        note(self.gstin != before.gstin, "gstin");
        note(self.gst_scheme != before.gst_scheme, "gst_scheme");
        note(self.state_code != before.state_code, "state");
        note(self.bank.number != before.bank.number, "bank_account_number");
        note(self.bank.ifsc != before.bank.ifsc, "bank_ifsc");
        note(self.bank.holder_name != before.bank.holder_name, "bank_account_holder_name");
        changed
    }
}

/// A vendor as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Vendor {
    /// Which.
    pub id: VendorId,
    /// Who owns it.
    pub user_id: UserId,
    /// The owner's name.
    pub owner_name: String,
    /// Phone of the business, from registration on.
    pub business_phone: Phone,
    /// State of supply; where RealServ is, before onboarding.
    pub state_code: StateCode,
    /// The name, when known before onboarding.
    pub business_name: String,
    /// The details, once onboarded.
    pub details: Option<BusinessDetails>,
    /// Standing.
    pub status: VendorStatus,
    /// Where the papers stand.
    pub kyc_status: KycStatus,
    /// Whether the shop is open.
    pub is_accepting_orders: bool,
    /// When it is open.
    pub hours: Hours,
    /// What the hours last came to.
    pub open_by_hours: bool,
    /// Commission for new orders.
    pub commission_rate: Rate,
    /// Orders completed.
    pub total_orders: i32,
    /// Average of the ratings.
    pub average_rating: Option<String>,
    /// The number of the last change.
    pub revision: i64,
    /// When the details were given.
    pub onboarded_at: Option<DateTime<Utc>>,
    /// When the papers were approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Vendor {
    /// Whether the shop is open: by its switch, and by its hours.
    #[must_use]
    pub const fn takes_orders_now(&self) -> bool {
        self.is_accepting_orders && self.open_by_hours
    }

    /// What others may know.
    #[must_use]
    pub fn facts(&self) -> VendorFacts {
        let details = self.details.as_ref();
        let location = details.and_then(|d| d.location);
        VendorFacts {
            vendor_id: self.id,
            user_id: self.user_id,
            business_name: self.business_name.clone(),
            status: self.status,
            kyc_status: self.kyc_status,
            is_accepting_orders: self.takes_orders_now(),
            gst_scheme: details.map_or(GstScheme::Unregistered, |d| d.gst_scheme),
            state_code: self.state_code.clone(),
            phone: self.business_phone.clone(),
            latitude: location.map(|p| p.latitude),
            longitude: location.map(|p| p.longitude),
            service_radius_km: details.and_then(|d| d.service_radius_km),
            service_pincodes: details.map(|d| d.service_pincodes.clone()).unwrap_or_default(),
            commission_rate: self.commission_rate,
            revision: self.revision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> BusinessDetails {
        BusinessDetails {
            business_name: "Sri Sai Cement Traders".into(),
            business_type: BusinessType::MaterialSupplier,
            gst_scheme: GstScheme::Regular,
            gstin: Some("36AABCU9603R1ZO".parse().unwrap()),
            pan: "AABCU9603R".parse().unwrap(),
            state_code: "36".parse().unwrap(),
            categories: vec![],
            business_phone: "9876543210".parse().unwrap(),
            business_email: None,
            business_address: None,
            service_pincodes: vec!["500032".parse().unwrap()],
            service_radius_km: None,
            location: None,
            bank: BankAccount {
                number: "50100123456789".into(),
                ifsc: "HDFC0000053".parse().unwrap(),
                holder_name: "Sri Sai Cement Traders".into(),
                bank_name: None,
            },
        }
    }

    fn fields(details: &BusinessDetails) -> Vec<&'static str> {
        details.problems(false).into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn details_that_agree_have_no_problem() {
        assert_eq!(details().problems(false), []);
    }

    #[test]
    fn a_gstin_of_another_pan_or_state_is_refused() {
        assert_eq!(fields(&BusinessDetails { pan: "AAPFU0939F".parse().unwrap(), ..details() }), ["gstin"]);
        assert_eq!(fields(&BusinessDetails { state_code: "27".parse().unwrap(), ..details() }), ["gstin"]);
    }

    #[test]
    fn a_registered_vendor_has_a_gstin_and_an_unregistered_one_has_none() {
        assert_eq!(fields(&BusinessDetails { gstin: None, ..details() }), ["gstin"]);
        assert_eq!(fields(&BusinessDetails { gstin: None, gst_scheme: GstScheme::Composition, ..details() }), ["gstin"]);
        assert_eq!(fields(&BusinessDetails { gst_scheme: GstScheme::Unregistered, ..details() }), ["gstin"]);
        assert!(BusinessDetails { gst_scheme: GstScheme::Unregistered, gstin: None, ..details() }.problems(false).is_empty());
    }

    #[test]
    fn somewhere_has_to_be_served_and_a_radius_needs_its_centre() {
        let nowhere = BusinessDetails { service_pincodes: vec![], ..details() };
        assert_eq!(fields(&nowhere), ["service_pincodes"]);
        assert!(nowhere.problems(true).is_empty(), "an area that was drawn is enough");
        assert_eq!(fields(&BusinessDetails { service_radius_km: Some(10.0), ..details() }), ["service_radius_km"]);
    }

    #[test]
    fn a_bank_account_shows_its_last_four_digits_only() {
        assert_eq!(masked("50100123456789"), "XXXXXXXXXX6789");
        let shown = format!("{:?}", details());
        for whole in ["50100123456789", "AABCU9603R", "36AABCU9603R1ZO"] {
            assert!(!shown.contains(whole), "{shown}");
        }
    }
}
