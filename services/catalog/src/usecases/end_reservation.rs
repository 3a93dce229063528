//! A reservation ends: its goods leave, or are free again.

use chrono::{DateTime, Utc};
use domain::events::{StockCommitted, StockReleased};
use domain::{Actor, ItemType, OrderId, Quantity, VendorId};
use pg_kit::{DbError, jobs};
use sqlx::PgConnection;
use uuid::Uuid;

use super::CatalogError;
use super::holding::{said_lines, whole};
use crate::App;
use crate::domain::offer::{Crossing, available, crossing};
use crate::domain::reservation::{Decision, Ending, ReservationStatus, Standing, decide};
use crate::jobs::expiry_key;
use crate::store::reservations::{self, LineRow, ReservationRow};

/// Ends the order's reservation in a transaction of its own. Again: the same answer.
pub(crate) async fn end_reservation(
    app: &App,
    actor: &Actor,
    order_id: OrderId,
    ending: Ending,
) -> Result<Standing, CatalogError> {
    let mut tx = app.kit.pool.begin().await?;
    let stands = end_in(app, &mut tx, actor, order_id, ending).await?;
    tx.commit().await?;
    Ok(stands)
}

/// Ends it in the transaction of whoever calls: an event's, a job's.
pub(crate) async fn end_in(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    order_id: OrderId,
    ending: Ending,
) -> Result<Standing, CatalogError> {
    let now = app.kit.clock.now();
    // The row is made when there is none, so that a reservation that comes later finds it and is not made.
    let released = ReservationStatus::Released;
    if ending == Ending::Release && reservations::insert(conn, order_id, None, released.as_str(), None, Some(now), now).await? {
        return Ok(Standing { status: released, revision: 1 });
    }
    let row = reservations::lock(conn, order_id).await?.ok_or(CatalogError::NotFound("reservation"))?;
    let current = standing(&row)?;
    if ending == Ending::Expire && row.expires_at.is_none_or(|at| at > now) {
        // It was confirmed after the job was taken up.
        return Ok(current);
    }
    let next = match decide(current.status, ending).map_err(|ended| CatalogError::ReservationEnded { status: ended.from })? {
        Decision::AlreadyThere(_) => return Ok(current),
        Decision::End(status) => status,
    };
    let vendor_id = row.vendor_id.ok_or(DbError::State("a live reservation without a vendor"))?;
    let lines = reservations::lines(conn, order_id).await?;
    give_back(conn, vendor_id, &lines, ending).await?;
    if !reservations::end(conn, order_id, next.as_str(), now).await? {
        return Err(CatalogError::ChangedMeanwhile);
    }
    tell(app, conn, actor, (order_id, vendor_id), &lines, ending, now).await?;
    jobs::cancel(conn, &expiry_key(order_id), now).await?;
    Ok(Standing { status: next, ..current })
}

/// Where a stored reservation stands.
pub(super) fn standing(row: &ReservationRow) -> Result<Standing, CatalogError> {
    let status = row.status.parse().map_err(|error: crate::domain::reservation::UnknownStatus| DbError::Value {
        column: "stock_reservations.status",
        reason: error.to_string(),
    })?;
    Ok(Standing { status, revision: row.revision })
}

/// Goods leave with the stock or become free; workers become free either way, for their work is done or not wanted.
async fn give_back(conn: &mut PgConnection, vendor_id: VendorId, lines: &[LineRow], ending: Ending) -> Result<(), CatalogError> {
    let ids = |item| lines.iter().filter(|line| line.item_type == item).map(|line| line.item_id).collect::<Vec<Uuid>>();
    let quantity = |id: Uuid| lines.iter().find(|line| line.item_id == id).map_or(Quantity::ZERO, |line| line.quantity);
    for row in reservations::lock_stock(conn, vendor_id, &ids(ItemType::Material)).await? {
        let quantity = quantity(row.item_id);
        let reserved = row.reserved.checked_sub(quantity).ok_or(DbError::State("less is kept than a reservation says"))?;
        let stock = match ending {
            Ending::Commit => row.stock.checked_sub(quantity).ok_or(DbError::State("less is there than a reservation says"))?,
            Ending::Release | Ending::Expire => row.stock,
        };
        let is_low = row.is_low && crossing(row.is_low, available(stock, reserved), row.threshold) != Crossing::Rose;
        if !reservations::move_stock(conn, &row, stock, reserved, is_low).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
    }
    for row in reservations::lock_workers(conn, vendor_id, &ids(ItemType::Labor)).await? {
        let reserved = row.reserved_workers - whole(quantity(row.item_id));
        if !reservations::move_workers(conn, &row, reserved).await? {
            return Err(CatalogError::ChangedMeanwhile);
        }
    }
    Ok(())
}

async fn tell(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (order_id, vendor_id): (OrderId, VendorId),
    lines: &[LineRow],
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let lines = said_lines(lines);
    let ids = &*app.kit.ids;
    let reason = match ending {
        Ending::Commit => {
            let event = StockCommitted { order_id, vendor_id, lines };
            pg_kit::outbox::append(conn, now, ids, actor, &event).await?;
            return Ok(());
        }
        Ending::Release => "cancelled",
        Ending::Expire => "expired",
    };
    let event = StockReleased { order_id, vendor_id, lines, reason: reason.to_owned() };
    pg_kit::outbox::append(conn, now, ids, actor, &event).await?;
    Ok(())
}
