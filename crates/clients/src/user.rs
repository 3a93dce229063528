//! The user service as others call it.

use domain::events::{AddressSnapshot, UserFacts};
use domain::{AddressId, BuyerId, Phone, UserId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// A delivery address with whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddressFacts {
    /// The address.
    pub address_id: AddressId,
    /// Whose.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// As an order keeps it.
    pub address: AddressSnapshot,
}

client! {
    /// Calls the user service.
    UserClient of User
}

impl UserClient {
    /// `GET /internal/v1/addresses/{id}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn address(&self, id: AddressId) -> Result<Option<AddressFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/addresses/{id}")).await
    }

    /// `GET /internal/v1/users/{id}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn user(&self, id: UserId) -> Result<Option<UserFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/users/{id}")).await
    }

    /// `GET /internal/v1/buyers/{id}`: the buyer as a user.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn buyer(&self, id: BuyerId) -> Result<Option<UserFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/buyers/{id}")).await
    }

    /// `GET /internal/v1/users/by-phone/{e164}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn by_phone(&self, phone: &Phone) -> Result<Option<UserFacts>, ServiceError> {
        // The plus sign has to survive as itself.
        self.0.find(&format!("/internal/v1/users/by-phone/%2B{}", phone.digits())).await
    }
}
