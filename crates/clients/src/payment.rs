//! The payment service as others call it.

use chrono::{DateTime, Utc};
use domain::{BuyerId, Money, OrderId, OrderNumber, PaymentId, PaymentState, UserId, VendorId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// `POST /api/v1/payments/create-order` and `POST /api/v1/payments/cod/create` from the order service. Again for the
/// same order: the same payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenPaymentIn {
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who pays.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// What is due.
    pub amount: Money,
}

/// What the app hands to the gateway's checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GatewayOrder {
    /// `razorpay`.
    pub provider: String,
    /// The gateway's order.
    pub razorpay_order_id: String,
    /// Public key of our account.
    pub key_id: String,
    /// Amount in paise, as the gateway wants it.
    pub amount_paise: i64,
    /// `INR`.
    pub currency: String,
}

/// A payment that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OpenedPayment {
    /// The payment.
    pub payment_id: PaymentId,
    /// Where it stands.
    pub status: PaymentState,
    /// Online: for the checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayOrder>,
}

/// `POST /internal/v1/payments/order/{orderId}/replace`: the order's items were edited before it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacePaymentIn {
    /// What is due now.
    pub amount: Money,
    /// Which edit of the order this is, above zero and rising; one that is older than what is known changes nothing.
    pub revision: i64,
}

/// A page of the gateway's on which an order is paid without the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PaymentLinkOut {
    /// The payment.
    pub payment_id: PaymentId,
    /// The gateway's link.
    pub link_id: String,
    /// What the buyer opens.
    pub url: String,
    /// What is due.
    pub amount: Money,
    /// `INR`.
    pub currency: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

client! {
    /// Calls the payment service.
    PaymentClient of Payment
}

impl PaymentClient {
    /// `POST /api/v1/payments/create-order`. Refused with `order_cancelled` when the payment was voided before.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn open_online(&self, payment: &OpenPaymentIn) -> Result<OpenedPayment, ServiceError> {
        self.0.post("/api/v1/payments/create-order", payment, None).await
    }

    /// `POST /api/v1/payments/cod/create`. Refused with `cod_limit_reached` when the vendor holds too much cash (rule 31).
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn open_cod(&self, payment: &OpenPaymentIn) -> Result<OpenedPayment, ServiceError> {
        self.0.post("/api/v1/payments/cod/create", payment, None).await
    }

    /// `POST /internal/v1/payments/order/{orderId}/replace`: another amount and, online, another order at the gateway.
    /// Again, or with an older revision: the newest one. Refused with `payment_under_way` once money is held or taken,
    /// and with `order_cancelled` when the order has ended.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn replace(&self, order: OrderId, terms: &ReplacePaymentIn) -> Result<OpenedPayment, ServiceError> {
        self.0.post(&format!("/internal/v1/payments/order/{order}/replace"), terms, None).await
    }

    /// `POST /internal/v1/payments/order/{orderId}/payment-link`: makes the link, or finds it, and sends it to the buyer.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn send_link(&self, order: OrderId) -> Result<PaymentLinkOut, ServiceError> {
        self.0.post(&format!("/internal/v1/payments/order/{order}/payment-link"), &serde_json::json!({}), None).await
    }
}
