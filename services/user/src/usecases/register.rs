//! Registers the person behind a sign-in.
//!
//! The user's row is committed first, together with the job that opens the vendor and sets the claims; then the same is
//! tried at once. A process that dies in between loses nothing.

use auth::FirebaseClaims;
use domain::events::UserRegistered;
use domain::{Actor, ActorKind, BuyerId, Channel, UserId, UserStatus, UserType};
use pg_kit::outbox;

use super::refusal::Refusal;
use super::see_user::{SignIn, begin_session};
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::domain::User;
use crate::store;
use crate::store::users::NewUser;

/// What somebody registers as.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) as_vendor: bool,
    pub(crate) full_name: String,
    pub(crate) email: Option<String>,
    pub(crate) preferred_language: &'static str,
}

/// The user of a sign-in.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) user: User,
    /// Made by this request.
    pub(crate) is_new: bool,
}

/// Registers, or answers who is registered already.
pub(crate) async fn register(
    app: &App,
    claims: &FirebaseClaims,
    channel: Channel,
    registration: &Registration,
    sign_in: &SignIn<'_>,
) -> Result<Registered, Refusal> {
    let is_new = insert(app, claims, channel, registration).await?;
    let mut conn = app.kit.pool.acquire().await?;
    let user = store::users::by_uid(&mut conn, &claims.uid).await?.ok_or(Refusal::NotRegistered)?;
    if user.status != UserStatus::Active {
        return Err(Refusal::Standing(user.status));
    }
    begin_session(app, &mut conn, user.id, sign_in).await?;
    drop(conn);
    if !user.is_in_sync() {
        try_now(app, user.id).await;
    }
    let mut conn = app.kit.pool.acquire().await?;
    let user = store::users::by_id(&mut conn, user.id).await?.ok_or(Refusal::NotRegistered)?;
    Ok(Registered { user, is_new })
}

async fn insert(app: &App, claims: &FirebaseClaims, channel: Channel, asked: &Registration) -> Result<bool, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    if store::users::by_uid(&mut conn, &claims.uid).await?.is_some() {
        return Ok(false);
    }
    drop(conn);
    let phone = claims.phone.as_ref().ok_or(Refusal::PhoneMissing)?;
    let now = app.kit.clock.now();
    let id: UserId = app.kit.ids.next();
    let (user_type, kind) =
        if asked.as_vendor { (UserType::Vendor, ActorKind::Vendor) } else { (UserType::Buyer, ActorKind::Buyer) };
    let user = NewUser {
        id,
        firebase_uid: &claims.uid,
        phone: Some(phone),
        email: asked.email.as_deref(),
        full_name: &asked.full_name,
        user_type,
        preferred_language: asked.preferred_language,
        now,
    };
    let mut tx = app.kit.pool.begin().await?;
    match store::users::insert(&mut tx, &user).await {
        Ok(true) => {}
        // Somebody else registered the same sign-in meanwhile.
        Ok(false) => return Ok(false),
        Err(error) if error.is_unique_violation("users_phone_key") => return Err(Refusal::PhoneTaken),
        Err(error) => return Err(error.into()),
    }
    if !asked.as_vendor {
        let buyer_id: BuyerId = app.kit.ids.next();
        store::buyers::insert(&mut tx, buyer_id, id, now).await?;
    }
    let added = store::users::by_id(&mut tx, id).await?.and_then(|user| user.facts()).ok_or(Refusal::PhoneMissing)?;
    let actor = Actor::person(kind, id, channel);
    outbox::append(&mut tx, now, &*app.kit.ids, &actor, &UserRegistered { user: added }).await?;
    promise(app, &mut tx, id, now).await?;
    tx.commit().await?;
    Ok(true)
}
