//! Stock is kept for an order, once, and never more than there is (rule 26).

use clients::catalog::ReserveIn;
use domain::Actor;
use domain::events::StockReserved;
use pg_kit::jobs::{self, NewJob};
use serde_json::json;
use sqlx::PgConnection;

use super::CatalogError;
use super::end_reservation::standing;
use super::holding::{Held, hold, said_lines};
use crate::App;
use crate::domain::reservation::{ReservationStatus, Standing};
use crate::jobs::{EXPIRE_RESERVATION, expiry_key};
use crate::store::reservations;

/// Keeps stock for an order. Asked again for the same things: the same answer. Refused when there is not enough, when the
/// order keeps other things, and when its reservation has ended or was released before it came.
pub(crate) async fn reserve_stock(app: &App, actor: &Actor, wanted: &ReserveIn) -> Result<Standing, CatalogError> {
    let now = app.kit.clock.now();
    let held = Held::of_wanted(&wanted.lines)?;
    let mut tx = app.kit.pool.begin().await?;
    let status = ReservationStatus::Active;
    let (order, vendor, until) = (wanted.order_id, Some(wanted.vendor_id), Some(wanted.expires_at));
    if !reservations::insert(&mut tx, order, vendor, status.as_str(), until, None, now).await? {
        return again(&mut tx, wanted, &held).await;
    }
    let lines = hold(app, &mut tx, actor, wanted.vendor_id, (&Held::default(), &held), now).await?;
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
    Ok(Standing { status, revision: 1 })
}

/// The order is known: the same again, or why not.
async fn again(conn: &mut PgConnection, wanted: &ReserveIn, held: &Held) -> Result<Standing, CatalogError> {
    let row = reservations::lock(conn, wanted.order_id).await?.ok_or(CatalogError::ChangedMeanwhile)?;
    let stands = standing(&row)?;
    if stands.status != ReservationStatus::Active {
        return Err(CatalogError::ReservationEnded { status: stands.status });
    }
    if stands.revision > 1 {
        return Err(CatalogError::ReservationSuperseded { revision: stands.revision });
    }
    let kept = Held::of_rows(&reservations::lines(conn, wanted.order_id).await?);
    let same = row.vendor_id == Some(wanted.vendor_id) && kept == *held;
    if same { Ok(stands) } else { Err(CatalogError::ReservationDiffers) }
}
