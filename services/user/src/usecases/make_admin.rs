//! Makes somebody staff.

use std::net::IpAddr;

use domain::events::UserRegistered;
use domain::{Actor, AdminRole, Phone, ServiceName, UserId, UserType};
use firebase::{FirebaseCode, NewAccount};
use serde_json::json;
use sqlx::PgConnection;

use super::audit::{Deed, record};
use super::refusal::Refusal;
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::domain::User;
use crate::store;
use crate::store::admins::Admin;
use crate::store::users::NewUser;

/// Somebody who is to become staff. One of phone and e-mail is there.
#[derive(Debug)]
pub(crate) struct NewAdmin {
    pub(crate) phone: Option<Phone>,
    pub(crate) email: Option<String>,
    pub(crate) full_name: String,
    pub(crate) role: AdminRole,
    pub(crate) permissions: Vec<String>,
}

/// A member of staff.
#[derive(Debug)]
pub(crate) struct MadeAdmin {
    pub(crate) user: User,
    pub(crate) permissions: Vec<String>,
    /// Made by this request.
    pub(crate) is_new: bool,
}

/// Makes somebody staff; who is that already with the same role stays. Nobody else's account becomes staff's.
pub(crate) async fn make_admin(app: &App, actor: &Actor, address: Option<IpAddr>, admin: NewAdmin) -> Result<MadeAdmin, Refusal> {
    let known = {
        let mut conn = app.kit.pool.acquire().await?;
        find(&mut conn, &admin).await?
    };
    if let Some(user) = known {
        return already(app, user, admin.role).await;
    }
    let uid = account(app, &admin).await?;
    let id: UserId = app.kit.ids.next();
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !insert(app, &mut tx, id, &uid, &admin).await? {
        tx.rollback().await?;
        let mut conn = app.kit.pool.acquire().await?;
        let user = store::users::by_uid(&mut conn, &uid).await?.ok_or(Refusal::ChangedMeanwhile)?;
        drop(conn);
        return already(app, user, admin.role).await;
    }
    let deed = Deed {
        action: "admin.created",
        user: id,
        before: json!(null),
        after: json!({"role": admin.role, "permissions": admin.permissions}),
        actor,
        address,
    };
    record(app, &mut tx, deed, now).await?;
    let user = store::users::by_id(&mut tx, id).await?.ok_or(Refusal::ChangedMeanwhile)?;
    if let Some(facts) = user.facts() {
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &UserRegistered { user: facts }).await?;
    }
    promise(app, &mut tx, id, now).await?;
    tx.commit().await?;
    try_now(app, id).await;
    Ok(MadeAdmin { user, permissions: admin.permissions, is_new: true })
}

/// Makes the first super admin. Again for the same person answers the same; for another one it is refused.
pub(crate) async fn bootstrap_admin(
    app: &App,
    phone: Option<Phone>,
    email: Option<String>,
    full_name: String,
) -> Result<MadeAdmin, Refusal> {
    let first = {
        let mut conn = app.kit.pool.acquire().await?;
        store::admins::some_super_admin(&mut conn).await?
    };
    if let Some((_, known_phone, known_email)) = first {
        let same_phone = phone.is_some() && phone == known_phone;
        let same_email = email.as_deref().zip(known_email.as_deref()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
        if !same_phone && !same_email {
            return Err(Refusal::SuperAdminExists);
        }
    }
    let admin = NewAdmin { phone, email, full_name, role: AdminRole::SuperAdmin, permissions: Vec::new() };
    make_admin(app, &Actor::system(ServiceName::User), None, admin).await
}

async fn find(conn: &mut PgConnection, admin: &NewAdmin) -> Result<Option<User>, Refusal> {
    if let Some(phone) = &admin.phone
        && let Some(user) = store::users::by_phone(conn, phone).await?
    {
        return Ok(Some(user));
    }
    match &admin.email {
        Some(email) => Ok(store::admins::by_email(conn, email).await?),
        None => Ok(None),
    }
}

async fn already(app: &App, user: User, role: AdminRole) -> Result<MadeAdmin, Refusal> {
    if user.admin_role != Some(role) {
        return Err(Refusal::AlreadyRegistered);
    }
    if !user.is_in_sync() {
        try_now(app, user.id).await;
    }
    let mut conn = app.kit.pool.acquire().await?;
    let permissions = store::admins::find(&mut conn, user.id).await?.map(|admin| admin.permissions).unwrap_or_default();
    Ok(MadeAdmin { user, permissions, is_new: false })
}

/// The sign-in at Firebase: the one there is, or a new one.
async fn account(app: &App, admin: &NewAdmin) -> Result<String, Refusal> {
    if let Some(uid) = existing(app, admin).await? {
        return Ok(uid);
    }
    let account = NewAccount { phone: admin.phone.clone(), email: admin.email.clone(), ..NewAccount::default() };
    match app.firebase.create_account(&account).await {
        Ok(uid) => Ok(uid),
        // Made by somebody else a moment ago, or by a try of ours whose answer was lost.
        Err(error) if error.code() == Some(&FirebaseCode::PhoneNumberExists) => {
            existing(app, admin).await?.ok_or(Refusal::PhoneTaken)
        }
        Err(error) => Err(error.into()),
    }
}

async fn existing(app: &App, admin: &NewAdmin) -> Result<Option<String>, Refusal> {
    if let Some(phone) = &admin.phone {
        return Ok(app.firebase.find_by_phone(phone).await?.map(|account| account.uid));
    }
    match &admin.email {
        Some(email) => Ok(app.firebase.find_by_email(email).await?.map(|account| account.uid)),
        None => Ok(None),
    }
}

async fn insert(app: &App, conn: &mut PgConnection, id: UserId, uid: &str, admin: &NewAdmin) -> Result<bool, Refusal> {
    let now = app.kit.clock.now();
    let user = NewUser {
        id,
        firebase_uid: uid,
        phone: admin.phone.as_ref(),
        email: admin.email.as_deref(),
        full_name: &admin.full_name,
        user_type: UserType::Admin,
        preferred_language: "en",
        now,
    };
    match store::users::insert(conn, &user).await {
        Ok(true) => {}
        Ok(false) => return Ok(false),
        Err(error) if error.is_unique_violation("users_phone_key") => return Err(Refusal::PhoneTaken),
        Err(error) if error.is_unique_violation("users_one_admin_per_email") => return Err(Refusal::EmailTaken),
        Err(error) => return Err(error.into()),
    }
    let profile = Admin { user_id: id, role: admin.role, permissions: admin.permissions.clone() };
    store::admins::insert(conn, app.kit.ids.uuid(), &profile, now).await?;
    Ok(true)
}
