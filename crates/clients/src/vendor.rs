//! Vendor-management as others call it.

use domain::events::VendorFacts;
use domain::{Phone, UserId, VendorId};
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

    /// `GET /internal/v1/vendors/by-user/{userId}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn by_user(&self, id: UserId) -> Result<Option<VendorFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/vendors/by-user/{id}")).await
    }
}
