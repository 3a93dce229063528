//! What staff does with money is kept in the audit log.

use ::domain::events::AuditRecorded;
use ::domain::{Actor, ActorKind, PaymentId, ServiceName};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::PaymentError;
use crate::App;

/// Tells the audit log what a member of staff did to a payment; what others do is in the events.
pub(super) async fn audit(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (action, id): (&str, PaymentId),
    after: Value,
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    if actor.kind != ActorKind::Admin {
        return Ok(());
    }
    let entry = AuditRecorded {
        service: ServiceName::Payment,
        action: action.to_owned(),
        entity_type: "payment".to_owned(),
        entity_id: id.into(),
        before: None,
        after: Some(after),
        ip_address: None,
    };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &entry).await?;
    Ok(())
}
