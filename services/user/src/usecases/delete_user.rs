//! Deletes a user: the row stays for what refers to it, everything personal goes.

use std::net::IpAddr;

use clients::order::PartyId;
use domain::events::{UserFacts, UserUpdated};
use domain::{Actor, ActorKind, AdminRole, UserId, UserStatus};
use serde_json::json;

use super::audit::{Deed, announce_access, apply_access, record};
use super::change_status::keep_one_super_admin;
use super::refusal::Refusal;
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::domain::{StatusChange, standing};
use crate::store;

/// Deletes for good, once no order of the user's is running. Deleting again is fine. Staff other than oneself is for
/// super admins.
pub(crate) async fn delete_user(
    app: &App,
    actor: &Actor,
    by: Option<AdminRole>,
    address: Option<IpAddr>,
    id: UserId,
) -> Result<(), Refusal> {
    refuse_while_orders_run(app, id).await?;
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    store::admins::lock_super_admins(&mut tx).await?;
    let user = store::users::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("user"))?;
    let oneself = actor.user_id == Some(id);
    if user.admin_role.is_some() && !oneself && by != Some(AdminRole::SuperAdmin) {
        return Err(Refusal::StaffIsForSuperAdmins);
    }
    if standing::change(user.status, UserStatus::Deleted)? == StatusChange::Already {
        return Ok(());
    }
    if user.admin_role == Some(AdminRole::SuperAdmin) {
        keep_one_super_admin(&mut tx, id).await?;
    }
    let from = user.access_changes_at(now, store::sessions::newest_sign_in(&mut tx, id).await?);
    if !store::users::erase(&mut tx, id, user.status, from).await? {
        return Err(Refusal::ChangedMeanwhile);
    }
    store::sessions::erase(&mut tx, id).await?;
    if let Some(buyer) = user.buyer_id {
        store::addresses::delete_all(&mut tx, buyer).await?;
        store::buyers::erase(&mut tx, buyer, now).await?;
    }
    let change = announce_access(app, &mut tx, &user, UserStatus::Deleted, actor, from).await?;
    // The phone is said once more: those who know somebody by it have to forget it.
    if let Some(facts) = user.facts() {
        let facts = UserFacts { status: UserStatus::Deleted, email: None, full_name: String::new(), ..facts };
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &UserUpdated { user: facts }).await?;
    }
    if actor.kind == ActorKind::Admin {
        let (before, after) = (json!({"status": user.status}), json!({"status": UserStatus::Deleted}));
        record(app, &mut tx, Deed { action: "user.deleted", user: id, before, after, actor, address }, now).await?;
    }
    promise(app, &mut tx, id, now).await?;
    tx.commit().await?;
    apply_access(app, &change);
    try_now(app, id).await;
    Ok(())
}

/// Whoever waits for goods, or has to bring them, stays until that is done: the order service is asked.
async fn refuse_while_orders_run(app: &App, id: UserId) -> Result<(), Refusal> {
    let user = {
        let mut conn = app.kit.pool.acquire().await?;
        store::users::by_id(&mut conn, id).await?.ok_or(Refusal::NotFound("user"))?
    };
    let party = match (user.buyer_id, user.vendor_id) {
        _ if user.status == UserStatus::Deleted => return Ok(()),
        (Some(buyer), _) => PartyId::Buyer(buyer),
        (None, Some(vendor)) => PartyId::Vendor(vendor),
        (None, None) => return Ok(()),
    };
    let running = app.orders.running(party).await.map_err(Refusal::OrdersUnknown)?;
    if running.is_empty() {
        return Ok(());
    }
    Err(Refusal::OrdersRunning(running.into_iter().map(|summary| summary.order.order_number).collect()))
}
