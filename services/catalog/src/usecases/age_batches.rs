//! Goods age: their vendor hears in time, and what is too old is taken out of the stock.

use chrono::TimeDelta;
use domain::business_time::ist_date;
use domain::events::{BatchFacts, StockExpired, StockExpiring};
use domain::{Actor, InventoryId, Quantity, ServiceName};
use uuid::Uuid;

use super::CatalogError;
use super::said::{self, LowStock};
use crate::App;
use crate::domain::batch::{self, Batch};
use crate::domain::offer::{Crossing, available, crossing};
use crate::store::batches::{self, ExpiringRow};
use crate::store::reservations::{self, StockMove, StockRow};
use crate::store::stock_book;

/// At most so many in one go.
const AT_ONCE: i64 = 200;

/// Takes out what has expired and tells of what will soon; answers how many batches that were.
pub(crate) async fn age_batches(app: &App) -> Result<usize, CatalogError> {
    let today = ist_date(app.kit.clock.now());
    let expired = {
        let mut conn = app.kit.pool.acquire().await?;
        batches::expired(&mut conn, today, AT_ONCE).await?
    };
    for (batch, offer) in &expired {
        take_out(app, *batch, *offer).await?;
    }
    Ok(expired.len() + warn(app).await?)
}

/// What nobody keeps of an expired batch leaves the stock. What orders keep of it stays: they were placed in time.
async fn take_out(app: &App, id: Uuid, offer: InventoryId) -> Result<(), CatalogError> {
    let now = app.kit.clock.now();
    let today = ist_date(now);
    let actor = Actor::system(ServiceName::Catalog);
    let mut tx = app.kit.pool.begin().await?;
    let Some(row) = reservations::lock_offer(&mut tx, offer).await? else { return Ok(()) };
    let mut known: Vec<Batch> = batches::lock(&mut tx, &[offer.as_uuid()]).await?.into_iter().map(|row| row.batch).collect();
    let free = available(row.stock, row.reserved);
    let Some(old) = known.iter_mut().find(|batch| batch.id == id && !batch.is_sold_on(today)) else { return Ok(()) };
    let gone = old.free().min(free);
    let (Some(left), Some(stock)) = (old.quantity.checked_sub(gone), row.stock.checked_sub(gone)) else { return Ok(()) };
    if !gone.is_positive() {
        return Ok(());
    }
    old.quantity = left;
    let old = old.clone();
    let there = available(stock, row.reserved).checked_sub(batch::too_old(&known, today)).unwrap_or(Quantity::ZERO);
    let crossed = crossing(row.is_low, there, row.threshold);
    let is_low = row.is_low || crossed == Crossing::Fell;
    let change = StockMove { id: offer, stock_was: row.stock, reserved_was: row.reserved, stock, reserved: row.reserved, is_low };
    if !reservations::move_stock(&mut tx, &[change]).await? {
        return Err(CatalogError::ChangedMeanwhile);
    }
    batches::save(&mut tx, offer, std::slice::from_ref(&old)).await?;
    stock_book::expired(&mut tx, offer, id, gone, now).await?;
    let event = StockExpired { batch: facts(&row, &old), quantity: gone, reserved: old.reserved };
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, &actor, &event).await?;
    if crossed == Crossing::Fell {
        said::stock_low(app, &mut tx, &actor, LowStock::of(&row, there), now).await?;
    }
    said::offer_changed(app, &mut tx, &actor, (offer, row.vendor_id), now).await?;
    tx.commit().await?;
    Ok(())
}

fn facts(row: &StockRow, batch: &Batch) -> BatchFacts {
    BatchFacts {
        inventory_id: row.id,
        vendor_id: row.vendor_id,
        item_id: row.item_id,
        name: row.name.clone(),
        batch_number: batch.number.clone(),
        expires_on: batch.expires_on,
        unit: row.unit,
    }
}

/// Tells of what expires soon, once for each batch.
async fn warn(app: &App) -> Result<usize, CatalogError> {
    let now = app.kit.clock.now();
    let today = ist_date(now);
    let until = today + TimeDelta::days(i64::from(app.config.expiry_warning_days));
    let mut tx = app.kit.pool.begin().await?;
    let rows = batches::warn_of(&mut tx, today, until, now, AT_ONCE).await?;
    let told = rows.len();
    for ExpiringRow { inventory_id, vendor_id, item_id, name, unit, number, expires_on, quantity } in rows {
        let batch = BatchFacts { inventory_id, vendor_id, item_id, name, batch_number: number, expires_on, unit };
        let actor = Actor::system(ServiceName::Catalog);
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, &actor, &StockExpiring { batch, quantity }).await?;
    }
    tx.commit().await?;
    Ok(told)
}
