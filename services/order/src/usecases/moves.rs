//! How a change of an order is written: the row, its history, its event, its place in the story and the jobs that
//! follow, all in the transaction of the change.

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{
    DomainEvent, OrderCancelled, OrderCompleted, OrderConfirmed, OrderDelivered, OrderInTransit, OrderPreparing,
};
use domain::{Actor, EventId, OrderId, OrderStatus, ServiceName};
use pg_kit::{DbError, jobs, outbox};
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::{CancelCode, Order, Step};
use crate::jobs::{PAYMENT_TIMEOUT, VENDOR_REMINDER, VENDOR_TIMEOUT, for_order, key};
use crate::store::history::{self, Changed};
use crate::store::orders;
use crate::store::timeline::{self, Happened};

/// Who changes an order, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) app: &'a App,
    pub(crate) actor: &'a Actor,
    pub(crate) now: DateTime<Utc>,
}

impl By<'_> {
    /// Moves an order forward, and on to `completed` when that follows by itself (rule 17). Where it stands already,
    /// nothing is written.
    pub(crate) async fn move_to(
        &self,
        conn: &mut PgConnection,
        order: Order,
        to: OrderStatus,
        notes: Option<&str>,
    ) -> Result<Order, Refusal> {
        let from = order.status;
        match order.moved(to, self.actor.kind, self.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => {
                let order = self.write(conn, *order, from, notes).await?;
                self.complete_if_due(conn, order).await
            }
        }
    }

    /// Ends an order without delivery.
    pub(crate) async fn cancel(
        &self,
        conn: &mut PgConnection,
        order: Order,
        code: CancelCode,
        reason: &str,
    ) -> Result<Order, Refusal> {
        let from = order.status;
        match order.cancelled(code, reason, self.actor, self.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => self.write(conn, *order, from, Some(reason)).await,
        }
    }

    /// Completes an order that is delivered and whose money is in.
    pub(crate) async fn complete_if_due(&self, conn: &mut PgConnection, order: Order) -> Result<Order, Refusal> {
        if !order.is_due_to_complete() {
            return Ok(order);
        }
        let system = Actor::system(ServiceName::Order);
        let by = By { actor: &system, ..*self };
        let from = order.status;
        match order.moved(OrderStatus::Completed, system.kind, self.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => by.write(conn, *order, from, None).await,
        }
    }

    /// Writes what changed besides the status.
    pub(crate) async fn save(&self, conn: &mut PgConnection, mut order: Order) -> Result<Order, Refusal> {
        order.updated_at = self.now;
        order.revision = orders::save(conn, &order, order.status).await?;
        Ok(order)
    }

    async fn write(
        &self,
        conn: &mut PgConnection,
        mut order: Order,
        from: OrderStatus,
        notes: Option<&str>,
    ) -> Result<Order, Refusal> {
        order.revision = orders::save(conn, &order, from).await?;
        let changed = Changed {
            id: self.app.kit.ids.uuid(),
            order_id: order.id,
            from: Some(from),
            to: order.status,
            notes,
            by: self.actor,
            at: self.now,
        };
        history::insert(conn, &changed).await?;
        self.tell_status(conn, &order).await?;
        self.follow_up(conn, &order).await?;
        Ok(order)
    }

    async fn tell_status(&self, conn: &mut PgConnection, order: &Order) -> Result<(), Refusal> {
        let facts = order.facts();
        match order.status {
            OrderStatus::Pending | OrderStatus::Paid => {}
            OrderStatus::Confirmed => {
                let event = OrderConfirmed {
                    order: facts,
                    delivery_address: order.delivery_address.clone(),
                    delivery_date: order.delivery_date,
                    delivery_slot: order.delivery_slot,
                    awaiting_since: order.awaiting_since.unwrap_or(order.created_at),
                    confirmed_at: self.now,
                };
                self.tell(conn, order.id, &event, "The vendor confirmed the order").await?;
            }
            OrderStatus::Preparing => {
                self.tell(conn, order.id, &OrderPreparing { order: facts }, "The vendor is making the order ready").await?;
            }
            OrderStatus::InTransit => {
                self.tell(conn, order.id, &OrderInTransit { order: facts }, "The order is on its way").await?;
            }
            OrderStatus::Delivered => {
                let event = OrderDelivered { order: facts, delivered_at: order.delivered_at.unwrap_or(self.now) };
                self.tell(conn, order.id, &event, "The order was handed over").await?;
            }
            OrderStatus::Completed => self.tell_completed(conn, order).await?,
            OrderStatus::Cancelled => self.tell_cancelled(conn, order).await?,
        }
        Ok(())
    }

    async fn tell_completed(&self, conn: &mut PgConnection, order: &Order) -> Result<(), DbError> {
        let event = OrderCompleted {
            order: order.facts(),
            commission_rate: order.commission_rate,
            refunded: order.refunded,
            cod_collected: order.cod_collected(),
            subtotal: order.subtotal,
            tax: order.tax,
            placed_at: order.created_at,
            completed_at: self.now,
        };
        self.tell(conn, order.id, &event, "The order is complete").await
    }

    async fn tell_cancelled(&self, conn: &mut PgConnection, order: &Order) -> Result<(), DbError> {
        let (code, reason) =
            order.cancellation.as_ref().map_or((CancelCode::Admin, ""), |ended| (ended.code, ended.reason.as_str()));
        let event = OrderCancelled {
            order: order.facts(),
            cancelled_by: self.actor.kind,
            reason_code: code.as_str().to_owned(),
            reason: reason.to_owned(),
            was_paid: order.was_paid(),
            cancelled_at: self.now,
        };
        self.tell(conn, order.id, &event, &format!("The order was cancelled: {reason}")).await
    }

    /// Says an event of an order, and puts it into its story.
    pub(crate) async fn tell<E: DomainEvent>(
        &self,
        conn: &mut PgConnection,
        order_id: OrderId,
        event: &E,
        summary: &str,
    ) -> Result<(), DbError> {
        let kit = &self.app.kit;
        let event_id: EventId = outbox::append(conn, self.now, &*kit.ids, self.actor, event).await?;
        let happened = Happened {
            event_id,
            orders: &[order_id],
            occurred_at: self.now,
            source: ServiceName::Order,
            event_type: E::TYPE,
            summary,
            actor: self.actor,
        };
        timeline::append(conn, &happened).await?;
        Ok(())
    }

    async fn follow_up(&self, conn: &mut PgConnection, order: &Order) -> Result<(), DbError> {
        match order.status {
            OrderStatus::Paid => {
                jobs::cancel(conn, &key(PAYMENT_TIMEOUT, order.id), self.now).await?;
                self.await_vendor(conn, order).await?;
            }
            OrderStatus::Confirmed => self.stop_waiting(conn, order.id).await?,
            OrderStatus::Cancelled => {
                jobs::cancel(conn, &key(PAYMENT_TIMEOUT, order.id), self.now).await?;
                self.stop_waiting(conn, order.id).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The vendor's time to answer begins (rule 16).
    pub(crate) async fn await_vendor(&self, conn: &mut PgConnection, order: &Order) -> Result<(), DbError> {
        let since = order.awaiting_since.unwrap_or(self.now);
        let config = &self.app.config;
        for (kind, minutes) in
            [(VENDOR_REMINDER, config.order_vendor_reminder_minutes), (VENDOR_TIMEOUT, config.order_vendor_timeout_minutes)]
        {
            let at = since + TimeDelta::minutes(i64::from(minutes));
            jobs::enqueue(conn, &for_order(&self.app.kit, kind, order.id, at)).await?;
        }
        Ok(())
    }

    async fn stop_waiting(&self, conn: &mut PgConnection, order_id: OrderId) -> Result<(), DbError> {
        jobs::cancel(conn, &key(VENDOR_REMINDER, order_id), self.now).await?;
        jobs::cancel(conn, &key(VENDOR_TIMEOUT, order_id), self.now).await?;
        Ok(())
    }
}
