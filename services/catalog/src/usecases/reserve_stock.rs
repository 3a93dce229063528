//! Stock is kept for an order, once, and never more than there is (rule 26).

use chrono::{DateTime, Utc};
use clients::catalog::ReserveIn;
use domain::Actor;
use domain::events::StockReserved;
use sqlx::PgConnection;

use super::end_reservation::standing;
use super::holding::{Held, Shelves, said_lines};
use super::{CatalogError, Short};
use crate::App;
use crate::domain::reservation::{ReservationStatus, Standing};
use crate::store::quick_reserve::{Wanted, quick_reserve};
use crate::store::{batches, reservations};

/// As it is made.
const MADE: Standing = Standing { status: ReservationStatus::Active, revision: 1 };

/// Keeps stock for an order. Asked again for the same things: the same answer. Refused when there is not enough, when the
/// order keeps other things, and when its reservation has ended or was released before it came.
pub(crate) async fn reserve_stock(app: &App, actor: &Actor, wanted: &ReserveIn) -> Result<Standing, CatalogError> {
    let now = app.kit.clock.now();
    let held = Held::of_wanted(&wanted.lines)?;
    if quickly(app, actor, wanted, &held, now).await? {
        return Ok(MADE);
    }
    let mut tx = app.kit.pool.begin().await?;
    let missing = match thoroughly(app, &mut tx, actor, wanted, &held, now).await? {
        Made::Yes => {
            tx.commit().await?;
            return Ok(MADE);
        }
        Made::Known => Vec::new(),
        Made::Short(missing) => missing,
    };
    // Nobody waits for an order's reservation while holding what other orders wait for.
    tx.rollback().await?;
    again(app, wanted, &held, missing).await
}

async fn quickly(app: &App, actor: &Actor, wanted: &ReserveIn, held: &Held, now: DateTime<Utc>) -> Result<bool, CatalogError> {
    let wanted =
        Wanted { order_id: wanted.order_id, vendor_id: wanted.vendor_id, expires_at: wanted.expires_at, lines: &held.lines() };
    let mut conn = app.kit.pool.acquire().await?;
    Ok(quick_reserve(&mut conn, &wanted, app.kit.ids.next(), actor, now).await?)
}

enum Made {
    Yes,
    /// The order has a reservation, or will never have one.
    Known,
    Short(Vec<Short>),
}

async fn thoroughly(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    wanted: &ReserveIn,
    held: &Held,
    now: DateTime<Utc>,
) -> Result<Made, CatalogError> {
    let mut shelves = Shelves::lock(conn, wanted.vendor_id, &[held], now).await?;
    let missing = shelves.short_of(held, &Held::default());
    if !missing.is_empty() {
        return Ok(Made::Short(missing));
    }
    let (order, vendor, until) = (wanted.order_id, Some(wanted.vendor_id), Some(wanted.expires_at));
    if !reservations::insert(conn, order, vendor, MADE.status.as_str(), until, None, now).await? {
        return Ok(Made::Known);
    }
    let (lines, taken) = shelves.take(held)?;
    shelves.save(app, conn, actor, now).await?;
    reservations::insert_lines(conn, order, &lines).await?;
    batches::note_taken(conn, order, &taken).await?;
    let event = StockReserved { order_id: order, vendor_id: wanted.vendor_id, lines: said_lines(&lines) };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    Ok(Made::Yes)
}

/// The order is known: the same again, or why not. When it is not, there was not enough of `missing`.
async fn again(app: &App, wanted: &ReserveIn, held: &Held, missing: Vec<Short>) -> Result<Standing, CatalogError> {
    let mut tx = app.kit.pool.begin().await?;
    let Some(row) = reservations::lock(&mut tx, wanted.order_id).await? else {
        return Err(if missing.is_empty() {
            CatalogError::ChangedMeanwhile
        } else {
            CatalogError::OutOfStock { lines: missing }
        });
    };
    let stands = standing(&row)?;
    if stands.status != ReservationStatus::Active {
        return Err(CatalogError::ReservationEnded { status: stands.status });
    }
    if stands.revision > MADE.revision {
        return Err(CatalogError::ReservationSuperseded { revision: stands.revision });
    }
    let kept = Held::of_rows(&reservations::lines(&mut tx, wanted.order_id).await?);
    let same = row.vendor_id == Some(wanted.vendor_id) && kept == *held;
    if same { Ok(stands) } else { Err(CatalogError::ReservationDiffers) }
}
