//! A person ends an order without delivery. Stock and money go back by the event.

use domain::{Actor, OrderId};

use super::Refusal;
use super::moves::By;
use crate::App;
use crate::domain::{CancelCode, Order};
use crate::store::orders::{self, Reader};

/// Cancels. Cancelled already is fine; the first reason stays.
pub(crate) async fn cancel_order(
    app: &App,
    actor: &Actor,
    reader: Reader,
    order_id: OrderId,
    reason: &str,
) -> Result<Order, Refusal> {
    let by = By { app, actor, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    let order = by.cancel(&mut tx, order, CancelCode::of_person(actor.kind), reason).await?;
    tx.commit().await?;
    Ok(order)
}
