//! Vendors as they are spoken.

use chrono::{DateTime, Utc};
use domain::{GstScheme, Gstin, Ifsc, KycStatus, Pan, Phone, Pincode, Rate, StateCode, UserId, VendorId, VendorStatus};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::ApiError;
use utoipa::ToSchema;

use crate::domain::place::Place;
use crate::domain::vendor::{BankAccount, BusinessDetails, BusinessType, Vendor, masked};

/// The details of a business.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OnboardIn {
    #[garde(length(chars, min = 2, max = 255))]
    business_name: String,
    #[garde(skip)]
    business_type: BusinessType,
    /// Left out: `regular` with a GSTIN, `unregistered` without.
    #[garde(skip)]
    #[serde(default)]
    gst_scheme: Option<GstScheme>,
    /// Required unless unregistered; its PAN and state must be those given.
    #[garde(skip)]
    #[serde(default)]
    gstin: Option<Gstin>,
    #[garde(skip)]
    pan: Pan,
    /// State of supply by name or GST code. Left out: that of the GSTIN, or of the first PIN code.
    #[garde(skip)]
    #[serde(default)]
    state: Option<StateCode>,
    /// Categories of the catalogue by slug.
    #[garde(length(max = 50), inner(length(chars, min = 1, max = 100)))]
    #[serde(default)]
    categories: Vec<String>,
    /// Left out: the phone of the account.
    #[garde(skip)]
    #[serde(default)]
    business_phone: Option<Phone>,
    #[garde(email, length(max = 255))]
    #[serde(default)]
    business_email: Option<String>,
    #[garde(length(chars, min = 5, max = 1000))]
    #[serde(default)]
    business_address: Option<String>,
    /// Delivers to these PIN codes.
    #[garde(length(max = 500))]
    #[serde(default)]
    service_pincodes: Vec<Pincode>,
    /// Delivers so far around the warehouse.
    #[garde(range(min = 0.1, max = 500.0))]
    #[serde(default)]
    service_radius_km: Option<f64>,
    /// Left out: found by the address.
    #[garde(range(min = -90.0, max = 90.0))]
    #[serde(default)]
    warehouse_latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    #[serde(default)]
    warehouse_longitude: Option<f64>,
    /// 9 to 18 digits.
    #[garde(length(min = 9, max = 18))]
    bank_account_number: String,
    #[garde(skip)]
    bank_ifsc: Ifsc,
    /// Left out: the name of the business.
    #[garde(length(chars, min = 2, max = 255))]
    #[serde(default)]
    bank_account_holder_name: Option<String>,
    #[garde(length(chars, min = 2, max = 100))]
    #[serde(default)]
    bank_name: Option<String>,
}

/// The state whose PIN codes begin so, where that is plain.
fn state_of(pincode: &Pincode) -> Option<StateCode> {
    let code = match pincode.as_str().get(..2)? {
        "50" => "36",
        "51" | "52" | "53" => "37",
        _ => return None,
    };
    code.parse().ok()
}

impl OnboardIn {
    /// The details, with what was left out filled in.
    pub(super) fn details(self, phone: &Phone) -> Result<BusinessDetails, ApiError> {
        let state_code = self
            .state
            .or_else(|| self.gstin.as_ref().map(Gstin::state))
            .or_else(|| self.service_pincodes.first().and_then(state_of))
            .ok_or_else(|| ApiError::invalid_field("state", "say in which state the business is"))?;
        if self.warehouse_latitude.is_some() != self.warehouse_longitude.is_some() {
            return Err(ApiError::invalid_field("warehouse_longitude", "latitude and longitude come together"));
        }
        let by_gstin = if self.gstin.is_some() { GstScheme::Regular } else { GstScheme::Unregistered };
        Ok(BusinessDetails {
            business_type: self.business_type,
            gst_scheme: self.gst_scheme.unwrap_or(by_gstin),
            gstin: self.gstin,
            pan: self.pan,
            state_code,
            categories: self.categories,
            business_phone: self.business_phone.unwrap_or_else(|| phone.clone()),
            business_email: self.business_email,
            business_address: self.business_address,
            service_pincodes: self.service_pincodes,
            service_radius_km: self.service_radius_km,
            location: Place::of(self.warehouse_latitude, self.warehouse_longitude),
            bank: BankAccount {
                number: self.bank_account_number,
                ifsc: self.bank_ifsc,
                holder_name: self.bank_account_holder_name.unwrap_or_else(|| self.business_name.clone()),
                bank_name: self.bank_name,
            },
            business_name: self.business_name,
        })
    }
}

