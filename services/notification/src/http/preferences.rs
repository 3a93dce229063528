//! What a person wants to hear.

use axum::extract::State;
use domain::UserId;
use serde::Deserialize;
use service_kit::ApiError;
use service_kit::http::{Body, Data, PathId, Problems, RegisteredCaller};

use crate::App;
use crate::domain::preferences::Preferences;
use crate::store::preferences;
use crate::usecases::change_preferences::change_preferences;

/// Every switch; what is left out is not accepted, so that nothing is switched by accident.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(transparent)]
pub(crate) struct PreferencesIn(#[garde(skip)] Preferences);

fn own(caller: &RegisteredCaller, user_id: UserId) -> Result<(), ApiError> {
    if caller.caller.user_id() == Some(user_id) { Ok(()) } else { Err(ApiError::not_found("the user was")) }
}

/// One's own choices; the defaults for whoever made none. Codes are always sent, whatever stands here.
#[utoipa::path(get, path = "/api/v1/notifications/preferences/{userId}", tag = "preferences", operation_id = "get_preferences",
               params(("userId" = UserId, Path, description = "Oneself")),
               responses((status = 200, description = "The choices", body = Data<Preferences>), Problems))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(user_id): PathId<UserId>,
) -> Result<Data<Preferences>, ApiError> {
    own(&caller, user_id)?;
    let mut conn = app.kit.pool.acquire().await?;
    Ok(Data::new(preferences::of(&mut conn, user_id).await?))
}

/// Changes one's own choices.
#[utoipa::path(put, path = "/api/v1/notifications/preferences/{userId}", tag = "preferences", operation_id = "set_preferences", request_body = Preferences,
               params(("userId" = UserId, Path, description = "Oneself")),
               responses((status = 200, description = "The choices", body = Data<Preferences>), Problems))]
pub(crate) async fn put(
    State(app): State<App>,
    caller: RegisteredCaller,
    PathId(user_id): PathId<UserId>,
    Body(PreferencesIn(chosen)): Body<PreferencesIn>,
) -> Result<Data<Preferences>, ApiError> {
    own(&caller, user_id)?;
    change_preferences(&app, user_id, &chosen).await?;
    Ok(Data::new(chosen))
}
