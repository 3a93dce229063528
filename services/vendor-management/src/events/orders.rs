//! Orders as deliveries need them.

use bus::Outcome;
use domain::events::{Envelope, OrderCancelled, OrderConfirmed};
use domain::{Actor, DeliveryStatus, ServiceName};

use super::{Failed, is_new};
use crate::App;
use crate::store::deliveries::{self, NewDelivery};
use crate::usecases::create_delivery::{Created, create_delivery};
use crate::usecases::move_delivery::{self, Wish};

const ACTOR: Actor = Actor::system(ServiceName::VendorManagement);

/// A confirmed order is to be brought.
pub(super) async fn confirmed(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: OrderConfirmed = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    let new = NewDelivery {
        id: app.kit.ids.next(),
        order_id: event.order.order_id,
        order_number: event.order.order_number,
        buyer_id: event.order.buyer_id,
        buyer_user_id: event.order.buyer_user_id,
        vendor_id: event.order.vendor_id,
        delivery_address: event.delivery_address,
        scheduled_date: event.delivery_date,
        scheduled_slot: event.delivery_slot,
    };
    let created = create_delivery(&mut tx, app, &ACTOR, &new).await?;
    tx.commit().await?;
    Ok(match created {
        Created::New(_) => Outcome::Done,
        Created::Known(_) | Created::OrderCancelled => Outcome::Stale,
    })
}

/// A cancelled order is not brought: its delivery ends, or never begins.
pub(super) async fn cancelled(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: OrderCancelled = envelope.parse()?;
    let order_id = event.order.order_id;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    deliveries::hold_order(&mut tx, order_id).await?;
    deliveries::remember_cancelled(&mut tx, order_id, &event.reason_code, event.cancelled_at).await?;
    if let Some(delivery) = deliveries::lock_by_order(&mut tx, order_id).await? {
        deliveries::order_cancelled(&mut tx, delivery.id, event.cancelled_at).await?;
        if !matches!(delivery.status, DeliveryStatus::Delivered | DeliveryStatus::Failed) {
            let wish = Wish {
                status: DeliveryStatus::Failed,
                place: None,
                notes: Some(format!("order cancelled: {}", event.reason_code)),
                delivered_by: None,
            };
            move_delivery::take(&mut tx, app, &ACTOR, delivery, &[DeliveryStatus::Failed], &wish).await?;
        }
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
