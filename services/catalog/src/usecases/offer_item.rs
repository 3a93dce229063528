//! A vendor starts to offer a material or a kind of labour.

use chrono::{DateTime, Utc};
use domain::{Actor, InventoryId, LaborId, MaterialId, Money, Quantity, VendorId};
use sqlx::PgConnection;

use super::CatalogError;
use super::change_offer::{OfferChange, age, check_labor, check_material, sold_now};
use super::list_inventory::Offered;
use super::said::{self, LowStock};
use crate::App;
use crate::domain::batch::Said;
use crate::store::inventory::{self, LaborTerms, MaterialTerms};
use crate::store::{batches, offers};

/// What is to be offered, and how.
#[derive(Debug, Clone)]
pub(crate) enum NewOffer {
    Material {
        material_id: MaterialId,
        is_available: bool,
        stock_quantity: Option<Quantity>,
        vendor_price: Option<Money>,
        min_order_quantity: Option<Quantity>,
        low_stock_threshold: Option<Quantity>,
        batches: Option<Vec<Said>>,
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
pub(crate) async fn offer_item(app: &App, actor: &Actor, vendor_id: VendorId, new: NewOffer) -> Result<Offered, CatalogError> {
    let now = app.kit.clock.now();
    let id: InventoryId = app.kit.ids.next();
    let mut tx = app.kit.pool.begin().await?;
    match new {
        new @ NewOffer::Material { .. } => offer_material(app, &mut tx, actor, (id, vendor_id), new, now).await?,
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
    let offered = Offered::read(&mut tx, row).await?;
    tx.commit().await?;
    Ok(offered)
}

async fn offer_material(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (id, vendor_id): (InventoryId, VendorId),
    new: NewOffer,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let NewOffer::Material {
        material_id,
        is_available,
        stock_quantity,
        vendor_price,
        min_order_quantity,
        low_stock_threshold,
        batches: said,
    } = new
    else {
        return Ok(());
    };
    let base = offers::material_base(conn, material_id).await?;
    let base = base.ok_or_else(|| CatalogError::field("material_id", "there is no such material"))?;
    let threshold = low_stock_threshold.or(min_order_quantity).unwrap_or(base.min_order_quantity);
    let mut terms = MaterialTerms {
        material_id,
        name: base.name,
        unit: base.unit,
        base_price: base.base_price,
        price_band_percent: base.price_band_percent,
        default_minimum: base.min_order_quantity,
        is_available,
        stock_quantity: stock_quantity.unwrap_or_default(),
        reserved_quantity: Quantity::ZERO,
        vendor_price,
        min_order_quantity,
        low_stock_threshold,
        is_low: false,
        is_batched: false,
        version: 1,
    };
    let change = OfferChange { stock_quantity, batches: said, ..OfferChange::default() };
    let aged = age(app, &mut terms, Vec::new(), &change, now)?;
    let left = sold_now(&terms, &aged, now);
    terms.is_low = left < threshold;
    check_material(&terms)?;
    if !inventory::insert_material(conn, id, vendor_id, &terms, now).await? {
        return Err(already(conn, vendor_id, material_id.as_uuid()).await?);
    }
    batches::save(conn, id, &aged).await?;
    if terms.is_low {
        said::stock_low(app, conn, actor, low(&terms, (id, vendor_id), left, threshold), now).await?;
    }
    Ok(())
}

/// A material's terms as a low-stock warning names them.
pub(super) fn low(
    terms: &MaterialTerms,
    (id, vendor_id): (InventoryId, VendorId),
    available: Quantity,
    threshold: Quantity,
) -> LowStock<'_> {
    LowStock {
        inventory_id: id,
        vendor_id,
        item_id: terms.material_id.as_uuid(),
        name: &terms.name,
        unit: terms.unit,
        available,
        threshold,
    }
}

async fn already(conn: &mut PgConnection, vendor_id: VendorId, item: uuid::Uuid) -> Result<CatalogError, CatalogError> {
    Ok(match inventory::id_of(conn, vendor_id, item).await? {
        Some(inventory_id) => CatalogError::AlreadyOffered { inventory_id },
        None => CatalogError::ChangedMeanwhile,
    })
}
