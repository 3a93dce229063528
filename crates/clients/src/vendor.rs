//! Vendor-management as others call it.

use domain::events::{DeliveryFacts, VendorFacts};
use domain::{Gstin, Money, OrderId, Phone, Rate, SettlementId, SettlementNumber, StateCode, UserId, VendorId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// `POST /internal/v1/vendors`: open a pending vendor for a user; again answers the same vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenVendorIn {
    /// Whose.
    pub user_id: UserId,
    /// Phone of the user.
    pub phone: Phone,
    /// Name as given.
    pub full_name: String,
    /// Name of the business, when known.
    #[serde(default)]
    pub business_name: Option<String>,
}

/// What a vendor's invoices say about the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SupplierFacts {
    /// The vendor.
    pub vendor_id: VendorId,
    /// Name of the business.
    pub business_name: String,
    /// Its address as given; empty when none was.
    pub address: String,
    /// Its GSTIN, when registered.
    #[serde(default)]
    pub gstin: Option<Gstin>,
    /// State of supply.
    pub state_code: StateCode,
    /// Phone of the business.
    pub phone: Phone,
}

/// An order's line in its settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettlementLineFacts {
    /// The settlement.
    pub settlement_id: SettlementId,
    /// Its number.
    pub settlement_number: SettlementNumber,
    /// `pending`, `approved`, `paid` or `closed`.
    pub settlement_status: String,
    /// The order.
    pub order_id: OrderId,
    /// What the buyer was charged.
    pub order_total: Money,
    /// What had gone back before.
    pub refunded_before: Money,
    /// Rate frozen on the order.
    pub commission_rate: Rate,
    /// What RealServ took.
    pub commission_amount: Money,
    /// What is the vendor's.
    pub net_amount: Money,
    /// Cash that the vendor took in for it.
    pub cod_collected: Money,
}

/// `POST /internal/v1/settlements/lines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettlementLinesIn {
    /// Of these orders, at most 500.
    pub order_ids: Vec<OrderId>,
}

client! {
    /// Calls vendor-management.
    VendorClient of VendorManagement
}

impl VendorClient {
    /// `POST /internal/v1/vendors`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn open(&self, vendor: &OpenVendorIn) -> Result<VendorFacts, ServiceError> {
        self.0.post("/internal/v1/vendors", vendor, None).await
    }

    /// `GET /internal/v1/vendors/{id}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn vendor(&self, id: VendorId) -> Result<Option<VendorFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/vendors/{id}")).await
    }

    /// `GET /internal/v1/vendors/{id}/supplier`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn supplier(&self, id: VendorId) -> Result<Option<SupplierFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/vendors/{id}/supplier")).await
    }

    /// `GET /internal/v1/vendors/by-user/{userId}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn by_user(&self, id: UserId) -> Result<Option<VendorFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/vendors/by-user/{id}")).await
    }

    /// `POST /internal/v1/settlements/lines`: the settlement lines of these orders, as far as they are settled.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn settlement_lines(&self, order_ids: Vec<OrderId>) -> Result<Vec<SettlementLineFacts>, ServiceError> {
        self.0.post("/internal/v1/settlements/lines", &SettlementLinesIn { order_ids }, None).await
    }

    /// `GET /internal/v1/deliveries/order/{orderId}`: how the delivery of an order stands.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn delivery(&self, order: OrderId) -> Result<Option<DeliveryFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/deliveries/order/{order}")).await
    }
}
