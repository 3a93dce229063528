//! What the audit log keeps.

use domain::events::AuditRecorded;
use domain::{Actor, ServiceName};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Refusal;
use crate::App;

/// Tells the audit log what somebody did, in the transaction of the deed.
pub(crate) async fn record(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    (action, entity_type, entity_id): (&str, &str, Uuid),
    before: Value,
    after: Value,
) -> Result<(), Refusal> {
    let event = AuditRecorded {
        service: ServiceName::VendorManagement,
        action: action.to_owned(),
        entity_type: entity_type.to_owned(),
        entity_id,
        before: Some(before),
        after: Some(after),
        ip_address: None,
    };
    pg_kit::outbox::append(conn, app.kit.clock.now(), &*app.kit.ids, actor, &event).await?;
    Ok(())
}
