//! The vendor says yes.

use domain::{Actor, OrderId, OrderStatus, PaymentMethod};

use super::Refusal;
use super::moves::By;
use crate::App;
use crate::domain::Order;
use crate::store::orders::{self, Reader};

/// Confirms. Confirmed already is fine.
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
    if order.status != OrderStatus::Confirmed && notes.is_some() {
        order.vendor_notes = notes.map(str::to_owned);
    }
    let order = by.move_to(&mut tx, order, OrderStatus::Confirmed, notes).await?;
    tx.commit().await?;
    Ok(order)
}
