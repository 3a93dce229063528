//! A vendor starts to offer a material or a kind of labour.

use domain::{Actor, InventoryId, LaborId, MaterialId, Money, Quantity, VendorId};
use sqlx::PgConnection;

use super::CatalogError;
use super::change_offer::{check_labor, check_material};
use super::said::{self, LowStock};
use crate::App;
use crate::store::inventory::{self, LaborTerms, MaterialTerms, OfferRow};
use crate::store::offers;

/// What is to be offered, and how.
#[derive(Debug, Clone)]
pub(crate) enum NewOffer {
    Material {
        material_id: MaterialId,
        is_available: bool,
        stock_quantity: Quantity,
        vendor_price: Option<Money>,
        min_order_quantity: Option<Quantity>,
        low_stock_threshold: Option<Quantity>,
    },
    Labor {
        labor_id: LaborId,
        is_available: bool,
        available_workers: i32,
        vendor_hourly_rate: Option<Money>,
        vendor_daily_rate: Option<Money>,
    },
}

/// A vendor starts to offer something. What is offered already is changed, not offered again.
pub(crate) async fn offer_item(app: &App, actor: &Actor, vendor_id: VendorId, new: NewOffer) -> Result<OfferRow, CatalogError> {
    let now = app.kit.clock.now();
    let id: InventoryId = app.kit.ids.next();
    let mut tx = app.kit.pool.begin().await?;
    match new {
        NewOffer::Material {
            material_id,
            is_available,
            stock_quantity,
            vendor_price,
            min_order_quantity,
            low_stock_threshold,
        } => {
            let base = offers::material_base(&mut tx, material_id).await?;
            let base = base.ok_or_else(|| CatalogError::field("material_id", "there is no such material"))?;
            let threshold = low_stock_threshold.or(min_order_quantity).unwrap_or(base.min_order_quantity);
            let terms = MaterialTerms {
                material_id,
                name: base.name,
                unit: base.unit,
                base_price: base.base_price,
                price_band_percent: base.price_band_percent,
                default_minimum: base.min_order_quantity,
                is_available,
                stock_quantity,
                reserved_quantity: Quantity::ZERO,
                vendor_price,
                min_order_quantity,
                low_stock_threshold,
                is_low: stock_quantity < threshold,
                version: 1,
            };
            check_material(&terms)?;
            if !inventory::insert_material(&mut tx, id, vendor_id, &terms, now).await? {
                return Err(already(&mut tx, vendor_id, material_id.as_uuid()).await?);
            }
            if terms.is_low {
                let low = low(&terms, id, vendor_id, threshold);
                said::stock_low(app, &mut tx, actor, low, now).await?;
            }
        }
        NewOffer::Labor { labor_id, is_available, available_workers, vendor_hourly_rate, vendor_daily_rate } => {
            let base = offers::labor_base(&mut tx, labor_id).await?;
            let base = base.ok_or_else(|| CatalogError::field("labor_category_id", "there is no such kind of labour"))?;
            let terms = LaborTerms {
                labor_id,
                hourly_rate: base.hourly_rate,
                daily_rate: base.daily_rate,
                price_band_percent: base.price_band_percent,
                is_available,
                available_workers,
                reserved_workers: 0,
                vendor_hourly_rate,
                vendor_daily_rate,
                version: 1,
            };
            check_labor(&terms)?;
            if !inventory::insert_labor(&mut tx, id, vendor_id, &terms, now).await? {
                return Err(already(&mut tx, vendor_id, labor_id.as_uuid()).await?);
            }
        }
    }
    let row = said::offer_changed(app, &mut tx, actor, (id, vendor_id), now).await?;
    tx.commit().await?;
    Ok(row)
}

/// A material's terms as a low-stock warning names them.
pub(super) fn low(terms: &MaterialTerms, id: InventoryId, vendor_id: VendorId, threshold: Quantity) -> LowStock<'_> {
    LowStock {
        inventory_id: id,
        vendor_id,
        item_id: terms.material_id.as_uuid(),
        name: &terms.name,
        unit: terms.unit,
        available: crate::domain::offer::available(terms.stock_quantity, terms.reserved_quantity),
        threshold,
    }
}

async fn already(conn: &mut PgConnection, vendor_id: VendorId, item: uuid::Uuid) -> Result<CatalogError, CatalogError> {
    Ok(match inventory::id_of(conn, vendor_id, item).await? {
        Some(inventory_id) => CatalogError::AlreadyOffered { inventory_id },
        None => CatalogError::ChangedMeanwhile,
    })
}
