//! A buyer says how an order was.

use domain::{BuyerId, OrderId, OrderStatus, VendorId};

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::vendor::Vendor;
use crate::store::performance::{self, NewRating};
use crate::store::vendors;

/// What is said.
#[derive(Debug)]
pub(crate) struct Rating {
    pub(crate) order_id: OrderId,
    /// 1 to 5.
    pub(crate) rating: i16,
    pub(crate) comment: Option<String>,
}

/// Keeps it, once an order. Only the buyer of a completed order of this vendor says anything; whose order it is the order
/// service knows.
pub(crate) async fn rate_vendor(app: &App, buyer: BuyerId, id: VendorId, rating: &Rating) -> Result<Vendor, Refusal> {
    let order = app.orders.order(rating.order_id).await.map_err(Refusal::Neighbour)?;
    let order =
        order.filter(|order| order.order.buyer_id == buyer && order.order.vendor_id == id).ok_or(Refusal::NotFound("order"))?;
    if order.status != OrderStatus::Completed {
        return Err(Refusal::OrderNotCompleted { status: order.status.as_str() });
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    change_vendor::hold(&mut tx, app, id).await?;
    let new = NewRating {
        id: app.kit.ids.uuid(),
        vendor_id: id,
        order_id: rating.order_id,
        buyer_id: buyer,
        rating: rating.rating,
        comment: rating.comment.as_deref(),
    };
    if !performance::rate(&mut tx, &new, now).await? {
        return Err(Refusal::AlreadyRated);
    }
    let vendor = vendors::find(&mut tx, &app.sealer, id).await?.ok_or(Refusal::NotFound("vendor"))?;
    tx.commit().await?;
    Ok(vendor)
}
