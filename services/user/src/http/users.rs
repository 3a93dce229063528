//! `/api/v1/users`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{AdminRole, Phone, UserId, UserStatus, UserType};
use garde::Validate;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Data, NoContent, Page, PageParams, Params, PathId, Problems, RegisteredCaller};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit::LineOut;
use super::checks::{Device, given, oneself_or, role, searchable, trimmed, web_address, words};
use super::shapes::{Language, UserOut};
use crate::App;
use crate::store::{self, audit, sessions, users};
use crate::usecases::{self, UserChange};

const READERS: &[AdminRole] = &[AdminRole::Operations, AdminRole::Support];
const WRITERS: &[AdminRole] = &[AdminRole::Operations];
/// How much of somebody's activity is shown.
const RECENT: i64 = 50;

service_kit::policy!(pub(super) UserListers: admin[Operations, Support]);
service_kit::policy!(pub(super) UserKeepers: admin[Operations]);

/// What a list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserFilter {
    /// Only these.
    #[garde(skip)]
    #[param(inline)]
    user_type: Option<UserType>,
    /// Only these.
    #[garde(skip)]
    #[param(inline)]
    status: Option<UserStatus>,
    /// Exactly this phone.
    #[garde(skip)]
    phone: Option<Phone>,
    /// Part of the name, e-mail or business name.
    #[garde(inner(length(chars, max = 100), custom(searchable)))]
    text: Option<String>,
}

/// Where a list goes on.
#[derive(Serialize, Deserialize)]
pub(super) struct After {
    pub(super) at: DateTime<Utc>,
    pub(super) id: UserId,
}

/// Users, newest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", operation_id = "list_users", params(UserFilter, PageParams),
    security(("firebase" = [])), responses((status = 200, description = "Users", body = Page<UserOut>), Problems))]
pub(super) async fn list(
    State(app): State<App>,
    _caller: Allowed<UserListers>,
    Params(filter): Params<UserFilter>,
    Params(page): Params<PageParams>,
) -> Result<Page<UserOut>, ApiError> {
    let page = page.request::<After>()?;
    let wanted = users::Filter {
        user_type: filter.user_type,
        status: filter.status,
        phone: filter.phone.as_ref(),
        text: filter.text.as_deref().filter(|text| !text.is_empty()),
    };
    let after = page.after.as_ref().map(|after| (after.at, after.id));
    let mut conn = app.kit.pool.acquire().await?;
    let found = users::list(&mut conn, &wanted, after, page.fetch()).await?;
    Ok(page.page(found, |user| After { at: user.created_at, id: user.id }, UserOut::from))
}

/// One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", operation_id = "get_user",
    params(("id" = UserId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The user", body = Data<UserOut>), Problems))]
pub(super) async fn get(
    State(app): State<App>,
    who: RegisteredCaller,
    PathId(id): PathId<UserId>,
) -> Result<Data<UserOut>, ApiError> {
    oneself_or(&who.caller, id, READERS)?;
    let mut conn = app.kit.pool.acquire().await?;
    let user = store::users::by_id(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("user"))?;
    Ok(Data::new(user.into()))
}

/// What to change; what is left out stays, null clears. The phone is Firebase's to change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateUserIn {
    /// Name.
    #[garde(inner(length(chars, max = 120), custom(words)))]
    full_name: Option<String>,
    /// E-mail.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(email, length(max = 255))))]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Picture, as an https address.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(length(max = 512), custom(web_address))))]
    #[schema(value_type = Option<String>)]
    profile_photo_url: Option<Option<String>>,
    /// Language to be written to in.
    #[garde(skip)]
    preferred_language: Option<Language>,
}

/// Changes a profile.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", operation_id = "update_user", request_body = UpdateUserIn,
    params(("id" = UserId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The user as it is now", body = Data<UserOut>), Problems))]
pub(super) async fn update(
    State(app): State<App>,
    who: RegisteredCaller,
    device: Device,
    PathId(id): PathId<UserId>,
    Body(body): Body<UpdateUserIn>,
) -> Result<Data<UserOut>, ApiError> {
    oneself_or(&who.caller, id, WRITERS)?;
    let change = UserChange {
        full_name: body.full_name.map(trimmed),
        email: body.email,
        profile_photo_url: body.profile_photo_url,
        preferred_language: body.preferred_language.map(Language::as_str),
    };
    let user = usecases::update_user(&app, &who.actor, role(&who.caller), device.address, id, change).await?;
    Ok(Data::new(user.into()))
}

/// Deletes a user for good: personal fields are erased, tokens revoked, the sign-in disabled. Orders keep their copies.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", operation_id = "delete_user",
    params(("id" = UserId, Path)), security(("firebase" = [])), responses((status = 204, description = "Deleted"), Problems))]
pub(super) async fn delete(
    State(app): State<App>,
    who: RegisteredCaller,
    device: Device,
    PathId(id): PathId<UserId>,
) -> Result<NoContent, ApiError> {
    oneself_or(&who.caller, id, WRITERS)?;
    usecases::delete_user(&app, &who.actor, role(&who.caller), device.address, id).await?;
    Ok(NoContent)
}

/// What a user becomes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    /// May use RealServ.
    Active,
    /// May not, for now.
    Suspended,
}

