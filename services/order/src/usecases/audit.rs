//! What staff do here is kept in the audit log; what buyers and vendors do is in the events.

use domain::events::AuditRecorded;
use domain::{ActorKind, ServiceName};
use pg_kit::{DbError, outbox};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::moves::By;
use crate::domain::ticket::Ticket;

impl By<'_> {
    /// Tells the audit log what a member of staff did to a thing, in the transaction of the deed: the action, such as
    /// `order.cancelled`, the kind of thing and the thing, and what of it was different before.
    pub(super) async fn audit(
        &self,
        conn: &mut PgConnection,
        (action, entity_type, entity_id): (&str, &str, Uuid),
        before: Option<Value>,
        after: Value,
    ) -> Result<(), DbError> {
        if self.actor.kind != ActorKind::Admin {
            return Ok(());
        }
        let event = AuditRecorded {
            service: ServiceName::Order,
            action: action.to_owned(),
            entity_type: entity_type.to_owned(),
            entity_id,
            before,
            after: Some(after),
            ip_address: None,
        };
        outbox::append(conn, self.now, &*self.app.kit.ids, self.actor, &event).await?;
        Ok(())
    }
}

/// What staff change of a ticket.
pub(super) fn ticket(ticket: &Ticket) -> Value {
    json!({"status": ticket.status, "priority": ticket.priority, "assigned_to": ticket.assigned_to,
           "resolution": ticket.resolution_notes})
}
