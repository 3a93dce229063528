//! Signs in with a code.

use std::net::IpAddr;

use domain::{Channel, UserStatus};
use firebase::SignedIn;
use secrecy::ExposeSecret as _;

use super::refusal::Refusal;
use super::see_user::{SignIn, begin_session};
use crate::App;
use crate::domain::User;
use crate::store;

/// Somebody is signed in.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) tokens: SignedIn,
    /// Who that is to us, once registered.
    pub(crate) user: Option<User>,
}

/// Signs in with a code and begins the session of whoever is registered.
pub(crate) async fn verify_phone(
    app: &App,
    session_info: &str,
    code: &str,
    from: (Option<IpAddr>, Option<&str>, Option<Channel>),
) -> Result<Verified, Refusal> {
    let tokens = app.firebase.sign_in_with_phone(session_info, code).await?;
    let Some(uid) = tokens.uid.clone() else {
        return Ok(Verified { tokens, user: None });
    };
    let now = app.kit.clock.now();
    // Names the session in later requests, whose tokens say the same.
    let said = app.kit.verifier.verify(tokens.id_token.expose_secret()).await;
    let at = said.map_or(now, |claims| claims.auth_time);
    let mut tx = app.kit.pool.begin().await?;
    let user = store::users::by_uid(&mut tx, &uid).await?;
    if let Some(user) = &user {
        if user.status != UserStatus::Active {
            return Err(Refusal::Standing(user.status));
        }
        store::users::touch(&mut tx, user.id, now).await?;
        let expires_at = now + tokens.expires_in;
        let sign_in = SignIn { at, expires_at, address: from.0, user_agent: from.1, channel: from.2 };
        begin_session(app, &mut tx, user.id, &sign_in).await?;
        store::refresh_tokens::note(&mut tx, &tokens.refresh_token, user.id, now).await?;
    }
    tx.commit().await?;
    Ok(Verified { tokens, user })
}
