//! A fresh ID token, with the claims as they are now.

use firebase::Refreshed;
use secrecy::SecretString;

use super::refusal::Refusal;
use super::sync_identity::try_now;
use crate::App;
use crate::store;

/// Exchanges a refresh token. Somebody whose claims are still on their way gets them with it, if that works now.
pub(crate) async fn refresh_token(app: &App, refresh_token: &SecretString) -> Result<Refreshed, Refusal> {
    let refreshed = app.firebase.refresh(refresh_token).await?;
    let behind = {
        let mut conn = app.kit.pool.acquire().await?;
        store::users::by_uid(&mut conn, &refreshed.uid).await?.filter(|user| !user.is_in_sync())
    };
    match behind {
        Some(user) if try_now(app, user.id).await => Ok(app.firebase.refresh(&refreshed.refresh_token).await?),
        _ => Ok(refreshed),
    }
}
