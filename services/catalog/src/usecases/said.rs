//! What is told to others about offers.

use chrono::{DateTime, Utc};
use domain::events::{OfferChanged, StockLow};
use domain::{Actor, InventoryId, ItemType, Quantity, Unit, VendorId};
use sqlx::PgConnection;

use super::CatalogError;
use crate::App;
use crate::domain::{offer, order_line};
use crate::store::inventory::{self, OfferRow};
use crate::store::reservations::StockRow;

/// Tells how an offer stands now, and answers it.
pub(super) async fn offer_changed(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (id, vendor_id): (InventoryId, VendorId),
    now: DateTime<Utc>,
) -> Result<OfferRow, CatalogError> {
    let row = inventory::find_own(conn, id, vendor_id).await?.ok_or(CatalogError::NotFound("offer"))?;
    let (unit_price, available) = match row.item_type {
        ItemType::Material => {
            let stock = row.stock_quantity.unwrap_or_default();
            let available = offer::available(stock, row.reserved_quantity.unwrap_or_default());
            (order_line::shown_price(row.vendor_price, row.base_price), Some(available))
        }
        ItemType::Labor => {
            let hourly = order_line::shown_price(row.vendor_hourly_rate, row.hourly_rate);
            (hourly.or_else(|| order_line::shown_price(row.vendor_daily_rate, row.daily_rate)), None)
        }
    };
    let event = OfferChanged {
        inventory_id: row.id,
        vendor_id: row.vendor_id,
        item_type: row.item_type,
        item_id: row.item_id,
        is_available: row.is_available && row.is_active,
        unit_price: unit_price.unwrap_or_default(),
        available,
    };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    Ok(row)
}

/// A material offer as its low-stock warning names it.
pub(super) struct LowStock<'a> {
    pub inventory_id: InventoryId,
    pub vendor_id: VendorId,
    pub item_id: uuid::Uuid,
    pub name: &'a str,
    pub unit: Unit,
    pub available: Quantity,
    pub threshold: Quantity,
}

impl<'a> LowStock<'a> {
    pub(super) fn of(row: &'a StockRow, available: Quantity) -> Self {
        Self {
            inventory_id: row.id,
            vendor_id: row.vendor_id,
            item_id: row.item_id,
            name: &row.name,
            unit: row.unit,
            available,
            threshold: row.threshold,
        }
    }
}

/// Tells that stock runs low.
pub(super) async fn stock_low(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    low: LowStock<'_>,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let event = StockLow {
        inventory_id: low.inventory_id,
        vendor_id: low.vendor_id,
        item_id: low.item_id,
        name: low.name.to_owned(),
        available: low.available,
        unit: low.unit,
        threshold: low.threshold,
    };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    Ok(())
}
