//! Firebase's refusals, which come as `CODE` or `CODE : detail`.

use std::time::Duration;

use outbound::{Failure, OutboundError, Reply};
use serde_json::Value;

/// Whether Firebase did it, and whether asking again helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirebaseError {
    /// Nothing was done; trying again later makes sense.
    #[error("may be tried again: {reason}")]
    Retry {
        /// For the log.
        reason: String,
        /// How long Firebase asked us to wait.
        after: Option<Duration>,
    },
    /// It may or may not have been done.
    #[error("effect unknown: {reason}")]
    Unknown {
        /// For the log.
        reason: String,
    },
    /// Firebase will not do it.
    #[error("refused: {code:?}")]
    Refused {
        /// Why.
        code: FirebaseCode,
        /// Firebase's words; may hold what the user typed, so not for the log.
        detail: Option<String>,
    },
}

impl FirebaseError {
    /// Why it was refused, if it was.
    pub fn code(&self) -> Option<&FirebaseCode> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Retry { .. } | Self::Unknown { .. } => None,
        }
    }

    pub(crate) fn refused(code: FirebaseCode) -> Self {
        Self::Refused { code, detail: None }
    }
}

impl Failure for FirebaseError {
    fn is_transient(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }

    fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after, .. } => *after,
            Self::Unknown { .. } | Self::Refused { .. } => None,
        }
    }
}

impl From<OutboundError> for FirebaseError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Retry { reason, after } => Self::Retry { reason, after },
            OutboundError::Unknown { reason } => Self::Unknown { reason },
            OutboundError::Reject { code, message, .. } => {
                Self::Refused { code: FirebaseCode::Other(code), detail: Some(message) }
            }
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $first:literal $(| $other:literal)*),+ $(,)?) => {
        /// The refusals we tell apart.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum FirebaseCode {
            $($(#[$doc])* $name,)+
            /// Anything else, as sent.
            Other(String),
        }

        impl FirebaseCode {
            /// Reads Firebase's word.
            pub fn parse(text: &str) -> Self {
                match text {
                    $($first $(| $other)* => Self::$name,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

codes! {
    /// Not a phone number.
    InvalidPhoneNumber = "INVALID_PHONE_NUMBER" | "MISSING_PHONE_NUMBER",
    /// The six digits are wrong; the session goes on.
    InvalidCode = "INVALID_CODE" | "MISSING_CODE",
    /// No such session, or one that was used up.
    InvalidSession = "INVALID_SESSION_INFO" | "MISSING_SESSION_INFO",
    /// The code is too old.
    SessionExpired = "SESSION_EXPIRED",
    /// Too many tries from this phone.
    TooManyAttempts = "TOO_MANY_ATTEMPTS_TRY_LATER",
    /// Firebase's own quota.
    QuotaExceeded = "QUOTA_EXCEEDED",
    /// The client did not prove that it is one.
    Attestation = "MISSING_RECAPTCHA_TOKEN" | "INVALID_RECAPTCHA_TOKEN" | "CAPTCHA_CHECK_FAILED"
        | "MISSING_CLIENT_IDENTIFIER" | "MISSING_APP_CREDENTIAL" | "INVALID_APP_CREDENTIAL",
    /// The account is disabled.
    UserDisabled = "USER_DISABLED",
    /// No such account.
    UserNotFound = "USER_NOT_FOUND",
    /// Another account has the phone.
    PhoneNumberExists = "PHONE_NUMBER_EXISTS",
    /// Another account has the uid.
    UidExists = "DUPLICATE_LOCAL_ID",
    /// The sign-in method is switched off.
    NotAllowed = "OPERATION_NOT_ALLOWED",
    /// Not a refresh token, or one of another project.
    InvalidRefreshToken = "INVALID_REFRESH_TOKEN" | "MISSING_REFRESH_TOKEN" | "INVALID_GRANT_TYPE",
    /// The refresh token was revoked, or its user changed.
    TokenExpired = "TOKEN_EXPIRED",
    /// Not a custom token, or one not signed by our account.
    InvalidCustomToken = "INVALID_CUSTOM_TOKEN" | "MISSING_CUSTOM_TOKEN" | "CREDENTIAL_MISMATCH",
    /// More than 1000 characters.
    ClaimsTooLarge = "CLAIMS_TOO_LARGE",
    /// Not a JSON object.
    InvalidClaims = "INVALID_CLAIMS",
    /// A reserved name.
    ForbiddenClaim = "FORBIDDEN_CLAIM",
    /// Our own credentials are wrong.
    Unauthorized = "UNAUTHENTICATED" | "PERMISSION_DENIED" | "INVALID_ID_TOKEN",
}

/// Reads an answer that is not a 2xx.
pub(crate) fn read_failure(reply: &Reply) -> FirebaseError {
    let status = reply.status.as_u16();
    if matches!(status, 429 | 500..=599) {
        return reply.failure("", "").into();
    }
    let body: Value = reply.try_json().unwrap_or_default();
    let error = &body["error"];
    let message = error["message"].as_str().or_else(|| error.as_str()).unwrap_or_default();
    let (word, detail) = match message.split_once(" : ") {
        Some((word, detail)) => (word, Some(detail.to_owned())),
        None => (message, None),
    };
    let mut code = FirebaseCode::parse(word.trim());
    if matches!(code, FirebaseCode::Other(_)) {
        // Google's own refusals are sentences; their status is the word.
        match (status, error["status"].as_str()) {
            (401 | 403, _) => code = FirebaseCode::Unauthorized,
            (_, Some(word)) if word.starts_with("UNAUTH") || word.starts_with("PERMISSION") => {
                code = FirebaseCode::Unauthorized;
            }
            _ => {}
        }
    }
    FirebaseError::Refused { code, detail }
}
