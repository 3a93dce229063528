//! Stock is kept for an order, once, and never more than there is (rule 26).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clients::catalog::{ReserveIn, WantedLine};
use domain::events::{StockLine, StockReserved};
use domain::{Actor, ItemType, Quantity};
use pg_kit::jobs::{self, NewJob};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::said::{self, LowStock};
use super::{CatalogError, Short};
use crate::App;
use crate::domain::offer::{Crossing, available, crossing};
use crate::domain::order_line::kept_for;
use crate::domain::reservation::ReservationStatus;
use crate::jobs::{EXPIRE_RESERVATION, expiry_key};
use crate::store::reservations::{self, LineRow, ReservationRow, StockRow, WorkersRow};

/// What is kept, in the order that rows are locked in.
type Kept = BTreeMap<Uuid, Quantity>;

/// Keeps stock for an order. Asked again for the same things: the same answer. Refused when there is not enough, when the
/// order keeps other things, and when its reservation has ended or was released before it came.
pub(crate) async fn reserve_stock(app: &App, actor: &Actor, wanted: &ReserveIn) -> Result<ReservationStatus, CatalogError> {
    let now = app.kit.clock.now();
    let materials = kept(&wanted.lines, ItemType::Material)?;
    let labor = kept(&wanted.lines, ItemType::Labor)?;
    let mut tx = app.kit.pool.begin().await?;
    let status = ReservationStatus::Active;
    let (order, vendor, until) = (wanted.order_id, Some(wanted.vendor_id), Some(wanted.expires_at));
    if !reservations::insert(&mut tx, order, vendor, status.as_str(), until, None, now).await? {
        return again(&mut tx, wanted, &materials, &labor).await;
    }
    let stock = reservations::lock_stock(&mut tx, wanted.vendor_id, &keys(&materials)).await?;
    let workers = reservations::lock_workers(&mut tx, wanted.vendor_id, &keys(&labor)).await?;
    let missing = short_of(&materials, &labor, &stock, &workers);
    if !missing.is_empty() {
        return Err(CatalogError::OutOfStock { lines: missing });
    }
    let mut lines = take_stock(app, &mut tx, actor, &materials, &stock, now).await?;
    lines.extend(take_workers(&mut tx, &labor, &workers).await?);
    reservations::insert_lines(&mut tx, wanted.order_id, &lines).await?;
    let event = StockReserved { order_id: wanted.order_id, vendor_id: wanted.vendor_id, lines: said_lines(&lines) };
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    let expiry = NewJob {
        id: app.kit.ids.uuid(),
        kind: EXPIRE_RESERVATION,
        payload: json!({ "order_id": wanted.order_id }),
        run_at: wanted.expires_at,
        dedupe_key: Some(expiry_key(wanted.order_id)),
    };
    jobs::enqueue(&mut tx, &expiry).await?;
    tx.commit().await?;
    Ok(status)
}

/// The order is known: the same again, or why not.
async fn again(
    conn: &mut PgConnection,
    wanted: &ReserveIn,
    materials: &Kept,
    labor: &Kept,
) -> Result<ReservationStatus, CatalogError> {
    let ReservationRow { vendor_id, status, .. } =
        reservations::lock(conn, wanted.order_id).await?.ok_or(CatalogError::ChangedMeanwhile)?;
    let status: ReservationStatus = super::end_reservation::stored_status(&status)?;
    if status != ReservationStatus::Active {
        return Err(CatalogError::ReservationEnded { status });
    }
    let lines = reservations::lines(conn, wanted.order_id).await?;
    let of = |item| lines.iter().filter(|l| l.item_type == item).map(|l| (l.item_id, l.quantity)).collect::<Kept>();
    let same = vendor_id == Some(wanted.vendor_id) && of(ItemType::Material) == *materials && of(ItemType::Labor) == *labor;
    if same { Ok(status) } else { Err(CatalogError::ReservationDiffers) }
}

/// What all lines of one kind keep of each thing together.
fn kept(lines: &[WantedLine], item: ItemType) -> Result<Kept, CatalogError> {
    let mut kept = Kept::new();
    for line in lines.iter().filter(|line| line.item_type == item) {
        if !line.quantity.is_positive() {
            return Err(CatalogError::field("lines", "every quantity must be more than nothing"));
        }
        let total = kept.entry(line.item_id).or_default();
        *total = total
            .checked_add(kept_for(item, line.quantity))
            .ok_or_else(|| CatalogError::field("lines", "a quantity is out of range"))?;
    }
    Ok(kept)
}

fn keys(kept: &Kept) -> Vec<Uuid> {
    kept.keys().copied().collect()
}

/// Everything of which there is not enough. What the vendor does not offer, there is none of.
fn short_of(materials: &Kept, labor: &Kept, stock: &[StockRow], workers: &[WorkersRow]) -> Vec<Short> {
    let of_stock =
        |id: &Uuid| stock.iter().find(|row| row.item_id == *id && row.sold).map(|row| available(row.stock, row.reserved));
    let of_workers = |id: &Uuid| workers.iter().find(|row| row.item_id == *id && row.sold).map(free);
    let short = |(id, wanted): (&Uuid, &Quantity), there: Option<Quantity>| {
        let available = there.unwrap_or_default();
        (available < *wanted).then_some(Short { item_id: *id, wanted: *wanted, available })
    };
    let materials = materials.iter().filter_map(|line| short(line, of_stock(line.0)));
    materials.chain(labor.iter().filter_map(|line| short(line, of_workers(line.0)))).collect()
}

fn free(row: &WorkersRow) -> Quantity {
    Quantity::from_whole((row.available_workers - row.reserved_workers).max(0))
}

async fn take_stock(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    wanted: &Kept,
    stock: &[StockRow],
    now: DateTime<Utc>,
) -> Result<Vec<LineRow>, CatalogError> {
    let mut lines = Vec::with_capacity(stock.len());
    for row in stock {
        let quantity = wanted.get(&row.item_id).copied().unwrap_or_default();
        let reserved = row.reserved.checked_add(quantity).ok_or(CatalogError::ChangedMeanwhile)?;
        let left = available(row.stock, reserved);
        let crossed = crossing(row.is_low, left, row.threshold);
        let is_low = row.is_low || crossed == Crossing::Fell;
        if !reservations::move_stock(conn, row, row.stock, reserved, is_low).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
        if crossed == Crossing::Fell {
            let low = LowStock {
                inventory_id: row.id,
                vendor_id: row.vendor_id,
                item_id: row.item_id,
                name: &row.name,
                unit: row.unit,
                available: left,
                threshold: row.threshold,
            };
            said::stock_low(app, conn, actor, low, now).await?;
        }
        lines.push(LineRow { inventory_id: row.id, item_type: ItemType::Material, item_id: row.item_id, quantity });
    }
    Ok(lines)
}

async fn take_workers(conn: &mut PgConnection, wanted: &Kept, workers: &[WorkersRow]) -> Result<Vec<LineRow>, CatalogError> {
    let mut lines = Vec::with_capacity(workers.len());
    for row in workers {
        let quantity = wanted.get(&row.item_id).copied().unwrap_or_default();
        let reserved = row.reserved_workers + whole(quantity);
        if !reservations::move_workers(conn, row, reserved).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
        lines.push(LineRow { inventory_id: row.id, item_type: ItemType::Labor, item_id: row.item_id, quantity });
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
