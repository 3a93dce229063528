//! Vendors.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{GstScheme, Gstin, Ifsc, KycStatus, Pan, Phone, Pincode, Rate, StateCode, UserId, VendorId, VendorStatus};
use sealing::Sealer;
use service_kit::http::PageRequest;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::data_keys::SealedField;
use super::{ByAge, Stored};
use crate::domain::hours::{Hours, OpenSpan};
use crate::domain::place::Place;
use crate::domain::vendor::{BankAccount, BusinessDetails, BusinessType, Vendor};

/// Kinds of sealed fields: part of the place they are sealed for, and of what their hashes are of.
pub(crate) const GSTIN: &str = "gstin";
pub(crate) const PAN: &str = "pan";
pub(crate) const BANK_ACCOUNT: &str = "bank_account";

/// The place that a vendor's field is sealed for.
pub(crate) fn place(id: VendorId, kind: &str) -> String {
    format!("vendor/{id}/{kind}")
}

struct Row {
    id: VendorId,
    user_id: UserId,
    owner_name: String,
    business_name: String,
    business_type: BusinessType,
    gst_scheme: GstScheme,
    gstin_sealed: Option<Vec<u8>>,
    pan_sealed: Option<Vec<u8>>,
    state_code: StateCode,
    categories: Vec<String>,
    business_phone: Phone,
    business_email: Option<String>,
    business_address: Option<String>,
    service_areas: Json<Vec<Pincode>>,
    service_radius_km: Option<f64>,
    warehouse_latitude: Option<f64>,
    warehouse_longitude: Option<f64>,
    status: VendorStatus,
    kyc_status: KycStatus,
    is_accepting_orders: bool,
    working_hours: Option<Json<Vec<OpenSpan>>>,
    holidays: Vec<NaiveDate>,
    open_by_hours: bool,
    commission_rate: Rate,
    bank_account_sealed: Option<Vec<u8>>,
    bank_ifsc: Option<Ifsc>,
    bank_account_holder_name: Option<String>,
    bank_name: Option<String>,
    total_orders: i32,
    average_rating: Option<String>,
    revision: i64,
    onboarded_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The one list of columns.
macro_rules! vendor_rows {
    ($where:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id as "id: VendorId", user_id as "user_id: UserId", owner_name, business_name,
                      business_type as "business_type: BusinessType", gst_scheme as "gst_scheme: GstScheme",
                      gstin_sealed, pan_sealed, state_code as "state_code: StateCode", categories,
                      business_phone as "business_phone: Phone", business_email, business_address,
                      service_areas as "service_areas: Json<Vec<Pincode>>",
                      service_radius_km::float8 as service_radius_km,
                      warehouse_latitude::float8 as warehouse_latitude,
                      warehouse_longitude::float8 as warehouse_longitude,
                      status as "status: VendorStatus", kyc_status as "kyc_status: KycStatus", is_accepting_orders,
                      working_hours as "working_hours: Json<Vec<OpenSpan>>", holidays, open_by_hours,
                      commission_rate as "commission_rate: Rate", bank_account_sealed, bank_ifsc as "bank_ifsc: Ifsc",
                      bank_account_holder_name, bank_name, total_orders, average_rating::text as average_rating,
                      revision, onboarded_at, approved_at, created_at, updated_at
                 FROM vendors "# + $where
            $(, $arg)*
        )
    };
}

impl Row {
    /// Opens a sealed field.
    fn open<T>(&self, sealer: &Sealer, kind: &str, sealed: Option<&[u8]>) -> Stored<Option<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let Some(sealed) = sealed else { return Ok(None) };
        let text = sealer.open(&place(self.id, kind), sealed).map_err(|error| sqlx::Error::Decode(error.into()))?;
        text.parse().map(Some).map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
    }

    fn details(&self, sealer: &Sealer) -> Stored<Option<BusinessDetails>> {
        let gstin = self.open(sealer, GSTIN, self.gstin_sealed.as_deref())?;
        let pan = self.open(sealer, PAN, self.pan_sealed.as_deref())?;
        let number = self.open(sealer, BANK_ACCOUNT, self.bank_account_sealed.as_deref())?;
        Ok(self.with(gstin, pan, number))
    }

    fn with(&self, gstin: Option<Gstin>, pan: Option<Pan>, number: Option<String>) -> Option<BusinessDetails> {
        self.onboarded_at?;
        Some(BusinessDetails {
            business_name: self.business_name.clone(),
            business_type: self.business_type,
            gst_scheme: self.gst_scheme,
            gstin,
            pan: pan?,
            state_code: self.state_code.clone(),
            categories: self.categories.clone(),
            business_phone: self.business_phone.clone(),
            business_email: self.business_email.clone(),
            business_address: self.business_address.clone(),
            service_pincodes: self.service_areas.0.clone(),
            service_radius_km: self.service_radius_km,
            location: Place::of(self.warehouse_latitude, self.warehouse_longitude),
            bank: BankAccount {
                number: number?,
                ifsc: self.bank_ifsc.clone()?,
                holder_name: self.bank_account_holder_name.clone()?,
                bank_name: self.bank_name.clone(),
            },
        })
    }
}

