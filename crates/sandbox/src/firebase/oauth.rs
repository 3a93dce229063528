//! Google's token endpoint: a service account's signed assertion for an access token.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Grant, error::IdentityError};
use crate::{
    random,
    state::{App, Shared},
};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// The same endpoint under this sandbox's address, whatever host name it goes by.
const OWN_PATH: &str = "/google/oauth2/token";
const LIFE: i64 = 3_600;

#[derive(Clone, Deserialize)]
struct Assertion {
    iss: String,
    scope: Option<String>,
    aud: String,
    iat: i64,
    exp: i64,
}

type Refusal = (StatusCode, Json<Value>);

fn refuse(error: &str, description: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error, "error_description": description})))
}

/// `POST /token`
pub(super) async fn token(State(app): State<Shared>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let field =
        |wanted: &str| url::form_urlencoded::parse(&body).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    if field("grant_type").as_deref() != Some(GRANT_TYPE) {
        return Err(refuse("unsupported_grant_type", "Invalid grant_type"));
    }
    let assertion = field("assertion").ok_or_else(|| refuse("invalid_request", "Missing required parameter: assertion"))?;
    let claims: Assertion = app.service_key.verify(&assertion).map_err(|_| refuse("invalid_grant", "Invalid JWT Signature."))?;
    if claims.iss != app.service_account.client_email {
        return Err(refuse("invalid_grant", "Invalid grant: account not found"));
    }
    if claims.aud != AUDIENCE && !claims.aud.ends_with(OWN_PATH) {
        return Err(refuse("invalid_grant", "Failed audience check."));
    }
    let now = app.clock.now().timestamp();
    if claims.exp <= now || claims.iat > now + 300 || claims.exp > claims.iat + 3_600 {
        return Err(refuse(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        ));
    }
    let scopes: Vec<String> = claims.scope.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err(refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided."));
    }
    let token = format!("ya29.{}", random::alphanumeric(120));
    let mut state = app.world.firebase.lock();
    state.grants.retain(|_, grant| grant.expires_at > now);
    state.grants.insert(token.clone(), Grant { expires_at: now + LIFE, scopes });
    Ok(Json(json!({"access_token": token, "expires_in": LIFE - 1, "token_type": "Bearer"})))
}

/// Refuses a call without a living access token of one of these scopes.
pub(crate) fn require_scope(app: &App, headers: &HeaderMap, any_of: &[&str]) -> Result<(), IdentityError> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(IdentityError::unauthenticated)?;
    let now = app.clock.now().timestamp();
    let state = app.world.firebase.lock();
    let grant = state.grants.get(token).filter(|grant| grant.expires_at > now).ok_or_else(IdentityError::unauthenticated)?;
    if grant.scopes.iter().any(|scope| any_of.contains(&scope.as_str())) {
        return Ok(());
    }
    Err(IdentityError::forbidden("Request had insufficient authentication scopes."))
}