/// What a `null` says and an absent field does not: take it away.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What is to change; what is left out stays, `null` takes away.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UpdateVendorIn {
    #[garde(length(chars, min = 2, max = 255))]
    business_name: Option<String>,
    #[garde(skip)]
    business_type: Option<BusinessType>,
    #[garde(skip)]
    gst_scheme: Option<GstScheme>,
    #[garde(skip)]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Gstin>)]
    gstin: Option<Option<Gstin>>,
    #[garde(skip)]
    pan: Option<Pan>,
    #[garde(skip)]
    state: Option<StateCode>,
    #[garde(inner(length(max = 50)))]
    categories: Option<Vec<String>>,
    #[garde(skip)]
    business_phone: Option<Phone>,
    #[garde(inner(inner(email, length(max = 255))))]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    business_email: Option<Option<String>>,
    #[garde(inner(inner(length(chars, min = 5, max = 1000))))]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    business_address: Option<Option<String>>,
    #[garde(inner(length(max = 500)))]
    service_pincodes: Option<Vec<Pincode>>,
    #[garde(inner(inner(range(min = 0.1, max = 500.0))))]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    service_radius_km: Option<Option<f64>>,
    /// Together with the longitude.
    #[garde(range(min = -90.0, max = 90.0))]
    warehouse_latitude: Option<f64>,
    #[garde(range(min = -180.0, max = 180.0))]
    warehouse_longitude: Option<f64>,
    #[garde(length(min = 9, max = 18))]
    bank_account_number: Option<String>,
    #[garde(skip)]
    bank_ifsc: Option<Ifsc>,
    #[garde(length(chars, min = 2, max = 255))]
    bank_account_holder_name: Option<String>,
    #[garde(inner(inner(length(chars, min = 2, max = 100))))]
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    bank_name: Option<Option<String>>,
}

fn put<T: Clone>(place: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

impl UpdateVendorIn {
    /// Halves of a point come together.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.warehouse_latitude.is_some() == self.warehouse_longitude.is_some() {
            return Ok(());
        }
        Err(ApiError::invalid_field("warehouse_longitude", "latitude and longitude come together"))
    }

    /// Writes itself over the details.
    pub(super) fn apply(&self, details: &mut BusinessDetails) {
        put(&mut details.business_name, &self.business_name);
        put(&mut details.business_type, &self.business_type);
        put(&mut details.gst_scheme, &self.gst_scheme);
        put(&mut details.gstin, &self.gstin);
        put(&mut details.pan, &self.pan);
        put(&mut details.state_code, &self.state);
        put(&mut details.categories, &self.categories);
        put(&mut details.business_phone, &self.business_phone);
        put(&mut details.business_email, &self.business_email);
        put(&mut details.business_address, &self.business_address);
        put(&mut details.service_pincodes, &self.service_pincodes);
        put(&mut details.service_radius_km, &self.service_radius_km);
        put(&mut details.location, &Place::of(self.warehouse_latitude, self.warehouse_longitude).map(Some));
        put(&mut details.bank.number, &self.bank_account_number);
        put(&mut details.bank.ifsc, &self.bank_ifsc);
        put(&mut details.bank.holder_name, &self.bank_account_holder_name);
        put(&mut details.bank.bank_name, &self.bank_name);
    }
}

