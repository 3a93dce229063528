//! Our service account: what it signs, it is believed to have said.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::check_token_claims;

/// Audience of custom tokens.
const CUSTOM_TOKEN_AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
/// Audience of access-token assertions.
const OAUTH_AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// What we ask leave for: users, messages, and who we are.
const SCOPES: &str = "https://www.googleapis.com/auth/identitytoolkit \
     https://www.googleapis.com/auth/firebase.messaging \
     https://www.googleapis.com/auth/cloud-platform \
     https://www.googleapis.com/auth/userinfo.email";

/// The account or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// None was configured.
    #[error("FIREBASE_SERVICE_ACCOUNT is not set")]
    Missing,
    /// The text is not a service account's JSON.
    #[error("FIREBASE_SERVICE_ACCOUNT is not a service account's JSON")]
    Malformed,
    /// The key is not an RSA key in PEM.
    #[error("the service account's private key is not an RSA key in PEM")]
    Key,
    /// Signing did not work.
    #[error("signing with the service account's key failed")]
    Signing,
    /// A uid is 1 to 128 characters.
    #[error("a uid has 1 to 128 characters")]
    Uid,
    /// A claim that Firebase keeps for itself.
    #[error("the claim {0} is reserved")]
    ReservedClaim(String),
}

#[derive(Deserialize)]
struct AccountFile {
    client_email: String,
    private_key: SecretString,
    #[serde(default)]
    project_id: Option<String>,
}

/// A service account and its key.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    project_id: Option<String>,
    key: EncodingKey,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct CustomToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    uid: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    claims: &'a Map<String, Value>,
}

impl ServiceAccount {
    /// Reads the JSON that Google hands out.
    pub fn from_json(json: &SecretString) -> Result<Self, AccountError> {
        let file: AccountFile = serde_json::from_str(json.expose_secret()).map_err(|_| AccountError::Malformed)?;
        let key = EncodingKey::from_rsa_pem(file.private_key.expose_secret().as_bytes()).map_err(|_| AccountError::Key)?;
        Ok(Self { email: file.client_email, project_id: file.project_id, key })
    }

    /// The project that the account belongs to.
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// Signs a token with which `uid` can sign in, valid for an hour.
    pub fn mint_custom_token(
        &self,
        uid: &str,
        claims: &Map<String, Value>,
        now: DateTime<Utc>,
    ) -> Result<SecretString, AccountError> {
        if uid.is_empty() || uid.chars().count() > 128 {
            return Err(AccountError::Uid);
        }
        check_token_claims(claims)?;
        self.sign(&CustomToken {
            iss: &self.email,
            sub: &self.email,
            aud: CUSTOM_TOKEN_AUDIENCE,
            iat: now.timestamp(),
            exp: (now + Duration::hours(1)).timestamp(),
            uid,
            claims,
        })
    }

    /// Signs the statement that buys an access token.
    pub(crate) fn assertion(&self, now: DateTime<Utc>) -> Result<SecretString, AccountError> {
        self.sign(&Assertion {
            iss: &self.email,
            scope: SCOPES,
            aud: OAUTH_AUDIENCE,
            iat: now.timestamp(),
            exp: (now + Duration::hours(1)).timestamp(),
        })
    }

    fn sign(&self, claims: &impl Serialize) -> Result<SecretString, AccountError> {
        encode(&Header::new(Algorithm::RS256), claims, &self.key).map(SecretString::from).map_err(|_| AccountError::Signing)
    }
}
