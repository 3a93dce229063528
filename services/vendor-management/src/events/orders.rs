//! Orders as deliveries need them.

use bus::Outcome;
use domain::events::{Envelope, OrderCancelled, OrderConfirmed, OrderDelivered};
use domain::{Actor, DeliveryStatus, ServiceName};

use super::{Failed, is_new};
use crate::App;
use crate::domain::performance::{due_by, is_vendors_doing};
use crate::store::deliveries::{self, NewDelivery};
use crate::store::performance::{self, Confirmation};
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
    let told = Confirmation {
        awaiting_since: event.awaiting_since,
        confirmed_at: event.confirmed_at,
        due_by: event.delivery_date.map(|date| due_by(date, event.delivery_slot)),
    };
    performance::confirmed(&mut tx, event.order.order_id, event.order.vendor_id, &told).await?;
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

/// It was handed over: in time or not.
pub(super) async fn delivered(app: &App, envelope: &Envelope) -> Result<Outcome, Failed> {
    let event: OrderDelivered = envelope.parse()?;
    let mut tx = app.kit.pool.begin().await?;
    if !is_new(&mut tx, app, envelope).await? {
        return Ok(Outcome::Duplicate);
    }
    performance::delivered(&mut tx, event.order.order_id, event.order.vendor_id, event.delivered_at).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
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
    let by_vendor = is_vendors_doing(event.cancelled_by, &event.reason_code);
    performance::cancelled(&mut tx, order_id, event.order.vendor_id, event.cancelled_at, by_vendor).await?;
    deliveries::remember_cancelled(&mut tx, order_id, &event.reason_code, event.cancelled_at).await?;
    if let Some(delivery) = deliveries::lock_by_order(&mut tx, order_id).await? {
        deliveries::order_cancelled(&mut tx, delivery.id, event.cancelled_at).await?;
        if !matches!(delivery.status, DeliveryStatus::Delivered | DeliveryStatus::Failed) {
            let wish = Wish {
                status: DeliveryStatus::Failed,
                place: None,
                notes: Some(format!("order cancelled: {}", event.reason_code)),
                delivered_by: None,
                helper: None,
                schedule: None,
            };
            move_delivery::take(&mut tx, app, &ACTOR, delivery, &[DeliveryStatus::Failed], &wish).await?;
        }
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
