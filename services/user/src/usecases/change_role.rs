//! Gives a member of staff another role.

use std::net::IpAddr;

use domain::{Actor, AdminRole, UserId, UserStatus};
use serde_json::json;

use super::audit::{Deed, announce_access, apply_access, record};
use super::change_status::keep_one_super_admin;
use super::refusal::Refusal;
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::domain::User;
use crate::store;
use crate::store::admins::Admin;

/// Changes role and permissions; permissions that are not named stay. The last super admin stays one.
pub(crate) async fn change_role(
    app: &App,
    actor: &Actor,
    address: Option<IpAddr>,
    id: UserId,
    role: AdminRole,
    permissions: Option<Vec<String>>,
) -> Result<(User, Vec<String>), Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    store::admins::lock_super_admins(&mut tx).await?;
    let user = store::users::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("admin"))?;
    let before = store::admins::find(&mut tx, id).await?.ok_or(Refusal::NotFound("admin"))?;
    if user.status == UserStatus::Deleted {
        return Err(Refusal::NotFound("admin"));
    }
    let after = Admin { user_id: id, role, permissions: permissions.unwrap_or_else(|| before.permissions.clone()) };
    if after.role == before.role && after.permissions == before.permissions {
        return Ok((user, after.permissions));
    }
    if before.role == AdminRole::SuperAdmin && after.role != AdminRole::SuperAdmin {
        keep_one_super_admin(&mut tx, id).await?;
    }
    let from = user.access_changes_at(now, store::sessions::newest_sign_in(&mut tx, id).await?);
    if !store::admins::set_role(&mut tx, before.role, &after, from).await? {
        return Err(Refusal::ChangedMeanwhile);
    }
    let change = announce_access(app, &mut tx, &user, user.status, actor, from).await?;
    let deed = Deed {
        action: "admin.role_changed",
        user: id,
        before: json!({"role": before.role, "permissions": before.permissions}),
        after: json!({"role": after.role, "permissions": after.permissions}),
        actor,
        address,
    };
    record(app, &mut tx, deed, now).await?;
    promise(app, &mut tx, id, now).await?;
    let changed = store::users::by_id(&mut tx, id).await?.ok_or(Refusal::ChangedMeanwhile)?;
    tx.commit().await?;
    apply_access(app, &change);
    try_now(app, id).await;
    Ok((changed, after.permissions))
}
