//! What orders keep of a vendor's stock and workers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use clients::catalog::WantedLine;
use domain::business_time::ist_date;
use domain::events::StockLine;
use domain::{Actor, InventoryId, ItemType, Quantity, VendorId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::said::{self, LowStock};
use super::{CatalogError, Short};
use crate::App;
use crate::domain::batch::{self, Batch, Taken};
use crate::domain::offer::{Crossing, available, crossing};
use crate::domain::order_line::kept_for;
use crate::store::reservations::{self, LineRow, StockMove, StockRow, WorkersRow};
use crate::store::{batches, stock_book};

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

    /// Each thing once.
    pub(super) fn lines(&self) -> Vec<(ItemType, Uuid, Quantity)> {
        let of = |item: ItemType, kept: &Kept| kept.iter().map(move |(id, quantity)| (item, *id, *quantity)).collect::<Vec<_>>();
        [of(ItemType::Material, &self.materials), of(ItemType::Labor, &self.labor)].concat()
    }

    /// What it keeps more of than another does.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let more = |ours: &Kept, theirs: &Kept| -> Kept {
            let beyond = |id: &Uuid, quantity: &Quantity| quantity.checked_sub(theirs.get(id).copied().unwrap_or_default());
            let more = ours.iter().filter_map(|(id, quantity)| Some((*id, beyond(id, quantity)?)));
            more.filter(|(_, quantity)| quantity.is_positive()).collect()
        };
        Self { materials: more(&self.materials, &other.materials), labor: more(&self.labor, &other.labor) }
    }

    const fn of(&mut self, item: ItemType) -> &mut Kept {
        match item {
            ItemType::Material => &mut self.materials,
            ItemType::Labor => &mut self.labor,
        }
    }
}

/// One material as it was locked, and as it is to be.
struct Shelf {
    was: StockRow,
    stock: Quantity,
    reserved: Quantity,
    batches: Vec<Batch>,
    batches_were: Vec<Batch>,
}

impl Shelf {
    /// What can still be ordered on this day.
    fn available(&self, today: NaiveDate) -> Quantity {
        let free = available(self.stock, self.reserved);
        free.checked_sub(batch::too_old(&self.batches, today)).unwrap_or(Quantity::ZERO)
    }
}

/// Everything that a reservation is about, locked: materials by id, then labour by id.
pub(super) struct Shelves {
    stock: Vec<Shelf>,
    workers: Vec<(WorkersRow, i32)>,
    today: NaiveDate,
}

impl Shelves {
    /// Locks everything that these keep or want of one vendor.
    pub(super) async fn lock(
        conn: &mut PgConnection,
        vendor_id: VendorId,
        held: &[&Held],
        now: DateTime<Utc>,
    ) -> Result<Self, CatalogError> {
        let keys = |of: fn(&Held) -> &Kept| {
            held.iter().flat_map(|held| of(held).keys().copied()).collect::<BTreeSet<Uuid>>().into_iter().collect::<Vec<_>>()
        };
        let (materials, labor) = (keys(|held| &held.materials), keys(|held| &held.labor));
        let rows = if materials.is_empty() { Vec::new() } else { reservations::lock_stock(conn, vendor_id, &materials).await? };
        let workers = if labor.is_empty() { Vec::new() } else { reservations::lock_workers(conn, vendor_id, &labor).await? };
        let aged: Vec<Uuid> = rows.iter().filter(|row| row.is_batched).map(|row| row.id.as_uuid()).collect();
        let known = if aged.is_empty() { Vec::new() } else { batches::lock(conn, &aged).await? };
        let stock = rows.into_iter().map(|was| {
            let batches: Vec<Batch> = known.iter().filter(|b| b.inventory_id == was.id).map(|b| b.batch.clone()).collect();
            Shelf { stock: was.stock, reserved: was.reserved, batches_were: batches.clone(), batches, was }
        });
        let workers = workers.into_iter().map(|row| (row.reserved_workers, row)).map(|(reserved, row)| (row, reserved));
        Ok(Self { stock: stock.collect(), workers: workers.collect(), today: ist_date(now) })
    }

    /// Whether any of it comes in batches.
    pub(super) fn are_batched(&self) -> bool {
        self.stock.iter().any(|shelf| shelf.was.is_batched)
    }

    /// Puts back what an order keeps, out of the batches `taken`. With `gone`, the goods have left; workers are free again
    /// either way, for their work is done or not wanted.
    pub(super) fn give_back(&mut self, held: &Held, taken: &[(Uuid, Quantity)], gone: bool) -> Result<(), CatalogError> {
        for shelf in &mut self.stock {
            let Some(quantity) = held.materials.get(&shelf.was.item_id) else { continue };
            shelf.reserved = shelf.reserved.checked_sub(*quantity).ok_or(TOO_LITTLE_KEPT)?;
            batch::give_back(&mut shelf.batches, taken, gone).ok_or(TOO_LITTLE_KEPT)?;
            if gone {
                shelf.stock = shelf.stock.checked_sub(*quantity).ok_or(TOO_LITTLE_KEPT)?;
                // What was not tied to a batch has left one all the same.
                batch::fit(&mut shelf.batches, shelf.stock);
            }
        }
        for (row, reserved) in &mut self.workers {
            *reserved -= held.labor.get(&row.item_id).map_or(0, |quantity| whole(*quantity));
        }
        Ok(())
    }

