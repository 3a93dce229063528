//! The order service as others call it.

use chrono::{DateTime, Utc};
use domain::events::{AddressSnapshot, OrderFacts};
use domain::{
    BuyerId, GstScheme, Money, OrderId, OrderItemId, OrderNumber, OrderStatus, PaymentId, PaymentStatus, Quantity, Rate,
    StateCode, Unit, VendorId,
};
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
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Option<DateTime<Utc>>,
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

/// What an invoice of an order needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceFacts {
    /// What every fact of it says.
    #[serde(flatten)]
    pub order: OrderFacts,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where it was brought, or where the work was done: the place of supply.
    pub delivery_address: AddressSnapshot,
    /// The supplier's state when it was placed.
    pub supplier_state: StateCode,
    /// How the supplier stood towards GST when it was placed.
    pub gst_scheme: GstScheme,
    /// The lines; the delivery charge is the last one, when there is one.
    pub lines: Vec<InvoiceLineFacts>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it was handed over.
    #[serde(default)]
    pub delivered_at: Option<DateTime<Utc>>,
}

/// A line with its tax, as priced when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceLineFacts {
    /// The line of the order; none for the delivery charge.
    #[serde(default)]
    pub order_item_id: Option<OrderItemId>,
    /// What it is.
    pub description: String,
    /// HSN of goods, SAC of services.
    pub tax_code: String,
    /// How much.
    pub quantity: Quantity,
    /// Of which unit; none for the delivery charge.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Price of one unit before tax.
    pub unit_price: Money,
    /// Price of the line before discount and tax.
    pub total_price: Money,
    /// Its part of the discount.
    pub discount: Money,
    /// What tax is taken of.
    pub taxable: Money,
    /// Full GST rate.
    pub gst_rate: Rate,
    /// Central tax.
    pub cgst: Money,
    /// Tax of the state.
    pub sgst: Money,
    /// Tax between states.
    pub igst: Money,
}

/// Whose orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyId {
    /// Those a buyer placed.
    Buyer(BuyerId),
    /// Those a vendor is to deliver.
    Vendor(VendorId),
}

#[derive(Serialize)]
struct Placed {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_id: Option<OrderId>,
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

    /// `GET /internal/v1/orders/{id}/invoice-facts`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn invoice_facts(&self, id: OrderId) -> Result<Option<InvoiceFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/orders/{id}/invoice-facts")).await
    }

    /// `GET /internal/v1/orders/placed`: a page of at most 500 orders placed in `[from, to)`, newest first, after the
    /// given one.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn placed(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<(DateTime<Utc>, OrderId)>,
    ) -> Result<Vec<OrderSummary>, ServiceError> {
        let (before_at, before_id) = after.unzip();
        self.0.get("/internal/v1/orders/placed", &Placed { from, to, before_at, before_id }).await
    }

    /// `GET /internal/v1/orders/running`: the newest at most 20 orders of somebody that are neither completed nor cancelled.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn running(&self, of: PartyId) -> Result<Vec<OrderSummary>, ServiceError> {
        let query = match of {
            PartyId::Buyer(id) => [("buyer_id", id.to_string())],
            PartyId::Vendor(id) => [("vendor_id", id.to_string())],
        };
        self.0.get("/internal/v1/orders/running", &query).await
    }

    /// `POST /internal/v1/orders/{id}/mark-paid`. The event says the same; this is for the buyer who is waiting.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn mark_paid(&self, id: OrderId, paid: &MarkPaidIn) -> Result<OrderSummary, ServiceError> {
        self.0.post(&format!("/internal/v1/orders/{id}/mark-paid"), paid, None).await
    }
}
