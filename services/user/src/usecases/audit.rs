//! What the audit log should know of our own doings, and the list of those who lost access.

use std::net::IpAddr;

use auth::AccessChange;
use chrono::{DateTime, Utc};
use domain::events::{AuditRecorded, UserAccessChanged};
use domain::{Actor, ServiceName, UserId, UserStatus};
use pg_kit::DbError;
use serde_json::Value;
use sqlx::PgConnection;

use crate::App;
use crate::domain::User;

/// Something staff did to a user.
pub(super) struct Deed<'a> {
    pub(super) action: &'static str,
    pub(super) user: UserId,
    pub(super) before: Value,
    pub(super) after: Value,
    pub(super) actor: &'a Actor,
    pub(super) address: Option<IpAddr>,
}

/// Says it, in the transaction of the change; it comes back by the bus like everybody's.
pub(super) async fn record(app: &App, conn: &mut PgConnection, deed: Deed<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    let event = AuditRecorded {
        service: ServiceName::User,
        action: deed.action.to_owned(),
        entity_type: "user".to_owned(),
        entity_id: deed.user.into(),
        before: Some(deed.before),
        after: Some(deed.after),
        ip_address: deed.address.map(|address| address.to_string()),
    };
    pg_kit::outbox::append(conn, now, &*app.kit.ids, deed.actor, &event).await?;
    Ok(())
}

/// Tells every service that older tokens of a user no longer count (rule 9), and keeps it here.
pub(super) async fn announce_access(
    app: &App,
    conn: &mut PgConnection,
    user: &User,
    status: UserStatus,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<UserAccessChanged, DbError> {
    let event = UserAccessChanged { user_id: user.id, firebase_uid: user.firebase_uid.clone(), status, changed_at: now };
    pg_kit::access::record(conn, &event.clone().into()).await?;
    pg_kit::outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    Ok(event)
}

/// Shuts older tokens out of this process at once; call it after the commit.
pub(super) fn apply_access(app: &App, event: &UserAccessChanged) {
    let change = AccessChange { user_id: event.user_id, status: event.status, changed_at: event.changed_at };
    app.kit.access.apply(&event.firebase_uid, change);
}
