//! Make the delivery of a confirmed order (rule 36).

use domain::events::DeliveryCreated;
use domain::{Actor, DeliveryStatus, OrderStatus};
use pg_kit::outbox;
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::store::deliveries::{self, Delivery, NewDelivery};
use crate::store::history::{self, NewEntry};

/// What became of it.
#[derive(Debug)]
pub(crate) enum Created {
    /// It was made.
    New(Delivery),
    /// The order has one.
    Known(Delivery),
    /// The order is no more.
    OrderCancelled,
}

/// Makes the delivery in the caller's transaction, once for an order and never for a cancelled one.
pub(crate) async fn create_delivery(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    new: &NewDelivery,
) -> Result<Created, Refusal> {
    let now = app.kit.clock.now();
    deliveries::hold_order(conn, new.order_id).await?;
    if deliveries::is_cancelled(conn, new.order_id).await? {
        return Ok(Created::OrderCancelled);
    }
    let made = deliveries::insert(conn, new, now).await?;
    let delivery = deliveries::find_by_order(conn, new.order_id).await?.ok_or(Refusal::NotFound("delivery"))?;
    if !made {
        return Ok(Created::Known(delivery));
    }
    let entry = NewEntry {
        id: app.kit.ids.uuid(),
        delivery_id: delivery.id,
        from: None,
        to: DeliveryStatus::Pending,
        notes: None,
        place: None,
        actor,
        now,
    };
    history::append(conn, &entry).await?;
    outbox::append(conn, now, &*app.kit.ids, actor, &DeliveryCreated { delivery: delivery.facts() }).await?;
    Ok(Created::New(delivery))
}

/// Makes the delivery because somebody asks for it, from what the order service says of the order.
pub(crate) async fn create_by_hand(
    app: &App,
    actor: &Actor,
    order_id: domain::OrderId,
    wish: (domain::events::AddressSnapshot, Option<chrono::NaiveDate>, Option<domain::Slot>),
) -> Result<(Delivery, bool), Refusal> {
    let order = app.orders.order(order_id).await.map_err(Refusal::Neighbour)?.ok_or(Refusal::NotFound("order"))?;
    if !matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing | OrderStatus::InTransit) {
        return Err(Refusal::OrderNotReady { status: order.status.as_str() });
    }
    let new = NewDelivery {
        id: app.kit.ids.next(),
        order_id,
        order_number: order.order.order_number,
        buyer_id: order.order.buyer_id,
        buyer_user_id: order.order.buyer_user_id,
        vendor_id: order.order.vendor_id,
        delivery_address: wish.0,
        scheduled_date: wish.1,
        scheduled_slot: wish.2,
    };
    let mut tx = app.kit.pool.begin().await?;
    let created = create_delivery(&mut tx, app, actor, &new).await?;
    tx.commit().await?;
    match created {
        Created::New(delivery) => Ok((delivery, true)),
        Created::Known(delivery) => Ok((delivery, false)),
        Created::OrderCancelled => Err(Refusal::OrderCancelled),
    }
}
