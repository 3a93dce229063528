//! What FCM's error codes mean for what to do next.

use std::time::Duration;

use outbound::{Failure, OutboundError, Reply};
use serde_json::Value;

/// Whether a notification went out, and what to do if not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The device is gone: forget its token.
    #[error("the device's token is gone")]
    TokenGone,
    /// It did not go out; trying again later makes sense.
    #[error("may be tried again: {reason}")]
    Retry {
        /// For the log.
        reason: String,
        /// Not before this long.
        after: Option<Duration>,
    },
    /// It may or may not have gone out.
    #[error("effect unknown: {reason}")]
    Unknown {
        /// For the log.
        reason: String,
    },
    /// It will never go out.
    #[error("refused ({code}): {message}")]
    Refused {
        /// FCM's code.
        code: String,
        /// FCM's words.
        message: String,
    },
    /// Nothing goes out until somebody of ours does something: credentials, APNs key, project.
    #[error("needs attention ({code}): {message}")]
    Alert {
        /// FCM's code.
        code: String,
        /// FCM's words.
        message: String,
    },
}

impl Failure for PushError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Retry { .. } | Self::Unknown { .. })
    }

    fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after, .. } => *after,
            _ => None,
        }
    }
}

impl From<OutboundError> for PushError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Retry { reason, after } => Self::Retry { reason, after },
            OutboundError::Unknown { reason } => Self::Unknown { reason },
            OutboundError::Reject { status: 401 | 403, code, message } => Self::Alert { code, message },
            OutboundError::Reject { code, message, .. } => Self::Refused { code, message },
        }
    }
}

/// Reads an answer that is not a 2xx: the FCM code among the details first, then the status.
pub(crate) fn read_failure(reply: &Reply) -> PushError {
    let body: Value = reply.try_json().unwrap_or_default();
    let error = &body["error"];
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fcm_code = details.iter().find_map(|detail| detail["errorCode"].as_str());
    let Some(code) = fcm_code.or_else(|| error["status"].as_str()) else {
        return reply.failure("", "").into();
    };
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    let bad_field = details.iter().any(|detail| detail.get("fieldViolations").is_some());
    let retry = |least: Option<Duration>| PushError::Retry { reason: code.to_owned(), after: reply.retry_after().max(least) };
    match code {
        "UNREGISTERED" | "SENDER_ID_MISMATCH" => PushError::TokenGone,
        // Said by FCM itself and about no field of ours: the token is what is wrong.
        "INVALID_ARGUMENT" if fcm_code.is_some() && !bad_field => PushError::TokenGone,
        "QUOTA_EXCEEDED" | "RESOURCE_EXHAUSTED" => retry(Some(Duration::from_secs(60))),
        "UNAVAILABLE" | "INTERNAL" => retry(None),
        "THIRD_PARTY_AUTH_ERROR" | "UNAUTHENTICATED" | "PERMISSION_DENIED" => PushError::Alert { code: code.to_owned(), message },
        code if reply.status.is_client_error() && reply.status.as_u16() != 429 => {
            PushError::Refused { code: code.to_owned(), message }
        }
        code => reply.failure(code, message).into(),
    }
}
