//! The order service as others call it.

use chrono::{DateTime, Utc};
use domain::events::OrderFacts;
use domain::{Money, OrderId, OrderNumber, OrderStatus, PaymentId, PaymentStatus, Rate, VendorId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// An order as other services may know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderSummary {
    /// What every fact of it says.
    #[serde(flatten)]
    pub order: OrderFacts,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its payment stands.
    pub payment_status: PaymentStatus,
    /// Commission frozen when it was placed.
    pub commission_rate: Rate,
    /// What went back so far.
    pub refunded: Money,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it was completed.
    #[serde(default)]
    pub completed_at: Option<DateTime<Utc>>,
}

/// `POST /internal/v1/orders/{id}/mark-paid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPaidIn {
    /// The payment.
    pub payment_id: PaymentId,
    /// What came in.
    pub amount: Money,
    /// When.
    pub captured_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Completed {
    vendor_id: VendorId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

client! {
    /// Calls the order service.
    OrderClient of Order
}

impl OrderClient {
    /// `GET /internal/v1/orders/{id}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderSummary>, ServiceError> {
        self.0.find(&format!("/internal/v1/orders/{id}")).await
    }

    /// `GET /internal/v1/orders/by-number/{n}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn by_number(&self, number: &OrderNumber) -> Result<Option<OrderSummary>, ServiceError> {
        self.0.find(&format!("/internal/v1/orders/by-number/{number}")).await
    }

    /// `GET /internal/v1/orders/completed`: the vendor's orders completed in `[from, to)`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn completed(
        &self,
        vendor_id: VendorId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<OrderSummary>, ServiceError> {
        self.0.get("/internal/v1/orders/completed", &Completed { vendor_id, from, to }).await
    }

    /// `POST /internal/v1/orders/{id}/mark-paid`. The event says the same; this is for the buyer who is waiting.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn mark_paid(&self, id: OrderId, paid: &MarkPaidIn) -> Result<OrderSummary, ServiceError> {
        self.0.post(&format!("/internal/v1/orders/{id}/mark-paid"), paid, None).await
    }
}