impl Row {
    fn vendor(self, sealer: &Sealer) -> Stored<Vendor> {
        let (row, details) = (&self, self.details(sealer)?);
        Ok(Vendor {
            id: row.id,
            user_id: row.user_id,
            owner_name: row.owner_name.clone(),
            business_phone: row.business_phone.clone(),
            state_code: row.state_code.clone(),
            business_name: row.business_name.clone(),
            details,
            status: row.status,
            kyc_status: row.kyc_status,
            is_accepting_orders: row.is_accepting_orders,
            hours: Hours { week: row.working_hours.as_ref().map(|week| week.0.clone()), holidays: row.holidays.clone() },
            open_by_hours: row.open_by_hours,
            commission_rate: row.commission_rate,
            total_orders: row.total_orders,
            average_rating: row.average_rating.clone(),
            revision: row.revision,
            onboarded_at: row.onboarded_at,
            approved_at: row.approved_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What a new vendor begins with.
pub(crate) struct NewVendor<'a> {
    pub(crate) id: VendorId,
    pub(crate) user_id: UserId,
    pub(crate) owner_name: &'a str,
    pub(crate) business_name: &'a str,
    pub(crate) phone: &'a Phone,
    pub(crate) state_code: &'a str,
    pub(crate) commission_rate: Rate,
    pub(crate) now: DateTime<Utc>,
}

/// Opens a vendor unless the user has one.
pub(crate) async fn open(conn: &mut PgConnection, vendor: &NewVendor<'_>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO vendors (id, user_id, owner_name, business_name, business_phone, state_code, commission_rate, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT ON CONSTRAINT vendors_one_a_user DO NOTHING",
        vendor.id as VendorId,
        vendor.user_id as UserId,
        vendor.owner_name,
        vendor.business_name,
        vendor.phone.as_str(),
        vendor.state_code,
        vendor.commission_rate as Rate,
        vendor.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, sealer: &Sealer, id: VendorId) -> Stored<Option<Vendor>> {
    let row = vendor_rows!("WHERE id = $1", id as VendorId).fetch_optional(conn).await?;
    row.map(|row| row.vendor(sealer)).transpose()
}

pub(crate) async fn find_by_user(conn: &mut PgConnection, sealer: &Sealer, id: UserId) -> Stored<Option<Vendor>> {
    let row = vendor_rows!("WHERE user_id = $1", id as UserId).fetch_optional(conn).await?;
    row.map(|row| row.vendor(sealer)).transpose()
}

/// The vendor, held until the transaction ends. Rows that refer to it may be written meanwhile.
pub(crate) async fn lock(conn: &mut PgConnection, sealer: &Sealer, id: VendorId) -> Stored<Option<Vendor>> {
    let row = vendor_rows!("WHERE id = $1 FOR NO KEY UPDATE", id as VendorId).fetch_optional(conn).await?;
    row.map(|row| row.vendor(sealer)).transpose()
}

/// What a list of vendors is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<VendorStatus>,
    pub(crate) kyc_status: Option<KycStatus>,
    /// Text in the name of business or owner.
    pub(crate) text: Option<String>,
    /// Whole numbers; found by their keyed hashes.
    pub(crate) gstin: Option<Gstin>,
    pub(crate) pan: Option<Pan>,
    pub(crate) bank_account_number: Option<String>,
}

pub(crate) async fn list(
    conn: &mut PgConnection,
    sealer: &Sealer,
    filter: &Filter,
    page: &PageRequest<ByAge>,
) -> Stored<Vec<Vendor>> {
    let rows = vendor_rows!(
        "WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR kyc_status = $2)
           AND ($3::text IS NULL OR position(lower($3) in lower(business_name || ' ' || owner_name)) > 0)
           AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
           AND ($7::bytea IS NULL OR gstin_hash = $7) AND ($8::bytea IS NULL OR pan_hash = $8)
           AND ($9::bytea IS NULL OR bank_account_hash = $9)
         ORDER BY created_at DESC, id DESC LIMIT $6",
        filter.status.map(|s| s.as_str()),
        filter.kyc_status.map(|s| s.as_str()),
        filter.text.as_deref(),
        page.after.map(|c| c.at),
        page.after.map(|c| c.id),
        page.fetch(),
        filter.gstin.as_ref().map(|gstin| sealer.hash(GSTIN, gstin.as_str())),
        filter.pan.as_ref().map(|pan| sealer.hash(PAN, pan.as_str())),
        filter.bank_account_number.as_ref().map(|number| sealer.hash(BANK_ACCOUNT, number))
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.vendor(sealer)).collect()
}

/// Writes the details over those of this revision; false when somebody was faster.
pub(crate) async fn write_details(
    conn: &mut PgConnection,
    sealer: &Sealer,
    id: VendorId,
    revision: i64,
    details: &BusinessDetails,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let pincodes = Json(&details.service_pincodes);
    let seal = |kind: &str, text: &str| -> Stored<SealedField> {
        let sealed = sealer.seal(&place(id, kind), text).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(SealedField { sealed, hash: sealer.hash(kind, text) })
    };
    let gstin = details.gstin.as_ref().map(|gstin| seal(GSTIN, gstin.as_str())).transpose()?;
    let (pan, bank_account) = (seal(PAN, details.pan.as_str())?, seal(BANK_ACCOUNT, &details.bank.number)?);
    let done = sqlx::query!(
        "UPDATE vendors
            SET business_name = $3, business_type = $4, gst_scheme = $5, gstin_sealed = $6, pan_sealed = $7, state_code = $8,
                categories = $9, business_phone = $10, business_email = $11, business_address = $12,
                service_areas = $13, service_radius_km = ($14::float8)::numeric(5,2),
                warehouse_latitude = ($15::float8)::numeric(10,7), warehouse_longitude = ($16::float8)::numeric(10,7),
                bank_account_sealed = $17, bank_ifsc = $18, bank_account_holder_name = $19, bank_name = $20,
                onboarded_at = coalesce(onboarded_at, $21), updated_at = $21, revision = revision + 1,
                gstin_hash = $22, pan_hash = $23, bank_account_hash = $24, data_key_id = $25
          WHERE id = $1 AND revision = $2",
        id as VendorId,
        revision,
        details.business_name,
        details.business_type.as_str(),
        details.gst_scheme.as_str(),
        gstin.as_ref().map(|field| &field.sealed[..]),
        pan.sealed,
        details.state_code.as_str(),
        &details.categories,
        details.business_phone.as_str(),
        details.business_email,
        details.business_address,
        pincodes as _,
        details.service_radius_km,
        details.location.map(|p| p.latitude),
        details.location.map(|p| p.longitude),
        bank_account.sealed,
        details.bank.ifsc.as_str(),
        details.bank.holder_name,
        details.bank.bank_name,
        now,
        gstin.as_ref().map(|field| &field.hash[..]),
        pan.hash,
        bank_account.hash,
        sealing::key_of(&pan.sealed).ok()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What stands beside the details.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) status: VendorStatus,
    pub(crate) kyc_status: KycStatus,
    pub(crate) is_accepting_orders: bool,
    pub(crate) commission_rate: Rate,
}

impl From<&Vendor> for Standing {
    fn from(vendor: &Vendor) -> Self {
        Self {
            status: vendor.status,
            kyc_status: vendor.kyc_status,
            is_accepting_orders: vendor.is_accepting_orders,
            commission_rate: vendor.commission_rate,
        }
    }
}

/// Writes the standing over that of this revision; false when somebody was faster.
pub(crate) async fn write_standing(
    conn: &mut PgConnection,
    id: VendorId,
    revision: i64,
    standing: Standing,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE vendors
            SET status = $3, kyc_status = $4::text, is_accepting_orders = $5, commission_rate = $6,
                approved_at = CASE WHEN $4::text = 'approved' THEN coalesce(approved_at, $7::timestamptz) END,
                updated_at = $7::timestamptz, revision = revision + 1
          WHERE id = $1 AND revision = $2",
        id as VendorId,
        revision,
        standing.status.as_str(),
        standing.kyc_status.as_str(),
        standing.is_accepting_orders,
        standing.commission_rate as Rate,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When a shop is open.
#[derive(Debug)]
pub(crate) struct Availability<'a> {
    pub(crate) is_accepting_orders: bool,
    pub(crate) hours: &'a Hours,
    pub(crate) open_by_hours: bool,
}

/// Writes the availability over that of this revision; false when somebody was faster.
pub(crate) async fn write_availability(
    conn: &mut PgConnection,
    id: VendorId,
    revision: i64,
    availability: &Availability<'_>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let week = availability.hours.week.as_ref().map(Json);
    let done = sqlx::query!(
        "UPDATE vendors
            SET is_accepting_orders = $3, working_hours = $4, holidays = $5, open_by_hours = $6, updated_at = $7,
                revision = revision + 1
          WHERE id = $1 AND revision = $2",
        id as VendorId,
        revision,
        availability.is_accepting_orders,
        week as _,
        &availability.hours.holidays,
        availability.open_by_hours,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a completed order. Not told to others, so the revision stays.
pub(crate) async fn count_completed(conn: &mut PgConnection, id: VendorId, revenue: domain::Money) -> Stored<()> {
    sqlx::query!(
        "UPDATE vendors SET total_orders = total_orders + 1, total_revenue = total_revenue + $2 WHERE id = $1",
        id as VendorId,
        revenue as domain::Money
    )
    .execute(conn)
    .await?;
    Ok(())
}
