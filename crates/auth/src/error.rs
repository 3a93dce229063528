//! Why a token or a setting was refused.

/// Why a token was refused. All but [`TokenError::KeysUnavailable`] are the caller's fault (401).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three base64url parts holding the JSON that is expected.
    #[error("the token is malformed")]
    Malformed,
    /// An unsigned token while emulator mode is off.
    #[error("the token is not signed")]
    Unsigned,
    /// Signed in a way that is not accepted here.
    #[error("the token's signing algorithm is not accepted")]
    WrongAlgorithm,
    /// The header does not say which key signed it.
    #[error("the token does not name its key")]
    MissingKeyId,
    /// No published key has this id.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature does not fit the content.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// A Firebase custom token, which has to be exchanged for an ID token first.
    #[error("this is a custom token, not an ID token")]
    CustomToken,
    /// Made for somebody else.
    #[error("the token is meant for another audience")]
    WrongAudience,
    /// Made by somebody else.
    #[error("the token comes from another issuer")]
    WrongIssuer,
    /// A claim that must be there is not.
    #[error("the token lacks the claim {0}")]
    MissingClaim(&'static str),
    /// A claim is there but makes no sense.
    #[error("the token's claim {0} is not usable")]
    BadClaim(&'static str),
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Issued later than now.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// The sign-in it tells of lies in the future.
    #[error("the token's sign-in lies in the future")]
    SignedInInFuture,
    /// The published keys could not be fetched, so nothing can be said about the token (503).
    #[error("the keys to verify tokens are not available")]
    KeysUnavailable,
}

impl TokenError {
    /// True when the token may be good but cannot be checked at the moment: 503, not 401.
    #[must_use]
    pub fn is_unavailable(self) -> bool {
        matches!(self, Self::KeysUnavailable)
    }

    /// A stable name for logs and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsigned => "unsigned",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::MissingKeyId => "missing_key_id",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::CustomToken => "custom_token",
            Self::WrongAudience => "wrong_audience",
            Self::WrongIssuer => "wrong_issuer",
            Self::MissingClaim(_) => "missing_claim",
            Self::BadClaim(_) => "bad_claim",
            Self::Expired => "expired",
            Self::IssuedInFuture => "issued_in_future",
            Self::SignedInInFuture => "signed_in_in_future",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }
}

/// Why a service must not start with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Emulator tokens are unsigned: anybody could be anybody.
    #[error(
        "FIREBASE_AUTH_EMULATOR_HOST is set while REALSERV_ENV=production: \
         unsigned emulator tokens would be accepted; unset it"
    )]
    EmulatorInProduction,
    /// A variable that is needed is empty.
    #[error("{0} must not be empty")]
    Missing(&'static str),
    /// A variable holds something unusable; the second part says what, never the value.
    #[error("{0} is not usable: {1}")]
    Unusable(&'static str, String),
}
