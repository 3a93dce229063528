//! ID tokens, refresh tokens and the claims in them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{FirebaseState, Session, User, error::IdentityError};
use crate::{random, state::App};

/// An ID token's life in seconds.
pub(super) const LIFE: i64 = 3_600;
/// The audience of custom tokens.
pub(super) const CUSTOM_TOKEN_AUDIENCE: &str =
    "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

const RESERVED: &[&str] = &[
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "cnf",
    "c_hash",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "sub",
    "firebase",
];

/// Refuses names that belong to Firebase. `user_id` is not among them, although it is overwritten.
pub(super) fn check_claim_names(claims: &Map<String, Value>) -> Result<(), IdentityError> {
    match claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
        Some(name) => Err(IdentityError::bad(format!("FORBIDDEN_CLAIM : {name}"))),
        None => Ok(()),
    }
}

/// Refuses custom attributes that are not a small JSON object.
pub(super) fn check_custom_attributes(text: &str) -> Result<(), IdentityError> {
    if text.chars().count() > 1_000 {
        return Err(IdentityError::bad("CLAIMS_TOO_LARGE"));
    }
    if text.is_empty() {
        return Ok(());
    }
    let claims: Map<String, Value> = serde_json::from_str(text).map_err(|_| IdentityError::bad("INVALID_CLAIMS"))?;
    check_claim_names(&claims)
}

/// The claims of an ID token. What Firebase itself says comes last and so overwrites the rest.
pub(super) fn id_claims(project: &str, user: &User, session: &Session, now: i64) -> Value {
    let mut claims: Map<String, Value> = match &user.custom_attributes {
        Some(text) => serde_json::from_str(text).unwrap_or_default(),
        None => Map::new(),
    };
    claims.extend(session.claims.clone());
    let mut identities = Map::new();
    if let Some(name) = &user.display_name {
        claims.insert("name".into(), name.clone().into());
    }
    if let Some(email) = &user.email {
        claims.insert("email".into(), email.clone().into());
        claims.insert("email_verified".into(), user.email_verified.into());
        identities.insert("email".into(), json!([email]));
    }
    if let Some(phone) = &user.phone_number {
        claims.insert("phone_number".into(), phone.clone().into());
        identities.insert("phone".into(), json!([phone]));
    }
    for (name, value) in [
        ("iss", json!(format!("https://securetoken.google.com/{project}"))),
        ("aud", json!(project)),
        ("auth_time", json!(session.auth_time)),
        ("user_id", json!(user.local_id)),
        ("sub", json!(user.local_id)),
        ("iat", json!(now)),
        ("exp", json!(now + LIFE)),
        ("firebase", json!({"identities": identities, "sign_in_provider": session.provider})),
    ] {
        claims.insert(name.into(), value);
    }
    Value::Object(claims)
}

/// A signed-in user's two tokens.
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) refresh_token: String,
}

impl App {
    /// Signs an ID token; outside any lock, for signing takes a millisecond.
    pub(super) fn sign_id_token(&self, claims: &Value) -> Result<String, IdentityError> {
        match self.id_keys().first() {
            Some(key) => key.sign(claims).map_err(|error| IdentityError::internal(&error)),
            None => Err(IdentityError::internal(&"no key")),
        }
    }

    /// The uid of an ID token given as credential, if it still counts.
    pub(super) fn verify_id_token(&self, token: &str) -> Result<String, IdentityError> {
        #[derive(Clone, Deserialize)]
        struct Claims {
            sub: String,
            aud: String,
            exp: i64,
            auth_time: i64,
        }
        let claims = self
            .id_keys()
            .iter()
            .find_map(|key| key.verify::<Claims>(token).ok())
            .filter(|claims| claims.aud == self.settings.firebase_project_id)
            .ok_or_else(|| IdentityError::bad("INVALID_ID_TOKEN"))?;
        if claims.exp <= self.clock.now().timestamp() {
            return Err(IdentityError::bad("INVALID_ID_TOKEN"));
        }
        let state = self.world.firebase.lock();
        let user = state.users.get(&claims.sub).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
        if user.disabled {
            return Err(IdentityError::bad("USER_DISABLED"));
        }
        if claims.auth_time < user.valid_since {
            return Err(IdentityError::bad("TOKEN_EXPIRED"));
        }
        Ok(claims.sub)
    }

    /// Notes the sign-in and makes both tokens.
    pub(super) fn open_session(&self, uid: &str, provider: &str, claims: Map<String, Value>) -> Result<Tokens, IdentityError> {
        let now = self.clock.now();
        let session = Session { uid: uid.to_owned(), auth_time: now.timestamp(), provider: provider.to_owned(), claims };
        let refresh_token = format!("AMf-{}", random::alphanumeric(160));
        let id_claims = {
            let mut state = self.world.firebase.lock();
            let user = state.signed_in(uid, now.timestamp_millis(), now.to_rfc3339())?;
            let id_claims = id_claims(&self.settings.firebase_project_id, &user, &session, now.timestamp());
            state.sessions.insert(refresh_token.clone(), session);
            id_claims
        };
        Ok(Tokens { id_token: self.sign_id_token(&id_claims)?, refresh_token })
    }
}

impl FirebaseState {
    fn signed_in(&mut self, uid: &str, millis: i64, at: String) -> Result<User, IdentityError> {
        let user = self.users.get_mut(uid).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
        if user.disabled {
            return Err(IdentityError::bad("USER_DISABLED"));
        }
        user.last_login_at_ms = millis;
        user.last_refresh_at = at;
        Ok(user.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_id_may_be_stored_but_the_token_carries_the_uid() {
        let attributes = r#"{"user_id":"internal-7","app_user_id":"a-1"}"#;
        check_custom_attributes(attributes).unwrap();
        let user = User { local_id: "uid-1".into(), custom_attributes: Some(attributes.into()), ..User::default() };
        let session = Session { uid: "uid-1".into(), auth_time: 5, provider: "phone".into(), claims: Map::new() };
        let claims = id_claims("demo", &user, &session, 10);
        assert_eq!(claims["user_id"], "uid-1");
        assert_eq!(claims["app_user_id"], "a-1");
        assert_eq!(claims["exp"], 3_610);
    }

    #[test]
    fn reserved_or_oversized_attributes_are_refused() {
        assert!(check_custom_attributes(r#"{"firebase":1}"#).is_err());
        assert!(check_custom_attributes("[]").is_err());
        assert!(check_custom_attributes(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000))).is_err());
        assert!(check_custom_attributes(&format!(r#"{{"a":"{}"}}"#, "x".repeat(992))).is_ok());
    }
}
