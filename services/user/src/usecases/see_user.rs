//! The current user, noting at most once a minute that it was seen.

use auth::FirebaseClaims;
use chrono::{DateTime, Utc};
use domain::UserId;
use serde_json::json;
use sqlx::PgConnection;

use super::refusal::Refusal;
use crate::App;
use crate::domain::{DeviceType, User};
use crate::store;
use crate::store::sessions::Seen;

/// A sign-in as a request shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignIn<'a> {
    /// When it happened.
    pub(crate) at: DateTime<Utc>,
    /// When its token ends.
    pub(crate) expires_at: DateTime<Utc>,
    /// From where.
    pub(crate) address: Option<std::net::IpAddr>,
    /// With what.
    pub(crate) user_agent: Option<&'a str>,
    /// Through which channel.
    pub(crate) channel: Option<domain::Channel>,
}

/// Begins the session of a sign-in, or notes that it goes on.
pub(crate) async fn begin_session(
    app: &App,
    conn: &mut PgConnection,
    user_id: UserId,
    sign_in: &SignIn<'_>,
) -> Result<(), Refusal> {
    let seen = Seen {
        id: app.kit.ids.uuid(),
        user_id,
        signed_in_at: sign_in.at,
        expires_at: sign_in.expires_at,
        device_type: sign_in.user_agent.map(|agent| DeviceType::of_user_agent(agent).as_str()),
        device_info: sign_in.channel.map(|channel| json!({ "channel": channel })),
        ip_address: sign_in.address.map(|address| address.to_string()),
        user_agent: sign_in.user_agent,
        now: app.kit.clock.now(),
    };
    store::sessions::note(conn, &seen).await?;
    Ok(())
}

/// Who is signed in, by Firebase's id: it is found before its token has our claims, too.
pub(crate) async fn see_user(app: &App, claims: &FirebaseClaims, sign_in: &SignIn<'_>) -> Result<User, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let user = store::users::by_uid(&mut tx, &claims.uid).await?.ok_or(Refusal::NotRegistered)?;
    let user = if store::users::touch(&mut tx, user.id, now).await? {
        begin_session(app, &mut tx, user.id, sign_in).await?;
        User { last_login_at: Some(now), ..user }
    } else {
        user
    };
    tx.commit().await?;
    Ok(user)
}
