//! Ends sessions. Firebase revokes all refresh tokens of a user or none, so every device is signed out.

use auth::FirebaseClaims;

use super::refusal::Refusal;
use super::sync_identity::{promise, try_now};
use crate::App;
use crate::store;

/// Revokes refresh tokens and ends the sessions.
pub(crate) async fn logout(app: &App, claims: &FirebaseClaims) -> Result<(), Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let Some(user) = store::users::by_uid(&mut tx, &claims.uid).await? else {
        tx.rollback().await?;
        return Ok(app.firebase.revoke_tokens(&claims.uid).await?);
    };
    store::users::void_tokens(&mut tx, user.id, now).await?;
    store::sessions::end_all(&mut tx, user.id, now).await?;
    promise(app, &mut tx, user.id, now).await?;
    tx.commit().await?;
    try_now(app, user.id).await;
    Ok(())
}
