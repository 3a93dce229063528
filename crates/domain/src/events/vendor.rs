//! Facts of vendor-management: vendors, deliveries, settlements.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::domain_event;
use crate::{
    BuyerId, DeliveryId, DeliveryStatus, GstScheme, KycStatus, MediaId, Money, OrderId, OrderNumber, Phone, Pincode, Rate,
    SettlementId, SettlementNumber, Slot, StateCode, UserId, VendorId, VendorStatus,
};

/// What others may know of a vendor: enough for a read copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VendorFacts {
    /// The vendor.
    pub vendor_id: VendorId,
    /// The user who owns it.
    pub user_id: UserId,
    /// Name of the business; empty before onboarding.
    pub business_name: String,
    /// Pending, active, suspended or blocked.
    pub status: VendorStatus,
    /// Where the papers stand.
    pub kyc_status: KycStatus,
    /// Whether the shop is open.
    pub is_accepting_orders: bool,
    /// How the vendor stands towards GST.
    pub gst_scheme: GstScheme,
    /// State of supply.
    pub state_code: StateCode,
    /// Phone of the business.
    pub phone: Phone,
    /// Latitude of the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Longitude of the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Delivers so far, in kilometres, when limited by radius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_radius_km: Option<f64>,
    /// Delivers to these, when limited by pincode.
    #[serde(default)]
    pub service_pincodes: Vec<Pincode>,
    /// RealServ's commission for new orders.
    pub commission_rate: Rate,
    /// The number of the vendor's change this is, so that an older fact never overwrites a newer.
    pub revision: i64,
}

macro_rules! vendor_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The vendor as it is now.
            #[serde(flatten)]
            pub vendor: VendorFacts,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.vendor.vendor_id.into());
    )+};
}

vendor_events! {
    /// A vendor gave the details of the business.
    VendorOnboarded "VendorOnboarded" {},
    /// A vendor handed in papers.
    VendorKycSubmitted "VendorKycSubmitted" {},
    /// The papers are in order; the vendor is active.
    VendorKycApproved "VendorKycApproved" {},
    /// Something is wrong with the papers.
    VendorKycRejected "VendorKycRejected" {
        /// Why, document by document.
        reasons: Vec<String>,
    },
    /// Something known of a vendor changed.
    VendorUpdated "VendorUpdated" {},
    /// The shop opened or closed.
    VendorAvailabilityChanged "VendorAvailabilityChanged" {},
    /// The vendor's standing changed.
    VendorStatusChanged "VendorStatusChanged" {
        /// The standing before.
        previous: VendorStatus,
    },
}

/// What others may know of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeliveryFacts {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The order it brings.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who receives.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// Who brings.
    pub vendor_id: VendorId,
    /// Where it stands now.
    pub status: DeliveryStatus,
    /// Day it is planned for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_date: Option<NaiveDate>,
    /// Time of day it is planned for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_slot: Option<Slot>,
}

macro_rules! delivery_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The delivery as it is now.
            #[serde(flatten)]
            pub delivery: DeliveryFacts,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.delivery.delivery_id.into());
    )+};
}

delivery_events! {
    /// A confirmed order is to be brought.
    DeliveryCreated "DeliveryCreated" {},
    /// Somebody will bring it.
    DeliveryAssigned "DeliveryAssigned" {},
    /// It is on its way.
    DeliveryDispatched "DeliveryDispatched" {},
    /// A code was sent to the buyer. The code itself is never on the bus.
    DeliveryOtpGenerated "DeliveryOtpGenerated" {
        /// Until when it counts.
        expires_at: DateTime<Utc>,
    },
    /// It was handed over, proven by code or by photo and approval.
    DeliveryDelivered "DeliveryDelivered" {
        /// When.
        delivered_at: DateTime<Utc>,
        /// `otp` or `photo`.
        proven_by: String,
    },
    /// It could not be handed over.
    DeliveryFailed "DeliveryFailed" {
        /// Why.
        reason: String,
    },
    /// A photo, signature or document was added.
    DeliveryProofAdded "DeliveryProofAdded" {
        /// The file.
        media_id: MediaId,
        /// `photo`, `signature` or `document`.
        proof_type: String,
    },
}

/// One statutory deduction of a settlement (rule 35), summed over its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettlementDeduction {
    /// `tds`, `tcs` or `gst_on_commission`.
    pub kind: String,
    /// How much.
    pub amount: Money,
}

/// A settlement with its arithmetic (rule 33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettlementFacts {
    /// The settlement.
    pub settlement_id: SettlementId,
    /// Its number.
    pub settlement_number: SettlementNumber,
    /// Whose.
    pub vendor_id: VendorId,
    /// First Indian day of the period.
    pub period_start: NaiveDate,
    /// Last Indian day of the period.
    pub period_end: NaiveDate,
    /// The orders in it.
    pub order_ids: Vec<OrderId>,
    /// Sum of the lines' order amounts.
    pub gross_revenue: Money,
    /// Sum of the lines' commissions.
    pub commission_amount: Money,
    /// `gross_revenue - commission_amount`.
    pub net_amount: Money,
    /// Cash the vendor holds for these orders.
    pub cod_to_remit: Money,
    /// Sum of the adjustment lines, signed.
    pub adjustments: Money,
    /// The part of `adjustments` that is commission given back for refunds after settlement.
    pub commission_returned: Money,
    /// The part of `adjustments` carried over from an earlier negative payout (zero or negative).
    pub carried_over: Money,
    /// Statutory deductions.
    pub deductions: Vec<SettlementDeduction>,
    /// `net_amount - cod_to_remit + adjustments - deductions`; negative when the vendor owes.
    pub payout_amount: Money,
}

macro_rules! settlement_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The settlement.
            #[serde(flatten)]
            pub settlement: SettlementFacts,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.settlement.settlement_id.into());
    )+};
}

settlement_events! {
    /// A settlement was made.
    SettlementGenerated "SettlementGenerated" {},
    /// Finance has approved it.
    SettlementApproved "SettlementApproved" {},
    /// The money has gone out, or the settlement closed without a payment.
    SettlementPaid "SettlementPaid" {
        /// Reference of the transfer; none when nothing was to be paid.
        payment_reference: Option<String>,
        /// When.
        paid_at: DateTime<Utc>,
    },
}
