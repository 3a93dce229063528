//! Has a sign-in code sent, where there is a stand-in for Firebase.

use domain::Phone;
use secrecy::{ExposeSecret as _, SecretString};

use super::refusal::Refusal;
use crate::App;

/// Yields the session that the code belongs to. Nothing here looks at whether the phone is known.
pub(crate) async fn send_code(app: &App, phone: &Phone) -> Result<SecretString, Refusal> {
    if app.firebase.is_real() {
        return Err(Refusal::NotFound("what this address names was"));
    }
    let session = app.firebase.send_verification_code(phone, None).await?;
    app.limits.sessions.begun(session.expose_secret(), phone, app.kit.clock.now());
    Ok(session)
}
