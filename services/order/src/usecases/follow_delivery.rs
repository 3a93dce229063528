//! What an order makes of the news about its delivery, in whatever order they come (rule 17).

use domain::{OrderId, OrderStatus};
use sqlx::PgConnection;

use super::Refusal;
use super::moves::By;
use crate::store::orders::{self, Reader};

/// It is on its way. False when it had left before, or the order ended meanwhile.
pub(crate) async fn dispatched(by: &By<'_>, conn: &mut PgConnection, id: OrderId) -> Result<bool, Refusal> {
    let order = orders::lock(conn, id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    if !matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing) {
        return Ok(false);
    }
    by.move_to(conn, order, OrderStatus::InTransit, None).await?;
    Ok(true)
}

/// It was handed over, proven. An order whose dispatch has not been heard of passes through `in_transit`.
pub(crate) async fn delivered(by: &By<'_>, conn: &mut PgConnection, id: OrderId) -> Result<bool, Refusal> {
    let order = orders::lock(conn, id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let order = match order.status {
        OrderStatus::Confirmed | OrderStatus::Preparing => by.move_to(conn, order, OrderStatus::InTransit, None).await?,
        OrderStatus::InTransit => order,
        _ => return Ok(false),
    };
    by.move_to(conn, order, OrderStatus::Delivered, None).await?;
    Ok(true)
}
