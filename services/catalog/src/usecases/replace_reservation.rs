//! An order's lines change before it is paid: other things are kept for it, or the old ones stay.

use std::collections::BTreeMap;

use clients::catalog::ReplaceReservationIn;
use domain::events::StockReserved;
use domain::{Actor, OrderId, Quantity};
use pg_kit::DbError;
use uuid::Uuid;

use super::CatalogError;
use super::end_reservation::standing;
use super::holding::{Held, Shelves, said_lines};
use crate::App;
use crate::domain::batch::Taken;
use crate::domain::reservation::{NotReplaced, Replacement, Standing, replace};
use crate::store::reservations::LineRow;
use crate::store::{batches, reservations};

/// Keeps other things for the order, all of them or none. What it has and goes on wanting is not touched, whatever has become
/// of the offer: goods too old to be sold by now stay its own. Asked again for the same: the same answer. Until when they are
/// kept stays as it is.
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
    let had = reservations::lines(&mut tx, order_id).await?;
    let old = Held::of_rows(&had);
    match replace(current, wanted.revision, old == new).map_err(refused)? {
        Replacement::AlreadyThere => return Ok(current),
        Replacement::Take => {}
    }
    let vendor_id = row.vendor_id.ok_or(DbError::State("a live reservation without a vendor"))?;
    let (less, more) = (old.beyond(&new), new.beyond(&old));
    let mut shelves = Shelves::lock(&mut tx, vendor_id, &[&less, &more], now).await?;
    let mut taken = batches::taken_for(&mut tx, order_id).await?;
    shelves.give_back_part(&less, &old, &mut taken)?;
    let missing = shelves.short_of(&more, &old);
    if !missing.is_empty() {
        return Err(CatalogError::OutOfStock { lines: missing });
    }
    let (added, from) = shelves.take(&more)?;
    let lines = lines_of(&new, &[had, added].concat())?;
    let taken = together(taken.into_iter().chain(from));
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

/// The lines of what is kept now, each where it was kept before or is kept from now on.
fn lines_of(held: &Held, known: &[LineRow]) -> Result<Vec<LineRow>, CatalogError> {
    let line = |(item_type, item_id, quantity)| {
        let known = known.iter().find(|line| line.item_type == item_type && line.item_id == item_id);
        let row = known.ok_or(DbError::State("a thing that is kept nowhere"))?;
        Ok(LineRow { inventory_id: row.inventory_id, item_type, item_id, quantity })
    };
    held.lines().into_iter().map(line).collect()
}

/// Each batch once.
fn together(taken: impl Iterator<Item = (Uuid, Quantity)>) -> Taken {
    let mut sums: BTreeMap<Uuid, Quantity> = BTreeMap::new();
    for (batch, quantity) in taken {
        let sum = sums.entry(batch).or_default();
        *sum = sum.checked_add(quantity).unwrap_or(*sum);
    }
    sums.into_iter().collect()
}

const fn refused(error: NotReplaced) -> CatalogError {
    match error {
        NotReplaced::Ended(status) => CatalogError::ReservationEnded { status },
        NotReplaced::Superseded(revision) => CatalogError::ReservationSuperseded { revision },
        NotReplaced::Differs => CatalogError::ReservationDiffers,
    }
}
