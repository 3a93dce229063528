//! Suspends a user, or lets one in again.

use std::net::IpAddr;

use domain::events::UserUpdated;
use domain::{Actor, AdminRole, UserId, UserStatus};
use serde_json::json;

use super::audit::{Deed, announce_access, apply_access, record};
use super::refusal::Refusal;
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::domain::{StatusChange, User, standing};
use crate::store;

/// `active` ↔ `suspended`. Being that already is fine and changes nothing. Only a super admin may do it to staff.
pub(crate) async fn change_status(
    app: &App,
    actor: &Actor,
    by: AdminRole,
    address: Option<IpAddr>,
    id: UserId,
    to: UserStatus,
    reason: Option<&str>,
) -> Result<User, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    store::admins::lock_super_admins(&mut tx).await?;
    let user = store::users::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("user"))?;
    if user.admin_role.is_some() && by != AdminRole::SuperAdmin {
        return Err(Refusal::StaffIsForSuperAdmins);
    }
    let StatusChange::To(to) = standing::change(user.status, to)? else {
        return Ok(user);
    };
    if user.admin_role == Some(AdminRole::SuperAdmin) && to != UserStatus::Active {
        keep_one_super_admin(&mut tx, id).await?;
    }
    let from = user.access_changes_at(now, store::sessions::newest_sign_in(&mut tx, id).await?);
    if !store::users::set_status(&mut tx, id, user.status, to, from).await? {
        return Err(Refusal::ChangedMeanwhile);
    }
    if to == UserStatus::Suspended {
        store::sessions::end_all(&mut tx, id, now).await?;
    }
    let change = announce_access(app, &mut tx, &user, to, actor, from).await?;
    let changed = store::users::by_id(&mut tx, id).await?.ok_or(Refusal::ChangedMeanwhile)?;
    if let Some(facts) = changed.facts() {
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &UserUpdated { user: facts }).await?;
    }
    let (before, after) = (json!({"status": user.status}), json!({"status": to, "reason": reason}));
    record(app, &mut tx, Deed { action: "user.status_changed", user: id, before, after, actor, address }, now).await?;
    promise(app, &mut tx, id, now).await?;
    tx.commit().await?;
    apply_access(app, &change);
    try_now(app, id).await;
    Ok(changed)
}

/// Refuses what would leave nobody who can make staff. The caller holds `lock_super_admins`.
pub(super) async fn keep_one_super_admin(conn: &mut sqlx::PgConnection, than: UserId) -> Result<(), Refusal> {
    if store::admins::other_super_admins(conn, than).await? == 0 {
        return Err(Refusal::LastSuperAdmin);
    }
    Ok(())
}
