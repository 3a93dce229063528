//! What a failed call means for what to do next.

use std::{error::Error, time::Duration};

use http::StatusCode;

/// A call that did not work, in the three ways that matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Nothing was done; trying again later makes sense.
    #[error("may be tried again: {reason}")]
    Retry {
        /// For the log; never holds a secret or a URL.
        reason: String,
        /// How long the other side asked us to wait.
        after: Option<Duration>,
    },
    /// The request went out and no usable answer came back: it may or may not have been done.
    #[error("effect unknown: {reason}")]
    Unknown {
        /// For the log; never holds a secret or a URL.
        reason: String,
    },
    /// The other side refused it and will refuse it again.
    #[error("refused with {status} {code}: {message}")]
    Reject {
        /// HTTP status.
        status: u16,
        /// The other side's own code, or empty.
        code: String,
        /// The other side's sentence.
        message: String,
    },
}

impl OutboundError {
    /// A retryable failure without a wish about when.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None }
    }

    /// A call whose effect nobody knows.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into() }
    }

    /// A refusal.
    pub fn reject(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Reject { status, code: code.into(), message: message.into() }
    }

    /// What an HTTP status says by itself, for systems that say nothing more useful in the body.
    ///
    /// 429, 502, 503 and 504 may be tried again. Any other 5xx is a server that gave up midway:
    /// whether it did the work is unknown. The rest is a refusal.
    pub fn from_status(status: StatusCode, after: Option<Duration>, code: impl Into<String>, message: impl Into<String>) -> Self {
        match status.as_u16() {
            429 | 502 | 503 | 504 => Self::Retry { reason: format!("HTTP {}", status.as_u16()), after },
            500..=599 => Self::unknown(format!("HTTP {}", status.as_u16())),
            other => Self::reject(other, code, message),
        }
    }

    /// Whether a call that is safe to repeat should be repeated.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Reject { .. })
    }

    /// The wait the other side asked for.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after, .. } => *after,
            Self::Unknown { .. } | Self::Reject { .. } => None,
        }
    }

    /// The word under which the failure is counted.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Unknown { .. } => "unknown",
            Self::Reject { .. } => "rejected",
        }
    }
}

/// Says what a failure below HTTP means. The URL is left out: some APIs want their key in it.
pub fn transport_error(error: reqwest::Error) -> OutboundError {
    let error = error.without_url();
    if error.is_builder() {
        return OutboundError::reject(0, "invalid_request", error.to_string());
    }
    if error.is_connect() {
        return OutboundError::retry(format!("no connection: {}", root_cause(&error)));
    }
    if error.is_timeout() {
        return OutboundError::unknown("no answer in time");
    }
    OutboundError::unknown(format!("connection lost: {}", root_cause(&error)))
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