/// Another standing.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusIn {
    /// `active` or `suspended`.
    #[garde(skip)]
    status: Standing,
    /// Why; kept in the audit log.
    #[garde(inner(length(chars, max = 500), custom(words)))]
    reason: Option<String>,
}

/// Suspends a user, or lets one in again. A suspended user is shut out of every service within seconds.
#[utoipa::path(put, path = "/api/v1/users/{id}/status", tag = "users", operation_id = "change_user_status",
    request_body = StatusIn, params(("id" = UserId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "The user as it is now", body = Data<UserOut>), Problems))]
pub(super) async fn change_status(
    State(app): State<App>,
    who: Allowed<UserKeepers>,
    device: Device,
    PathId(id): PathId<UserId>,
    Body(body): Body<StatusIn>,
) -> Result<Data<UserOut>, ApiError> {
    let to = match body.status {
        Standing::Active => UserStatus::Active,
        Standing::Suspended => UserStatus::Suspended,
    };
    let by = role(&who.caller).unwrap_or(AdminRole::Operations);
    let user = usecases::change_status(&app, &who.actor, by, device.address, id, to, body.reason.as_deref()).await?;
    Ok(Data::new(user.into()))
}

/// A sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionOut {
    /// The session.
    id: Uuid,
    /// `ios`, `android` or `web`.
    device_type: Option<String>,
    /// From which address, last.
    ip_address: Option<String>,
    /// With what.
    user_agent: Option<String>,
    /// When.
    started_at: DateTime<Utc>,
    /// When it was last seen.
    last_seen_at: DateTime<Utc>,
    /// When it was ended.
    ended_at: Option<DateTime<Utc>>,
}

impl From<sessions::Session> for SessionOut {
    fn from(session: sessions::Session) -> Self {
        Self {
            id: session.id,
            device_type: session.device_type,
            ip_address: session.ip_address,
            user_agent: session.user_agent,
            started_at: session.started_at,
            last_seen_at: session.last_seen_at,
            ended_at: session.ended_at,
        }
    }
}

/// What somebody did of late.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActivityOut {
    /// Newest sign-ins first.
    sessions: Vec<SessionOut>,
    /// Newest entries of the audit log first.
    actions: Vec<LineOut>,
}

/// Sign-ins and last actions of a user.
#[utoipa::path(get, path = "/api/v1/users/{id}/activity", tag = "users", operation_id = "user_activity",
    params(("id" = UserId, Path)), security(("firebase" = [])),
    responses((status = 200, description = "What the user did of late", body = Data<ActivityOut>), Problems))]
pub(super) async fn activity(
    State(app): State<App>,
    who: RegisteredCaller,
    PathId(id): PathId<UserId>,
) -> Result<Data<ActivityOut>, ApiError> {
    oneself_or(&who.caller, id, READERS)?;
    let mut conn = app.kit.pool.acquire().await?;
    store::users::by_id(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("user"))?;
    let sessions = sessions::newest(&mut conn, id, RECENT).await?;
    let by_them = audit::Filter { actor_user_id: Some(id), ..audit::Filter::default() };
    let actions = audit::list(&mut conn, &by_them, None, RECENT).await?;
    Ok(Data::new(ActivityOut {
        sessions: sessions.into_iter().map(SessionOut::from).collect(),
        actions: actions.into_iter().map(LineOut::from).collect(),
    }))
}
