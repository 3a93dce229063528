//! A reservation ends: its goods leave, or are free again.

use chrono::{DateTime, Utc};
use domain::events::{StockCommitted, StockReleased};
use domain::{Actor, OrderId, VendorId};
use pg_kit::DbError;
use sqlx::PgConnection;

use super::CatalogError;
use super::holding::{Held, Shelves, book_committed, said_lines};
use crate::App;
use crate::domain::reservation::{Decision, Ending, ReservationStatus, Standing, decide};
use crate::store::batches;
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

/// Ends it in the transaction of whoever calls: an event's, a sweeper's.
pub(crate) async fn end_in(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    order_id: OrderId,
    ending: Ending,
) -> Result<Standing, CatalogError> {
    let now = app.kit.clock.now();
    let Some(row) = known(conn, order_id, ending, now).await? else {
        return Ok(Standing { status: ReservationStatus::Released, revision: 1 });
    };
    let current = standing(&row)?;
    if ending == Ending::Expire && row.expires_at.is_none_or(|at| at > now) {
        // It was confirmed after it was looked for.
        return Ok(current);
    }
    let next = match decide(current.status, ending).map_err(|ended| CatalogError::ReservationEnded { status: ended.from })? {
        Decision::AlreadyThere(_) => return Ok(current),
        Decision::End(status) => status,
    };
    let vendor_id = row.vendor_id.ok_or(DbError::State("a live reservation without a vendor"))?;
    let lines = reservations::lines(conn, order_id).await?;
    let held = Held::of_rows(&lines);
    let mut shelves = Shelves::lock(conn, vendor_id, &[&held], now).await?;
    let taken = if shelves.are_batched() { batches::taken_for(conn, order_id).await? } else { Vec::new() };
    let gone = ending == Ending::Commit;
    shelves.give_back(&held, &taken, gone)?;
    shelves.save(app, conn, actor, now).await?;
    if gone {
        book_committed(conn, order_id, &lines, now).await?;
    }
    if !reservations::end(conn, order_id, next.as_str(), now).await? {
        return Err(CatalogError::ChangedMeanwhile);
    }
    tell(app, conn, actor, (order_id, vendor_id), &lines, ending, now).await?;
    Ok(Standing { status: next, ..current })
}

/// The order's reservation, locked; `None` when a release came first: then it is written down as released, so that a
/// reservation that comes later finds it and is not made.
async fn known(
    conn: &mut PgConnection,
    order_id: OrderId,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<Option<ReservationRow>, CatalogError> {
    if let Some(row) = reservations::lock(conn, order_id).await? {
        return Ok(Some(row));
    }
    let released = ReservationStatus::Released.as_str();
    if ending == Ending::Release && reservations::insert(conn, order_id, None, released, None, Some(now), now).await? {
        return Ok(None);
    }
    // Somebody made it meanwhile, or nobody ever did.
    reservations::lock(conn, order_id).await?.map(Some).ok_or(CatalogError::NotFound("reservation"))
}

/// Where a stored reservation stands.
pub(super) fn standing(row: &ReservationRow) -> Result<Standing, CatalogError> {
    let status = row.status.parse().map_err(|error: crate::domain::reservation::UnknownStatus| DbError::Value {
        column: "stock_reservations.status",
        reason: error.to_string(),
    })?;
    Ok(Standing { status, revision: row.revision })
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
