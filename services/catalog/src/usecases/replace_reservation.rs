//! An order's lines change before it is paid: other things are kept for it, or the old ones stay.

use clients::catalog::ReplaceReservationIn;
use domain::events::StockReserved;
use domain::{Actor, OrderId};
use pg_kit::DbError;

use super::CatalogError;
use super::end_reservation::standing;
use super::holding::{Held, Shelves, said_lines};
use crate::App;
use crate::domain::reservation::{NotReplaced, Replacement, Standing, replace};
use crate::store::{batches, reservations};

/// Keeps other things for the order, all of them or none; what it has counts as free for it. Asked again for the same: the
/// same answer. Until when they are kept stays as it is.
pub(crate) async fn replace_reservation(
    app: &App,
    actor: &Actor,
    order_id: OrderId,
    wanted: &ReplaceReservationIn,
) -> Result<Standing, CatalogError> {
    let now = app.kit.clock.now();
    let new = Held::of_wanted(&wanted.lines)?;
    let mut tx = app.kit.pool.begin().await?;
    let row = reservations::lock(&mut tx, order_id).await?.ok_or(CatalogError::NotFound("reservation"))?;
    let current = standing(&row)?;
    let old = Held::of_rows(&reservations::lines(&mut tx, order_id).await?);
    match replace(current, wanted.revision, old == new).map_err(refused)? {
        Replacement::AlreadyThere => return Ok(current),
        Replacement::Take => {}
    }
    let vendor_id = row.vendor_id.ok_or(DbError::State("a live reservation without a vendor"))?;
    let mut shelves = Shelves::lock(&mut tx, vendor_id, &[&old, &new], now).await?;
    let taken = if shelves.are_batched() { batches::taken_for(&mut tx, order_id).await? } else { Vec::new() };
    shelves.give_back(&old, &taken, false)?;
    let missing = shelves.short_of(&new, &old);
    if !missing.is_empty() {
        return Err(CatalogError::OutOfStock { lines: missing });
    }
    let (lines, taken) = shelves.take(&new)?;
    shelves.save(app, &mut tx, actor, now).await?;
    if !reservations::drop_lines(&mut tx, order_id, wanted.revision).await? {
        return Err(CatalogError::ChangedMeanwhile);
    }
    reservations::insert_lines(&mut tx, order_id, &lines).await?;
    batches::note_taken(&mut tx, order_id, &taken).await?;
    let event = StockReserved { order_id, vendor_id, lines: said_lines(&lines) };
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &event).await?;
    tx.commit().await?;
    Ok(Standing { revision: wanted.revision, ..current })
}

const fn refused(error: NotReplaced) -> CatalogError {
    match error {
        NotReplaced::Ended(status) => CatalogError::ReservationEnded { status },
        NotReplaced::Superseded(revision) => CatalogError::ReservationSuperseded { revision },
        NotReplaced::Differs => CatalogError::ReservationDiffers,
    }
}
