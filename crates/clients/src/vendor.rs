//! Vendor-management as others call it.

use domain::events::VendorFacts;
use domain::{Gstin, Phone, StateCode, UserId, VendorId};
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
}
