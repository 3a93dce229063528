//! An order whose payment or vendor did not come in time (rules 15 and 16).

use domain::{Actor, OrderId, OrderStatus, PaymentMethod, ServiceName};

use super::Refusal;
use super::moves::By;
use crate::App;
use crate::domain::{CancelCode, Order};
use crate::store::orders::{self, Reader};

/// Cancels an online order that is still not paid.
pub(crate) async fn time_out_payment(app: &App, order_id: OrderId) -> Result<(), Refusal> {
    let minutes = app.config.order_payment_timeout_minutes;
    let unpaid = |order: &Order| order.payment_method == PaymentMethod::Online && order.status == OrderStatus::Pending;
    cancel_if(app, order_id, unpaid, CancelCode::PaymentTimeout, &format!("not paid within {minutes} minutes")).await
}

/// Cancels an order that still waits for its vendor.
pub(crate) async fn time_out_vendor(app: &App, order_id: OrderId) -> Result<(), Refusal> {
    let minutes = app.config.order_vendor_timeout_minutes;
    let reason = format!("the vendor did not confirm within {minutes} minutes");
    cancel_if(app, order_id, Order::awaits_vendor, CancelCode::VendorTimeout, &reason).await
}

async fn cancel_if(
    app: &App,
    order_id: OrderId,
    due: impl Fn(&Order) -> bool + Send,
    code: CancelCode,
    reason: &str,
) -> Result<(), Refusal> {
    let system = Actor::system(ServiceName::Order);
    let by = By { app, actor: &system, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    if due(&order) {
        by.cancel(&mut tx, order, code, reason).await?;
    }
    tx.commit().await?;
    Ok(())
}
