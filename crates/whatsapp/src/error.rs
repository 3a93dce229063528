//! What Meta's error codes mean for what to do next.

use std::time::Duration;

use outbound::{Failure, OutboundError, Reply};
use serde_json::Value;

/// What an error code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Later, after at least this long.
    Retry(Option<Duration>),
    /// The 24-hour window is closed: only a template gets through.
    TemplateNeeded,
    /// This person cannot be reached by WhatsApp: try the next channel.
    Undeliverable,
    /// They do not want this kind of message, or had enough of it for now.
    Unwanted,
    /// This message will never go out.
    Permanent,
    /// Nothing goes out until somebody of ours does something.
    Alert,
}

/// Reads Meta's table of codes. `None` for a code that is not in it.
pub fn meaning(code: i64) -> Option<Meaning> {
    let retry = |seconds| Some(Meaning::Retry(Some(Duration::from_secs(seconds))));
    match code {
        // Rates: of the app, of the number, of one person; the quality limit wants real rest.
        4 | 80_007 => retry(60),
        130_429 => retry(5),
        131_048 => retry(300),
        131_056 => retry(10),
        // Meta's own trouble; media that failed once.
        1 | 2 | 131_000 | 131_016 | 131_057 | 131_052 | 131_053 => Some(Meaning::Retry(None)),
        131_047 => Some(Meaning::TemplateNeeded),
        131_026 | 131_062 => Some(Meaning::Undeliverable),
        131_049 | 131_050 | 131_063 => Some(Meaning::Unwanted),
        // Credentials, permissions, policy, billing, registration, switched-off templates.
        0 | 3 | 10 | 190 | 200..=299 | 368 | 130_497 | 131_030 | 131_031 | 131_042 | 132_015 | 132_016 | 133_010 | 133_016 => {
            Some(Meaning::Alert)
        }
        33 | 100 | 131_008 | 131_009 | 131_021 | 131_051 | 132_000 | 132_001 | 132_005 | 132_007 | 132_008 | 132_012
        | 135_000 | 137_000 => Some(Meaning::Permanent),
        _ => None,
    }
}

/// Whether a message went out, and what to do if not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhatsappError {
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
    /// The 24-hour window is closed: send a template.
    #[error("outside the 24-hour window only templates go out")]
    TemplateNeeded,
    /// This person cannot be reached by WhatsApp: try the next channel.
    #[error("undeliverable by WhatsApp ({code}): {detail}")]
    Undeliverable {
        /// Meta's code.
        code: i64,
        /// Meta's words.
        detail: String,
    },
    /// They do not want this kind of message.
    #[error("not wanted ({code}): {detail}")]
    Unwanted {
        /// Meta's code.
        code: i64,
        /// Meta's words.
        detail: String,
    },
    /// It will never go out.
    #[error("refused ({code}): {detail}")]
    Permanent {
        /// Meta's code.
        code: i64,
        /// Meta's words.
        detail: String,
    },
    /// Nothing goes out until somebody of ours does something: token, permission, billing, policy.
    #[error("needs attention ({code}): {detail}")]
    Alert {
        /// Meta's code.
        code: i64,
        /// Meta's words.
        detail: String,
    },
}

impl WhatsappError {
    /// The error that a code stands for; an unknown code is permanent.
    pub fn from_code(code: i64, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        match meaning(code).unwrap_or(Meaning::Permanent) {
            Meaning::Retry(after) => Self::Retry { reason: format!("code {code}: {detail}"), after },
            Meaning::TemplateNeeded => Self::TemplateNeeded,
            Meaning::Undeliverable => Self::Undeliverable { code, detail },
            Meaning::Unwanted => Self::Unwanted { code, detail },
            Meaning::Permanent => Self::Permanent { code, detail },
            Meaning::Alert => Self::Alert { code, detail },
        }
    }

    pub(crate) fn permanent(detail: impl Into<String>) -> Self {
        Self::Permanent { code: 100, detail: detail.into() }
    }
}

impl Failure for WhatsappError {
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

impl From<OutboundError> for WhatsappError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Retry { reason, after } => Self::Retry { reason, after },
            OutboundError::Unknown { reason } => Self::Unknown { reason },
            OutboundError::Reject { status: 401 | 403, message, .. } => Self::Alert { code: 190, detail: message },
            OutboundError::Reject { status, code, message } => {
                Self::Permanent { code: status.into(), detail: format!("{code} {message}") }
            }
        }
    }
}

/// Reads an answer that is not a 2xx. Meta says to go by the code, not by the HTTP status.
pub(crate) fn read_failure(reply: &Reply) -> WhatsappError {
    let body: Value = reply.try_json().unwrap_or_default();
    let error = &body["error"];
    let Some(code) = error["code"].as_i64() else {
        return reply.failure("", "").into();
    };
    let data = &error["error_data"];
    let detail = data["details"].as_str().or_else(|| data.as_str()).or_else(|| error["message"].as_str()).unwrap_or_default();
    let asked = reply.retry_after();
    if meaning(code).is_some() {
        return match WhatsappError::from_code(code, detail) {
            WhatsappError::Retry { reason, after } => WhatsappError::Retry { reason, after: asked.max(after) },
            other => other,
        };
    }
    if error["is_transient"].as_bool() == Some(true) || reply.status.as_u16() == 429 {
        return WhatsappError::Retry { reason: format!("code {code}: {detail}"), after: asked };
    }
    if reply.status.is_server_error() {
        return reply.failure(code.to_string(), detail).into();
    }
    WhatsappError::Permanent { code, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_has_its_meaning() {
        for code in [4, 80_007, 130_429, 131_048, 131_056, 131_000, 131_016, 131_057, 2] {
            assert!(matches!(meaning(code), Some(Meaning::Retry(_))), "{code}");
        }
        for code in [0, 190, 3, 10, 200, 299, 368, 131_031, 130_497, 131_042, 131_030] {
            assert_eq!(meaning(code), Some(Meaning::Alert), "{code}");
        }
        for code in [33, 100, 131_008, 131_009, 131_021, 132_000, 132_001, 132_012] {
            assert_eq!(meaning(code), Some(Meaning::Permanent), "{code}");
        }
        assert_eq!(meaning(131_047), Some(Meaning::TemplateNeeded));
        assert_eq!(meaning(131_026), Some(Meaning::Undeliverable));
        assert_eq!(meaning(131_050), Some(Meaning::Unwanted));
        assert_eq!(meaning(999_999), None);
    }
}
