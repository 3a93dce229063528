//! How a change of an order is written: the row, its history, its event, its place in the story and the jobs that
//! follow, all in the transaction of the change.

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{
    DomainEvent, OrderCancelled, OrderCompleted, OrderConfirmed, OrderDelivered, OrderInTransit, OrderPreparing,
};
use domain::{Actor, OrderId, OrderStatus, ServiceName};
use pg_kit::DbError;
use pg_kit::jobs::NewJob;
use serde_json::json;
use sqlx::PgConnection;

use super::Refusal;
use crate::App;
use crate::domain::{CancelCode, Order, Step};
use crate::jobs::{PAYMENT_TIMEOUT, VENDOR_REMINDER, VENDOR_TIMEOUT, for_order, key};
use crate::store::changes::{self, Change};
use crate::store::history::Changed;
use crate::store::orders;
use crate::store::said::{self, Said};

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
        let (by, from) = (self.after(&order), order.status);
        match order.moved(to, self.actor.kind, by.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => {
                let order = by.write(conn, *order, from, notes).await?;
                by.complete_if_due(conn, order).await
            }
        }
    }

    /// The same, not before the order was changed last. Who comes at the same moment waits for the order's row, and whoever
    /// waited comes later in its history, however early it looked at the clock.
    fn after(&self, order: &Order) -> Self {
        let now = if self.now < order.updated_at { order.updated_at + TimeDelta::microseconds(1) } else { self.now };
        Self { now, ..*self }
    }

    /// Ends an order without delivery.
    pub(crate) async fn cancel(
        &self,
        conn: &mut PgConnection,
        order: Order,
        code: CancelCode,
        reason: &str,
    ) -> Result<Order, Refusal> {
        let (by, from) = (self.after(&order), order.status);
        match order.cancelled(code, reason, self.actor, by.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => by.write(conn, *order, from, Some(reason)).await,
        }
    }

    /// Completes an order that is delivered and whose money is in.
    pub(crate) async fn complete_if_due(&self, conn: &mut PgConnection, order: Order) -> Result<Order, Refusal> {
        if !order.is_due_to_complete() {
            return Ok(order);
        }
        let system = Actor::system(ServiceName::Order);
        let (by, from) = (By { actor: &system, ..self.after(&order) }, order.status);
        match order.moved(OrderStatus::Completed, system.kind, by.now)? {
            Step::AlreadyThere(order) => Ok(*order),
            Step::Moved(order) => by.write(conn, *order, from, None).await,
        }
    }

    /// Writes what changed besides the status.
    pub(crate) async fn save(&self, conn: &mut PgConnection, mut order: Order) -> Result<Order, Refusal> {
        order.updated_at = self.after(&order).now;
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
        let (stop, start) = self.jobs_of(&order);
        let change = Change { order: &order, from, history: self.history(notes), said: self.said_of(&order)?, stop, start };
        order.revision = changes::write(conn, &change).await?;
        self.audit_move(conn, &order, from, notes).await?;
        Ok(order)
    }

    /// What staff moved is in the audit log as well.
    async fn audit_move(
        &self,
        conn: &mut PgConnection,
        order: &Order,
        from: OrderStatus,
        notes: Option<&str>,
    ) -> Result<(), DbError> {
        let action = match order.status {
            OrderStatus::Confirmed => "order.confirmed",
            OrderStatus::Cancelled => "order.cancelled",
            _ => "order.status_changed",
        };
        let after = json!({"status": order.status, "notes": notes});
        self.audit(conn, (action, "order", order.id.as_uuid()), Some(json!({"status": from})), after).await
    }

    /// What the history says of a change made now.
    pub(crate) fn history<'a>(&'a self, notes: Option<&'a str>) -> Changed<'a> {
        Changed { id: self.app.kit.ids.uuid(), notes, by: self.actor, at: self.now }
    }

    /// What is said of an order that reached its status now.
    fn said_of(&self, order: &Order) -> Result<Option<Said<'_>>, DbError> {
        let facts = order.facts();
        let said = match order.status {
            OrderStatus::Pending | OrderStatus::Paid => return Ok(None),
            OrderStatus::Confirmed => {
                let event = OrderConfirmed {
                    order: facts,
                    delivery_address: order.delivery_address.clone(),
                    delivery_date: order.delivery_date,
                    delivery_slot: order.delivery_slot,
                    awaiting_since: order.awaiting_since.unwrap_or(order.created_at),
                    confirmed_at: self.now,
                };
                self.said(&event, "The vendor confirmed the order".to_owned())
            }
            OrderStatus::Preparing => {
                self.said(&OrderPreparing { order: facts }, "The vendor is making the order ready".to_owned())
            }
            OrderStatus::InTransit => self.said(&OrderInTransit { order: facts }, "The order is on its way".to_owned()),
            OrderStatus::Delivered => {
                let event = OrderDelivered { order: facts, delivered_at: order.delivered_at.unwrap_or(self.now) };
                self.said(&event, "The order was handed over".to_owned())
            }
            OrderStatus::Completed => self.said_completed(order),
            OrderStatus::Cancelled => self.said_cancelled(order),
        };
        said.map(Some)
    }

    fn said_completed(&self, order: &Order) -> Result<Said<'_>, DbError> {
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
        self.said(&event, "The order is complete".to_owned())
    }

    fn said_cancelled(&self, order: &Order) -> Result<Said<'_>, DbError> {
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
        self.said(&event, format!("The order was cancelled: {reason}"))
    }

    /// An event said now by whoever acts.
    pub(crate) fn said<E: DomainEvent>(&self, event: &E, summary: String) -> Result<Said<'_>, DbError> {
        Said::new(self.app.kit.ids.next(), self.now, self.actor, event, summary)
    }

    /// Says an event of an order, and puts it into its story.
    pub(crate) async fn tell<E: DomainEvent>(
        &self,
        conn: &mut PgConnection,
        order_id: OrderId,
        event: &E,
        summary: String,
    ) -> Result<(), DbError> {
        said::say(conn, order_id, &self.said(event, summary)?).await
    }

    /// The jobs that end and begin when an order reaches its status.
    fn jobs_of(&self, order: &Order) -> (Vec<String>, Vec<NewJob>) {
        let keys = |kinds: &[&str]| kinds.iter().map(|kind| key(kind, order.id)).collect();
        match order.status {
            OrderStatus::Paid => (keys(&[PAYMENT_TIMEOUT]), self.waiting_for_vendor(order)),
            OrderStatus::Confirmed => (keys(&[VENDOR_REMINDER, VENDOR_TIMEOUT]), Vec::new()),
            OrderStatus::Cancelled => (keys(&[PAYMENT_TIMEOUT, VENDOR_REMINDER, VENDOR_TIMEOUT]), Vec::new()),
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// The vendor's time to answer begins (rule 16).
    pub(crate) fn waiting_for_vendor(&self, order: &Order) -> Vec<NewJob> {
        let since = order.awaiting_since.unwrap_or(self.now);
        let config = &self.app.config;
        [(VENDOR_REMINDER, config.order_vendor_reminder_minutes), (VENDOR_TIMEOUT, config.order_vendor_timeout_minutes)]
            .map(|(kind, minutes)| {
                let at = since + TimeDelta::minutes(i64::from(minutes));
                for_order(&self.app.kit, kind, order.id, at)
            })
            .into()
    }
}
