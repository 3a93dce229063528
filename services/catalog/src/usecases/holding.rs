//! What orders keep of a vendor's stock and workers. Rows are locked in one order everywhere: the reservation, then
//! materials by id, then labour by id.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use clients::catalog::WantedLine;
use domain::events::StockLine;
use domain::{Actor, ItemType, Quantity, VendorId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::said::{self, LowStock};
use super::{CatalogError, Short};
use crate::App;
use crate::domain::offer::{Crossing, available, crossing};
use crate::domain::order_line::kept_for;
use crate::store::reservations::{self, LineRow, StockRow, WorkersRow};

/// What is kept of each thing.
type Kept = BTreeMap<Uuid, Quantity>;

/// What one order keeps: goods in their unit, labour in workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    materials: Kept,
    labor: Kept,
}

impl Held {
    /// What all lines keep of each thing together.
    pub(super) fn of_wanted(lines: &[WantedLine]) -> Result<Self, CatalogError> {
        let mut held = Self::default();
        for line in lines {
            if !line.quantity.is_positive() {
                return Err(CatalogError::field("lines", "every quantity must be more than nothing"));
            }
            let total = held.of(line.item_type).entry(line.item_id).or_default();
            *total = total
                .checked_add(kept_for(line.item_type, line.quantity))
                .ok_or_else(|| CatalogError::field("lines", "a quantity is out of range"))?;
        }
        Ok(held)
    }

    /// What a reservation keeps.
    pub(super) fn of_rows(lines: &[LineRow]) -> Self {
        let mut held = Self::default();
        for line in lines {
            held.of(line.item_type).insert(line.item_id, line.quantity);
        }
        held
    }

    const fn of(&mut self, item: ItemType) -> &mut Kept {
        match item {
            ItemType::Material => &mut self.materials,
            ItemType::Labor => &mut self.labor,
        }
    }
}

/// Keeps `new` instead of `old`, of one vendor; all of it or nothing. Tells what has run low by it.
pub(super) async fn hold(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    vendor_id: VendorId,
    (old, new): (&Held, &Held),
    now: DateTime<Utc>,
) -> Result<Vec<LineRow>, CatalogError> {
    let stock = reservations::lock_stock(conn, vendor_id, &keys(&old.materials, &new.materials)).await?;
    let workers = reservations::lock_workers(conn, vendor_id, &keys(&old.labor, &new.labor)).await?;
    let missing = short_of((old, new), &stock, &workers);
    if !missing.is_empty() {
        return Err(CatalogError::OutOfStock { lines: missing });
    }
    let mut lines = hold_stock(app, conn, actor, (&old.materials, &new.materials), &stock, now).await?;
    lines.extend(hold_workers(conn, (&old.labor, &new.labor), &workers).await?);
    Ok(lines)
}

fn keys(old: &Kept, new: &Kept) -> Vec<Uuid> {
    old.keys().chain(new.keys()).copied().collect::<BTreeSet<_>>().into_iter().collect()
}

fn of(kept: &Kept, id: Uuid) -> Quantity {
    kept.get(&id).copied().unwrap_or_default()
}

/// Everything of which there is not enough. What the vendor does not offer, there is none of; what the order has, it keeps.
fn short_of((old, new): (&Held, &Held), stock: &[StockRow], workers: &[WorkersRow]) -> Vec<Short> {
    let of_stock = |id: Uuid| {
        let row = stock.iter().find(|row| row.item_id == id)?;
        Some((if row.sold { available(row.stock, row.reserved) } else { Quantity::ZERO }, of(&old.materials, id)))
    };
    let of_workers = |id: Uuid| {
        let row = workers.iter().find(|row| row.item_id == id)?;
        Some((if row.sold { free(row) } else { Quantity::ZERO }, of(&old.labor, id)))
    };
    let short = |(id, wanted): (&Uuid, &Quantity), there: Option<(Quantity, Quantity)>| {
        let (free, own) = there.unwrap_or_default();
        let available = free.checked_add(own).unwrap_or(free);
        (available < *wanted).then_some(Short { item_id: *id, wanted: *wanted, available })
    };
    let materials = new.materials.iter().filter_map(|line| short(line, of_stock(*line.0)));
    materials.chain(new.labor.iter().filter_map(|line| short(line, of_workers(*line.0)))).collect()
}

fn free(row: &WorkersRow) -> Quantity {
    Quantity::from_whole((row.available_workers - row.reserved_workers).max(0))
}

async fn hold_stock(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (old, new): (&Kept, &Kept),
    stock: &[StockRow],
    now: DateTime<Utc>,
) -> Result<Vec<LineRow>, CatalogError> {
    let mut lines = Vec::with_capacity(stock.len());
    for row in stock {
        let quantity = of(new, row.item_id);
        let others = row.reserved.checked_sub(of(old, row.item_id)).ok_or(TOO_LITTLE_KEPT)?;
        let reserved = others.checked_add(quantity).ok_or(CatalogError::ChangedMeanwhile)?;
        let left = available(row.stock, reserved);
        let crossed = crossing(row.is_low, left, row.threshold);
        let is_low = match crossed {
            Crossing::Fell => true,
            Crossing::Rose => false,
            Crossing::None => row.is_low,
        };
        if !reservations::move_stock(conn, row, row.stock, reserved, is_low).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
        if crossed == Crossing::Fell {
            said::stock_low(app, conn, actor, LowStock::of(row, left), now).await?;
        }
        if quantity.is_positive() {
            lines.push(LineRow { inventory_id: row.id, item_type: ItemType::Material, item_id: row.item_id, quantity });
        }
    }
    Ok(lines)
}

const TOO_LITTLE_KEPT: DbError = DbError::State("less is kept than a reservation says");

async fn hold_workers(
    conn: &mut PgConnection,
    (old, new): (&Kept, &Kept),
    workers: &[WorkersRow],
) -> Result<Vec<LineRow>, CatalogError> {
    let mut lines = Vec::with_capacity(workers.len());
    for row in workers {
        let quantity = of(new, row.item_id);
        let reserved = row.reserved_workers - whole(of(old, row.item_id)) + whole(quantity);
        if !reservations::move_workers(conn, row, reserved).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
        if quantity.is_positive() {
            lines.push(LineRow { inventory_id: row.id, item_type: ItemType::Labor, item_id: row.item_id, quantity });
        }
    }
    Ok(lines)
}

/// Workers are counted in whole.
pub(super) fn whole(quantity: Quantity) -> i32 {
    i32::try_from(quantity.thousandths() / 1000).unwrap_or(i32::MAX)
}

/// Lines as events tell them.
pub(super) fn said_lines(lines: &[LineRow]) -> Vec<StockLine> {
    lines
        .iter()
        .map(|line| StockLine { inventory_id: line.inventory_id, item_id: line.item_id, quantity: line.quantity })
        .collect()
}