    /// Everything of which there is not enough to keep so much `more` of it than the order has (`own`). What the vendor does
    /// not offer, or no longer, there is no more of.
    pub(super) fn short_of(&self, more: &Held, own: &Held) -> Vec<Short> {
        let of_stock = |id: Uuid| {
            let shelf = self.stock.iter().find(|shelf| shelf.was.item_id == id && shelf.was.sold)?;
            Some(shelf.available(self.today))
        };
        let of_workers = |id: Uuid| {
            let (row, reserved) = self.workers.iter().find(|(row, _)| row.item_id == id && row.sold)?;
            Some(Quantity::from_whole((row.available_workers - reserved).max(0)))
        };
        let short = |(id, more): (&Uuid, &Quantity), there: Option<Quantity>, own: &Kept| {
            let (free, had) = (there.unwrap_or_default(), own.get(id).copied().unwrap_or_default());
            let with_own = |quantity: Quantity| quantity.checked_add(had).unwrap_or(quantity);
            (free < *more).then(|| Short { item_id: *id, wanted: with_own(*more), available: with_own(free) })
        };
        let materials = more.materials.iter().filter_map(|line| short(line, of_stock(*line.0), &own.materials));
        materials.chain(more.labor.iter().filter_map(|line| short(line, of_workers(*line.0), &own.labor))).collect()
    }

    /// Puts back a part of what an order keeps (`own`): goods of no known age first, then out of the batches that expire
    /// last. What it keeps stays in `taken`, however old it has become.
    pub(super) fn give_back_part(&mut self, less: &Held, own: &Held, taken: &mut Taken) -> Result<(), CatalogError> {
        for shelf in &mut self.stock {
            let id = shelf.was.item_id;
            let (Some(less), Some(own)) = (less.materials.get(&id), own.materials.get(&id)) else { continue };
            shelf.reserved = shelf.reserved.checked_sub(*less).ok_or(TOO_LITTLE_KEPT)?;
            let ageless = own.checked_sub(batch::taken_of(&shelf.batches, taken)).unwrap_or_default();
            let aged = less.checked_sub(ageless).unwrap_or_default();
            batch::give_back_part(&mut shelf.batches, taken, aged).ok_or(TOO_LITTLE_KEPT)?;
        }
        for (row, reserved) in &mut self.workers {
            *reserved -= less.labor.get(&row.item_id).map_or(0, |quantity| whole(*quantity));
        }
        Ok(())
    }

    /// Keeps what there is enough of; answers the lines, and out of which batches they come.
    pub(super) fn take(&mut self, wanted: &Held) -> Result<(Vec<LineRow>, Taken), CatalogError> {
        let (mut lines, mut taken) = (Vec::new(), Taken::new());
        for shelf in &mut self.stock {
            let Some(quantity) = wanted.materials.get(&shelf.was.item_id).copied() else { continue };
            shelf.reserved = shelf.reserved.checked_add(quantity).ok_or(CatalogError::ChangedMeanwhile)?;
            taken.extend(batch::take(&mut shelf.batches, quantity, self.today));
            let (inventory_id, item_id) = (shelf.was.id, shelf.was.item_id);
            lines.push(LineRow { inventory_id, item_type: ItemType::Material, item_id, quantity });
        }
        for (row, reserved) in &mut self.workers {
            let Some(quantity) = wanted.labor.get(&row.item_id).copied() else { continue };
            *reserved += whole(quantity);
            lines.push(LineRow { inventory_id: row.id, item_type: ItemType::Labor, item_id: row.item_id, quantity });
        }
        Ok((lines, taken))
    }

    /// Writes what has changed, and tells what has run low by it.
    pub(super) async fn save(
        &self,
        app: &App,
        conn: &mut PgConnection,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(), CatalogError> {
        let mut moves = Vec::new();
        for shelf in &self.stock {
            let left = shelf.available(self.today);
            let crossed = crossing(shelf.was.is_low, left, shelf.was.threshold);
            let is_low = match crossed {
                Crossing::Fell => true,
                Crossing::Rose => false,
                Crossing::None => shelf.was.is_low,
            };
            let (stock_was, reserved_was, id) = (shelf.was.stock, shelf.was.reserved, shelf.was.id);
            moves.push(StockMove { id, stock_was, reserved_was, stock: shelf.stock, reserved: shelf.reserved, is_low });
            if crossed == Crossing::Fell {
                said::stock_low(app, conn, actor, LowStock::of(&shelf.was, left), now).await?;
            }
            let changed: Vec<Batch> = shelf.batches.iter().filter(|batch| !shelf.batches_were.contains(batch)).cloned().collect();
            batches::save(conn, id, &changed).await?;
        }
        let workers: Vec<(&WorkersRow, i32)> = self.workers.iter().map(|(row, reserved)| (row, *reserved)).collect();
        if reservations::move_stock(conn, &moves).await? && reservations::move_workers(conn, &workers).await? {
            Ok(())
        } else {
            Err(CatalogError::ChangedMeanwhile)
        }
    }
}

/// Goods of an order have left: written in the book.
pub(super) async fn book_committed(
    conn: &mut PgConnection,
    order_id: domain::OrderId,
    lines: &[LineRow],
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let goods: Vec<(InventoryId, Quantity)> =
        lines.iter().filter(|line| line.item_type == ItemType::Material).map(|line| (line.inventory_id, line.quantity)).collect();
    Ok(stock_book::committed(conn, order_id, &goods, now).await?)
}

const TOO_LITTLE_KEPT: DbError = DbError::State("less is kept than a reservation says");

/// Workers are counted in whole.
fn whole(quantity: Quantity) -> i32 {
    i32::try_from(quantity.thousandths() / 1000).unwrap_or(i32::MAX)
}

/// Lines as events tell them.
pub(super) fn said_lines(lines: &[LineRow]) -> Vec<StockLine> {
    lines
        .iter()
        .map(|line| StockLine { inventory_id: line.inventory_id, item_id: line.item_id, quantity: line.quantity })
        .collect()
}
