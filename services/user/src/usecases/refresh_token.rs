//! A fresh ID token, with the claims as they are now.

use firebase::{FirebaseCode, Refreshed};
use secrecy::SecretString;

use super::refusal::Refusal;
use super::sync_identity::try_now;
use crate::App;
use crate::store;

/// Exchanges a refresh token. Somebody whose claims are still on their way gets them with it, if that works now.
pub(crate) async fn refresh_token(app: &App, refresh_token: &SecretString) -> Result<Refreshed, Refusal> {
    let refreshed = match app.firebase.refresh(refresh_token).await {
        Ok(refreshed) => refreshed,
        Err(error) if error.code() == Some(&FirebaseCode::UserDisabled) => return Err(why_disabled(app, refresh_token).await?),
        Err(error) => return Err(error.into()),
    };
    let user = {
        let mut conn = app.kit.pool.acquire().await?;
        let user = store::users::by_uid(&mut conn, &refreshed.uid).await?;
        if let Some(user) = &user {
            store::refresh_tokens::note(&mut conn, &refreshed.refresh_token, user.id, app.kit.clock.now()).await?;
        }
        user
    };
    match user.filter(|user| !user.is_in_sync()) {
        Some(user) if try_now(app, user.id).await => Ok(app.firebase.refresh(&refreshed.refresh_token).await?),
        _ => Ok(refreshed),
    }
}

/// Firebase does not say whether a disabled account is suspended or deleted; we know, if the token was seen here.
async fn why_disabled(app: &App, refresh_token: &SecretString) -> Result<Refusal, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    let owner = match store::refresh_tokens::owner(&mut conn, refresh_token).await? {
        Some(id) => store::users::by_id(&mut conn, id).await?,
        None => None,
    };
    Ok(owner.map_or(Refusal::Disabled, |user| Refusal::Standing(user.status)))
}
