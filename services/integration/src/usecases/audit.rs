//! What staff do here is kept in the audit log.

use domain::events::AuditRecorded;
use domain::{Actor, ActorKind, ServiceName};
use pg_kit::{DbError, outbox};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::App;

/// Tells the audit log what a member of staff did to a thing, in the transaction of the deed; what others do is not kept
/// there. The deed is the action, such as `media.deleted`, the kind of thing and the thing.
pub(super) async fn record(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    (action, entity_type, entity_id): (&str, &str, Uuid),
    before: Option<Value>,
    after: Value,
) -> Result<(), DbError> {
    if !is_staff(actor) {
        return Ok(());
    }
    let event = AuditRecorded {
        service: ServiceName::Integration,
        action: action.to_owned(),
        entity_type: entity_type.to_owned(),
        entity_id,
        before,
        after: Some(after),
        ip_address: None,
    };
    outbox::append(conn, app.kit.clock.now(), &*app.kit.ids, actor, &event).await?;
    Ok(())
}

/// Whether somebody's deeds are kept.
pub(super) fn is_staff(actor: &Actor) -> bool {
    actor.kind == ActorKind::Admin
}
