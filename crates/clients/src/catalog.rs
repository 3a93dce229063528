//! The catalog service as others call it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{GstScheme, InventoryId, ItemType, Money, OrderId, Quantity, Rate, Unit, VendorId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ServiceError;
use crate::call::client;

/// One thing wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedLine {
    /// Material or labour.
    pub item_type: ItemType,
    /// `materials.id` or `labor_categories.id`.
    pub item_id: Uuid,
    /// How much.
    pub quantity: Quantity,
    /// Hour or day, for labour; the material's own unit when left out.
    #[serde(default)]
    pub unit: Option<Unit>,
}

/// `POST /internal/v1/catalog/validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateIn {
    /// From whom.
    pub vendor_id: VendorId,
    /// The vendor's standing towards GST; decides the rate with the item's code.
    pub gst_scheme: GstScheme,
    /// The order's Indian day; picks the rate from the dated table.
    pub on: NaiveDate,
    /// What.
    pub lines: Vec<WantedLine>,
    /// What the order keeps already, when it is one that is edited: that much is there for it besides what is left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<WantedLine>,
}

/// One thing wanted, priced; or what speaks against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ValidatedLine {
    /// It can be ordered.
    Priced(PricedLine),
    /// It cannot.
    Refused(RefusedLine),
}

/// Why a line cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedLine {
    /// `item_not_found`, `item_not_offered`, `item_unavailable`, `below_minimum`, `out_of_stock`, `unit_not_offered`, `no_tax_rate`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// A line with its price and tax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PricedLine {
    /// The vendor's offer.
    pub inventory_id: InventoryId,
    /// Name.
    pub name: String,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
    /// Unit of the quantity.
    pub unit: Unit,
    /// Price of one unit before tax: the vendor's own, else the catalogue's.
    pub unit_price: Money,
    /// HSN or SAC.
    pub tax_code: String,
    /// Full GST rate for this supplier on that day.
    pub gst_rate: Rate,
    /// The item as it is now, kept with the order.
    #[schema(value_type = Object)]
    pub snapshot: serde_json::Value,
}

/// The answer, line by line in the order asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ValidateOut {
    /// The lines.
    pub lines: Vec<ValidatedLine>,
}

/// `POST /internal/v1/reservations`: keep stock for an order. Again with the same order: the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveIn {
    /// For which order.
    pub order_id: OrderId,
    /// Whose stock.
    pub vendor_id: VendorId,
    /// What; labour keeps workers.
    pub lines: Vec<WantedLine>,
    /// Until when, unless it is committed or released before.
    pub expires_at: DateTime<Utc>,
}

/// `PUT /internal/v1/reservations/{orderId}`: keep other things for the order than before, from the same vendor and until
/// the same time. Again with the same: the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceReservationIn {
    /// Rises with each change of the order's lines; a reservation starts at 1. A request with a lower one than is known
    /// came late and changes nothing.
    pub revision: i64,
    /// Everything that is to be kept, not only what is other.
    pub lines: Vec<WantedLine>,
}

/// Where a reservation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReservationOut {
    /// For which order.
    pub order_id: OrderId,
    /// `active`, `committed`, `released` or `expired`.
    pub status: String,
    /// Which revision of its lines is kept: 1 as it was made, then that of the last replacement.
    #[serde(default = "first_revision")]
    pub revision: i64,
}

const fn first_revision() -> i64 {
    1
}

client! {
    /// Calls the catalog service.
    CatalogClient of Catalog
}

impl CatalogClient {
    /// `POST /internal/v1/catalog/validate`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn validate(&self, wanted: &ValidateIn) -> Result<ValidateOut, ServiceError> {
        self.0.post("/internal/v1/catalog/validate", wanted, None).await
    }

    /// `POST /internal/v1/reservations`. Refused with `out_of_stock` when there is not enough, and with
    /// `reservation_ended` when it was released or committed before.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn reserve(&self, reservation: &ReserveIn) -> Result<ReservationOut, ServiceError> {
        self.0.post("/internal/v1/reservations", reservation, None).await
    }

    /// `PUT /internal/v1/reservations/{orderId}`. All of the new lines are kept, or the old ones stay as they are. Refused
    /// with `out_of_stock` when there is not enough, `not_found` when nothing was ever kept, `reservation_ended` when it was
    /// committed, released or has expired, `reservation_superseded` when a higher revision is known, and
    /// `reservation_differs` when this very revision has other lines.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn replace(&self, order_id: OrderId, lines: &ReplaceReservationIn) -> Result<ReservationOut, ServiceError> {
        self.0.put(&format!("/internal/v1/reservations/{order_id}"), lines).await
    }

    /// `POST /internal/v1/reservations/{orderId}/release`. A release that comes before its reservation keeps it from
    /// ever being made.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn release(&self, order_id: OrderId) -> Result<ReservationOut, ServiceError> {
        self.0.post(&format!("/internal/v1/reservations/{order_id}/release"), &serde_json::json!({}), None).await
    }

    /// `POST /internal/v1/reservations/{orderId}/commit`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn commit(&self, order_id: OrderId) -> Result<ReservationOut, ServiceError> {
        self.0.post(&format!("/internal/v1/reservations/{order_id}/commit"), &serde_json::json!({}), None).await
    }
}
