//! What staff do to the catalogue is kept in the audit log.

use domain::events::AuditRecorded;
use domain::{Actor, ServiceName};
use pg_kit::DbError;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::CatalogError;
use crate::App;

/// Something staff did to a thing of the catalogue.
pub(super) struct Deed<'a, T> {
    /// Such as `material.updated`.
    pub action: &'static str,
    /// Such as `material`.
    pub entity: &'static str,
    pub id: Uuid,
    pub before: Option<&'a T>,
    pub after: Option<&'a T>,
}

/// Tells it, in the transaction of the deed.
pub(super) async fn record<T: Serialize + Sync>(
    app: &App,
    conn: &mut PgConnection,
    actor: &Actor,
    deed: Deed<'_, T>,
) -> Result<(), CatalogError> {
    let written = |row: Option<&T>| row.map(serde_json::to_value).transpose().map_err(DbError::from);
    let event = AuditRecorded {
        service: ServiceName::Catalog,
        action: deed.action.to_owned(),
        entity_type: deed.entity.to_owned(),
        entity_id: deed.id,
        before: written(deed.before)?,
        after: written(deed.after)?,
        ip_address: None,
    };
    pg_kit::outbox::append(conn, app.kit.clock.now(), &*app.kit.ids, actor, &event).await?;
    Ok(())
}
