//! Vendor or staff move an order to a status they name; only legal moves (rule 12).

use domain::{Actor, OrderId, OrderStatus};

use super::moves::By;
use super::{Refusal, cancel_order, confirm_order};
use crate::App;
use crate::domain::Order;
use crate::store::orders::{self, Reader};

/// Moves. Confirming and cancelling are the verbs of their own; cancelling wants its reason in the notes.
pub(crate) async fn update_status(
    app: &App,
    actor: &Actor,
    reader: Reader,
    order_id: OrderId,
    to: OrderStatus,
    notes: Option<&str>,
) -> Result<Order, Refusal> {
    match to {
        OrderStatus::Confirmed => confirm_order::confirm_order(app, actor, reader, order_id, notes).await,
        OrderStatus::Cancelled => {
            let reason = notes.ok_or(Refusal::ReasonRequired)?;
            cancel_order::cancel_order(app, actor, reader, order_id, reason).await
        }
        _ => {
            let by = By { app, actor, now: app.kit.clock.now() };
            let mut tx = app.kit.pool.begin().await?;
            let order = orders::lock(&mut tx, order_id, reader).await?.ok_or(Refusal::NotFound)?;
            let order = by.move_to(&mut tx, order, to, notes).await?;
            tx.commit().await?;
            Ok(order)
        }
    }
}
