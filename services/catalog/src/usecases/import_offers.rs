//! A vendor's stock list comes in as a file: all of it, or nothing and each bad row named.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{Actor, InventoryId, Money, Quantity, VendorId};
use sqlx::PgConnection;

use super::change_offer::{OfferChange, change_material};
use super::{CatalogError, RowError, said};
use crate::App;
use crate::domain::offer::check_price;
use crate::store::inventory::{self, MaterialTerms};
use crate::store::materials::{self, SkuRow};
use crate::store::offers;

/// One good row.
#[derive(Debug, Clone)]
pub(crate) struct ImportRow {
    pub line: u64,
    pub sku: String,
    pub stock_quantity: Quantity,
    pub vendor_price: Option<Money>,
    pub min_order_quantity: Option<Quantity>,
    pub is_available: bool,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Imported {
    pub created: u32,
    pub updated: u32,
}

/// Takes in all rows, or none. The file is the whole truth of each row that it names: an empty price is the catalogue's.
/// `bad` are the rows that could not even be read; they are named with the others.
pub(crate) async fn import_offers(
    app: &App,
    actor: &Actor,
    vendor_id: VendorId,
    rows: Vec<ImportRow>,
    mut bad: Vec<RowError>,
) -> Result<Imported, CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let skus: Vec<String> = rows.iter().map(|row| row.sku.clone()).collect();
    let known = materials::by_skus(&mut tx, &skus).await?;
    let known: HashMap<&str, &SkuRow> = known.iter().map(|row| (row.sku.as_str(), row)).collect();
    bad.extend(wrong_rows(&rows, &known));
    let mut done = Imported::default();
    if bad.is_empty() {
        let mut rows: Vec<_> = rows.iter().filter_map(|row| Some((row, *known.get(row.sku.as_str())?))).collect();
        rows.sort_by_key(|(_, material)| material.id);
        for (row, material) in rows {
            match take(app, &mut tx, actor, vendor_id, row, material, now).await {
                Ok(true) => done.created += 1,
                Ok(false) => done.updated += 1,
                Err(CatalogError::BelowReserved { field, reserved }) => {
                    let message = format!("{reserved} of it are kept for orders");
                    bad.push(RowError { line: row.line, field: Some(field), message });
                }
                Err(error) => return Err(error),
            }
        }
    }
    if !bad.is_empty() {
        bad.sort_by_key(|row| row.line);
        return Err(CatalogError::BadRows { rows: bad });
    }
    tx.commit().await?;
    Ok(done)
}

/// What can be said against the rows before anything is written.
fn wrong_rows(rows: &[ImportRow], known: &HashMap<&str, &SkuRow>) -> Vec<RowError> {
    let mut seen = HashSet::new();
    let mut bad = Vec::new();
    for row in rows {
        let mut say = |field, message: String| bad.push(RowError { line: row.line, field: Some(field), message });
        let Some(material) = known.get(row.sku.as_str()) else {
            say("sku", format!("the catalogue has no material {}", row.sku));
            continue;
        };
        if !seen.insert(row.sku.as_str()) {
            say("sku", format!("{} is in the file twice", row.sku));
        }
        if let Err(error) = check_price(row.vendor_price, Some(material.base_price), material.price_band_percent) {
            say("vendor_price", error.to_string());
        }
        if row.min_order_quantity.is_some_and(|minimum| !minimum.is_positive()) {
            say("min_order_quantity", "must be more than nothing".to_owned());
        }
    }
    bad
}

/// True when it was not offered before.
async fn take(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    vendor_id: VendorId,
    row: &ImportRow,
    material: &SkuRow,
    now: DateTime<Utc>,
) -> Result<bool, CatalogError> {
    let known = inventory::id_of(conn, vendor_id, material.id.as_uuid()).await?;
    let id = match known {
        Some(id) => id,
        None => {
            let id: InventoryId = app.kit.ids.next();
            let base = offers::material_base(conn, material.id).await?.ok_or(CatalogError::ChangedMeanwhile)?;
            let terms = MaterialTerms {
                material_id: material.id,
                name: base.name,
                unit: base.unit,
                base_price: base.base_price,
                price_band_percent: base.price_band_percent,
                default_minimum: base.min_order_quantity,
                is_available: row.is_available,
                stock_quantity: row.stock_quantity,
                reserved_quantity: Quantity::ZERO,
                vendor_price: row.vendor_price,
                min_order_quantity: row.min_order_quantity,
                low_stock_threshold: None,
                is_low: false,
                is_batched: false,
                version: 1,
            };
            if !inventory::insert_material(conn, id, vendor_id, &terms, now).await? {
                return Err(CatalogError::ChangedMeanwhile);
            }
            id
        }
    };
    let terms = inventory::lock_material(conn, id, vendor_id).await?.ok_or(CatalogError::ChangedMeanwhile)?;
    let change = OfferChange {
        is_available: Some(row.is_available),
        stock_quantity: Some(row.stock_quantity),
        vendor_price: Some(row.vendor_price),
        min_order_quantity: Some(row.min_order_quantity),
        ..OfferChange::default()
    };
    change_material(app, conn, actor, (id, vendor_id), terms, &change, now).await?;
    said::offer_changed(app, conn, actor, (id, vendor_id), now).await?;
    Ok(known.is_none())
}
