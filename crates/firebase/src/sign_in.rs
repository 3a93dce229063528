//! What a sign-in yields.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use crate::{FirebaseCode, FirebaseError};

/// Somebody is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// ID token: what our services check.
    pub id_token: SecretString,
    /// With which the client gets the next ID token.
    pub refresh_token: SecretString,
    /// How long the ID token is good.
    pub expires_in: Duration,
    /// Firebase's uid; a custom-token sign-in does not say it.
    pub uid: Option<String>,
    /// Whether the account was made by this.
    pub is_new_user: bool,
    /// Phone, E.164.
    pub phone: Option<String>,
}

/// A fresh ID token.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// ID token.
    pub id_token: SecretString,
    /// The refresh token from now on.
    pub refresh_token: SecretString,
    /// How long the ID token is good.
    pub expires_in: Duration,
    /// Firebase's uid.
    pub uid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInAnswer {
    id_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    expires_in: Option<String>,
    local_id: Option<String>,
    #[serde(default)]
    is_new_user: bool,
    phone_number: Option<String>,
    temporary_proof: Option<SecretString>,
}

impl TryFrom<SignInAnswer> for SignedIn {
    type Error = FirebaseError;

    fn try_from(answer: SignInAnswer) -> Result<Self, FirebaseError> {
        match (answer.id_token, answer.refresh_token) {
            (Some(id_token), Some(refresh_token)) => Ok(Self {
                id_token,
                refresh_token,
                expires_in: seconds(answer.expires_in.as_deref()),
                uid: answer.local_id,
                is_new_user: answer.is_new_user,
                phone: answer.phone_number,
            }),
            // A 200 that means "this phone belongs to somebody else".
            _ if answer.temporary_proof.is_some() => Err(FirebaseError::refused(FirebaseCode::PhoneNumberExists)),
            _ => Err(FirebaseError::Unknown { reason: "a sign-in without tokens".to_owned() }),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct RefreshAnswer {
    id_token: SecretString,
    refresh_token: SecretString,
    expires_in: Option<String>,
    user_id: String,
}

impl From<RefreshAnswer> for Refreshed {
    fn from(answer: RefreshAnswer) -> Self {
        Self {
            id_token: answer.id_token,
            refresh_token: answer.refresh_token,
            expires_in: seconds(answer.expires_in.as_deref()),
            uid: answer.user_id,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeSent {
    pub(crate) session_info: SecretString,
}

fn seconds(text: Option<&str>) -> Duration {
    Duration::from_secs(text.and_then(|text| text.parse().ok()).unwrap_or(3600))
}