/// A vendor. Buyers and other vendors see the public part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VendorOut {
    id: VendorId,
    business_name: String,
    business_type: Option<BusinessType>,
    categories: Vec<String>,
    status: VendorStatus,
    is_accepting_orders: bool,
    state_code: StateCode,
    service_pincodes: Vec<Pincode>,
    service_radius_km: Option<f64>,
    total_orders: i32,
    average_rating: Option<String>,
    #[serde(flatten)]
    private: Option<PrivateOut>,
}

/// What the vendor and staff see besides.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PrivateOut {
    user_id: UserId,
    owner_name: String,
    kyc_status: KycStatus,
    commission_rate: Rate,
    gst_scheme: GstScheme,
    /// Only finance sees more than the last four characters.
    #[schema(example = "XXXXXXXXXXXR1ZO")]
    gstin: Option<String>,
    /// Only finance sees more than the last four characters.
    #[schema(example = "XXXXXX603R")]
    pan: Option<String>,
    business_phone: Phone,
    business_email: Option<String>,
    business_address: Option<String>,
    warehouse_latitude: Option<f64>,
    warehouse_longitude: Option<f64>,
    bank: Option<BankOut>,
    onboarded_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Where a vendor is paid to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BankOut {
    /// Only finance sees more than the last four digits.
    #[schema(example = "XXXXXXXXXX6789")]
    account_number: String,
    ifsc: Ifsc,
    account_holder_name: String,
    bank_name: Option<String>,
}

/// How much of a vendor somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// What everybody may know.
    PublicPart,
    /// All, with the bank account masked.
    All,
    /// All.
    AllAndBank,
}

impl VendorOut {
    pub(super) fn of(vendor: Vendor, sees: Sees) -> Self {
        let details = vendor.details.as_ref();
        Self {
            id: vendor.id,
            business_name: vendor.business_name.clone(),
            business_type: details.map(|d| d.business_type),
            categories: details.map(|d| d.categories.clone()).unwrap_or_default(),
            status: vendor.status,
            is_accepting_orders: vendor.is_accepting_orders,
            state_code: vendor.state_code.clone(),
            service_pincodes: details.map(|d| d.service_pincodes.clone()).unwrap_or_default(),
            service_radius_km: details.and_then(|d| d.service_radius_km),
            total_orders: vendor.total_orders,
            average_rating: vendor.average_rating.clone(),
            private: (sees != Sees::PublicPart).then(|| PrivateOut::of(vendor, sees)),
        }
    }
}

impl PrivateOut {
    fn of(vendor: Vendor, sees: Sees) -> Self {
        let details = vendor.details;
        let location = details.as_ref().and_then(|d| d.location);
        let number = |number: &str| if sees == Sees::AllAndBank { number.to_owned() } else { masked(number) };
        Self {
            user_id: vendor.user_id,
            owner_name: vendor.owner_name,
            kyc_status: vendor.kyc_status,
            commission_rate: vendor.commission_rate,
            gst_scheme: details.as_ref().map_or(GstScheme::Unregistered, |d| d.gst_scheme),
            gstin: details.as_ref().and_then(|d| d.gstin.as_ref()).map(|gstin| number(gstin.as_str())),
            pan: details.as_ref().map(|d| number(d.pan.as_str())),
            business_phone: vendor.business_phone,
            business_email: details.as_ref().and_then(|d| d.business_email.clone()),
            business_address: details.as_ref().and_then(|d| d.business_address.clone()),
            warehouse_latitude: location.map(|p| p.latitude),
            warehouse_longitude: location.map(|p| p.longitude),
            bank: details.map(|d| BankOut {
                account_number: number(&d.bank.number),
                ifsc: d.bank.ifsc,
                account_holder_name: d.bank.holder_name,
                bank_name: d.bank.bank_name,
            }),
            onboarded_at: vendor.onboarded_at,
            approved_at: vendor.approved_at,
            created_at: vendor.created_at,
            updated_at: vendor.updated_at,
        }
    }
}
