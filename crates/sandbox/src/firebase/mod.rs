//! Firebase Authentication: phone sign-in, custom tokens, accounts, refresh, the published keys,
//! and Google's token endpoint for service accounts.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::state::Shared;

mod accounts;
mod error;
mod input;
mod oauth;
mod sign_in;
mod tokens;
mod users;

pub(crate) use oauth::require_scope;

/// A user of the project.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct User {
    local_id: String,
    phone_number: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    display_name: Option<String>,
    disabled: bool,
    custom_attributes: Option<String>,
    valid_since: i64,
    created_at_ms: i64,
    last_login_at_ms: i64,
    last_refresh_at: String,
}

/// A code that was sent and not yet used.
#[derive(Clone, Serialize, Deserialize)]
struct CodeSession {
    phone: String,
    code: String,
    sent_at: i64,
    wrong_tries: u32,
}

/// What a refresh token stands for.
#[derive(Clone, Serialize, Deserialize)]
struct Session {
    uid: String,
    auth_time: i64,
    provider: String,
    claims: Map<String, Value>,
}

/// An access token of a service account.
#[derive(Clone, Serialize, Deserialize)]
struct Grant {
    expires_at: i64,
    scopes: Vec<String>,
}

/// The newest code of a phone, for whoever holds that phone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SentCode {
    pub(crate) code: String,
    pub(crate) session_info: String,
    pub(crate) sent_at: String,
}

/// Everything Firebase remembers.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct FirebaseState {
    users: BTreeMap<String, User>,
    /// E.164 to uid.
    phones: BTreeMap<String, String>,
    code_sessions: BTreeMap<String, CodeSession>,
    newest_codes: BTreeMap<String, SentCode>,
    sessions: BTreeMap<String, Session>,
    grants: BTreeMap<String, Grant>,
    temporary_proofs: BTreeMap<String, String>,
}

impl FirebaseState {
    /// The newest sign-in code sent to a phone.
    pub(crate) fn newest_code(&self, phone: &str) -> Option<SentCode> {
        self.newest_codes.get(phone).cloned()
    }
}

/// `/firebase`.
pub(crate) fn router() -> Router<Shared> {
    let toolkit = Router::new()
        .route("/accounts:sendVerificationCode", post(sign_in::send_verification_code))
        .route("/accounts:signInWithPhoneNumber", post(sign_in::with_phone_number))
        .route("/accounts:signInWithCustomToken", post(sign_in::with_custom_token))
        .route("/accounts:lookup", post(accounts::lookup_own))
        .route("/projects/{project}/accounts", post(accounts::create))
        .route("/projects/{project}/accounts:lookup", post(accounts::lookup))
        .route("/projects/{project}/accounts:update", post(accounts::update))
        .route("/projects/{project}/accounts:delete", post(accounts::delete))
        .route("/projects/{project}/accounts:batchGet", get(accounts::batch_get));
    Router::new()
        .nest("/identitytoolkit/v1", toolkit)
        .route("/securetoken/v1/token", post(sign_in::refresh))
        .route("/jwks", get(jwks))
}

/// `/google/oauth2`.
pub(crate) fn oauth_router() -> Router<Shared> {
    Router::new().route("/token", post(oauth::token))
}

async fn jwks(State(app): State<Shared>) -> Response {
    let keys: Vec<Value> = app.id_keys().iter().map(crate::keys::RsaKey::jwk).collect();
    let mut response = Json(json!({"keys": keys})).into_response();
    let cache = format!("public, max-age={}, must-revalidate, no-transform", app.settings.jwks_max_age);
    if let Ok(value) = HeaderValue::from_str(&cache) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}
