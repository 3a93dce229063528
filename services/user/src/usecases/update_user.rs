//! Changes what a person says of themselves.

use std::net::IpAddr;

use domain::events::UserUpdated;
use domain::{Actor, ActorKind, AdminRole, UserId, UserStatus};
use serde_json::{Value, json};

use super::audit::{Deed, record};
use super::refusal::Refusal;
use crate::App;
use crate::domain::User;
use crate::store;

/// What to change; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct UserChange {
    pub(crate) full_name: Option<String>,
    pub(crate) email: Option<Option<String>>,
    pub(crate) profile_photo_url: Option<Option<String>>,
    pub(crate) preferred_language: Option<&'static str>,
}

/// Changes a profile. Staff other than oneself is for super admins.
pub(crate) async fn update_user(
    app: &App,
    actor: &Actor,
    by: Option<AdminRole>,
    address: Option<IpAddr>,
    id: UserId,
    change: UserChange,
) -> Result<User, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let before = store::users::lock(&mut tx, id).await?.ok_or(Refusal::NotFound("user"))?;
    if before.status == UserStatus::Deleted {
        return Err(Refusal::NotFound("user"));
    }
    let oneself = actor.user_id == Some(id);
    if before.admin_role.is_some() && !oneself && by != Some(AdminRole::SuperAdmin) {
        return Err(Refusal::StaffIsForSuperAdmins);
    }
    let after = User {
        full_name: change.full_name.unwrap_or_else(|| before.full_name.clone()),
        email: change.email.unwrap_or_else(|| before.email.clone()),
        profile_photo_url: change.profile_photo_url.unwrap_or_else(|| before.profile_photo_url.clone()),
        preferred_language: change.preferred_language.map_or_else(|| before.preferred_language.clone(), str::to_owned),
        updated_at: now,
        ..before.clone()
    };
    if after.phone.is_none() && after.email.is_none() {
        return Err(Refusal::EmailNeeded);
    }
    match store::users::update_profile(&mut tx, &after, now).await {
        Ok(true) => {}
        Ok(false) => return Err(Refusal::ChangedMeanwhile),
        Err(error) if error.is_unique_violation("users_one_admin_per_email") => return Err(Refusal::EmailTaken),
        Err(error) => return Err(error.into()),
    }
    if let Some(facts) = after.facts() {
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &UserUpdated { user: facts }).await?;
    }
    if actor.kind == ActorKind::Admin && !oneself {
        let deed = Deed { action: "user.updated", user: id, before: what(&before), after: what(&after), actor, address };
        record(app, &mut tx, deed, now).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// For the log, which keeps no addresses of people: whether there is one.
fn what(user: &User) -> Value {
    json!({
        "full_name": user.full_name, "has_email": user.email.is_some(),
        "has_photo": user.profile_photo_url.is_some(), "preferred_language": user.preferred_language,
    })
}
