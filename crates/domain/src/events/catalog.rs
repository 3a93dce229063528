//! Facts of the catalog service.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domain_event;
use crate::{CategoryId, InventoryId, ItemType, Money, OrderId, Quantity, Unit, VendorId};

/// One reserved line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StockLine {
    /// The vendor's offer.
    pub inventory_id: InventoryId,
    /// The material or kind of labour.
    pub item_id: Uuid,
    /// How much.
    pub quantity: Quantity,
}

macro_rules! stock_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The order it is for.
            pub order_id: OrderId,
            /// Whose stock.
            pub vendor_id: VendorId,
            /// What.
            pub lines: Vec<StockLine>,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.order_id.into());
    )+};
}

stock_events! {
    /// Stock is kept for an order.
    StockReserved "StockReserved" {},
    /// Stock kept for an order is free again.
    StockReleased "StockReleased" {
        /// `cancelled` or `expired`.
        reason: String,
    },
    /// Stock kept for an order has left.
    StockCommitted "StockCommitted" {},
}

/// A vendor's stock fell below its limit; once per crossing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StockLow {
    /// The offer.
    pub inventory_id: InventoryId,
    /// Whose.
    pub vendor_id: VendorId,
    /// Of what.
    pub item_id: Uuid,
    /// Its name.
    pub name: String,
    /// What is left.
    pub available: Quantity,
    /// Of which unit.
    pub unit: Unit,
    /// The limit.
    pub threshold: Quantity,
}
domain_event!(StockLow, "StockLow", 1, |e| e.inventory_id.into());

/// One batch of goods that age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BatchFacts {
    /// The offer.
    pub inventory_id: InventoryId,
    /// Whose.
    pub vendor_id: VendorId,
    /// Of what.
    pub item_id: Uuid,
    /// Its name.
    pub name: String,
    /// What the vendor calls the batch.
    pub batch_number: String,
    /// The last Indian day on which it is sold.
    pub expires_on: NaiveDate,
    /// Of which unit.
    pub unit: Unit,
}

/// Goods will soon be too old to be sold; once for each batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StockExpiring {
    /// Which.
    pub batch: BatchFacts,
    /// How much of it is there.
    pub quantity: Quantity,
}
domain_event!(StockExpiring, "StockExpiring", 1, |e| e.batch.inventory_id.into());

/// Goods are too old to be sold and no longer count as stock; again for what an order gives back of them later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StockExpired {
    /// Which.
    pub batch: BatchFacts,
    /// How much of it was taken out of the stock.
    pub quantity: Quantity,
    /// How much of it orders still keep that were placed in time.
    pub reserved: Quantity,
}
domain_event!(StockExpired, "StockExpired", 1, |e| e.batch.inventory_id.into());

/// A vendor offers something on other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OfferChanged {
    /// The offer.
    pub inventory_id: InventoryId,
    /// Whose.
    pub vendor_id: VendorId,
    /// Material or labour.
    pub item_type: ItemType,
    /// Of what.
    pub item_id: Uuid,
    /// Whether it can be ordered.
    pub is_available: bool,
    /// Price of one unit before tax.
    pub unit_price: Money,
    /// What can be ordered; none for labour.
    pub available: Option<Quantity>,
}
domain_event!(OfferChanged, "OfferChanged", 1, |e| e.inventory_id.into());

/// A material or kind of labour was made, changed or taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MaterialChanged {
    /// Material or labour.
    pub item_type: ItemType,
    /// Which.
    pub item_id: Uuid,
    /// Where it stands in the catalogue.
    pub category_id: CategoryId,
    /// Its name.
    pub name: String,
    /// Whether it can be offered.
    pub is_active: bool,
}
domain_event!(MaterialChanged, "MaterialChanged", 1, |e| e.item_id);
