//! An order's story as it is written.

use domain::{EventId, OrderId};

use super::Refusal;
use crate::App;
use crate::store::orders::{self, Reader};
use crate::store::timeline::{self, Written};

/// Where to go on after an event; from the beginning when there was none, or none of this order's.
pub(crate) async fn begin(app: &App, reader: Reader, id: OrderId, seen: Option<EventId>) -> Result<i64, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    orders::find(&mut conn, id, reader).await?.ok_or(Refusal::NotFound)?;
    match seen {
        Some(event_id) => Ok(timeline::position_of(&mut conn, id, event_id).await?.unwrap_or(0)),
        None => Ok(0),
    }
}

/// What was written since.
pub(crate) async fn next(app: &App, id: OrderId, position: i64) -> Result<Vec<Written>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(timeline::since(&mut conn, id, position).await?)
}
