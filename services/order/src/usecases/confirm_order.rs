//! The vendor says yes.

use domain::{Actor, OrderId, OrderStatus, PaymentMethod};

use super::Refusal;
use super::moves::By;
use crate::App;
use crate::domain::Order;
use crate::store::orders::{self, Reader};
use crate::store::sagas;

/// Confirms, unless it is being placed or edited still. Confirmed already is fine.
pub(crate) async fn confirm_order(
    app: &App,
    actor: &Actor,
    reader: Reader,
    order_id: OrderId,
    notes: Option<&str>,
) -> Result<Order, Refusal> {
    let by = By { app, actor, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    let mut order = orders::lock(&mut tx, order_id, reader).await?.ok_or(Refusal::NotFound)?;
    let opening = order.payment_method == PaymentMethod::Cod && order.payment_id.is_none();
    if order.status == OrderStatus::Pending && opening {
        return Err(Refusal::NotReady);
    }
    // Until its edit is settled, more may be kept for it than it says, and a delivery would take all of that out of stock.
    if order.awaits_vendor() && sagas::find(&mut tx, order_id).await?.is_some_and(|saga| saga.step.is_edit()) {
        return Err(Refusal::NotReady);
    }
    if order.status != OrderStatus::Confirmed && notes.is_some() {
        order.vendor_notes = notes.map(str::to_owned);
    }
    let order = by.move_to(&mut tx, order, OrderStatus::Confirmed, notes).await?;
    tx.commit().await?;
    Ok(order)
}
