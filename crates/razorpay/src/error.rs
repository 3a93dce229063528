//! What Razorpay's refusals mean.

use std::time::Duration;

use outbound::{Failure, OutboundError, Reply};
use serde::Deserialize;
use serde_json::Value;

/// Whether Razorpay did it, and whether asking again helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RazorpayError {
    /// Nothing was done; trying again later makes sense.
    #[error("may be tried again: {reason}")]
    Retry {
        /// For the log.
        reason: String,
        /// How long Razorpay asked us to wait.
        after: Option<Duration>,
    },
    /// It may or may not have been done: look it up before doing anything else.
    #[error("effect unknown: {reason}")]
    Unknown {
        /// For the log.
        reason: String,
    },
    /// Razorpay will not do it.
    #[error("refused: {0}")]
    Refused(Box<Refusal>),
}

impl RazorpayError {
    /// What kind of refusal it is, if it is one.
    pub fn refusal(&self) -> Option<RefusalKind> {
        match self {
            Self::Refused(refusal) => Some(refusal.kind),
            Self::Retry { .. } | Self::Unknown { .. } => None,
        }
    }
}

impl Failure for RazorpayError {
    fn is_transient(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after, .. } => *after,
            Self::Unknown { .. } | Self::Refused(_) => None,
        }
    }
}

impl From<OutboundError> for RazorpayError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Retry { reason, after } => Self::Retry { reason, after },
            OutboundError::Unknown { reason } => Self::Unknown { reason },
            OutboundError::Reject { status, code, message } => {
                Self::Refused(Box::new(Refusal { status, code, description: message, ..Refusal::default() }))
            }
        }
    }
}

/// A refusal in Razorpay's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("HTTP {status} {code}: {description}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// What it means to us.
    pub kind: RefusalKind,
    /// Razorpay's code; nearly always `BAD_REQUEST_ERROR`.
    pub code: String,
    /// Razorpay's sentence.
    pub description: String,
    /// The field it is about.
    pub field: Option<String>,
    /// Razorpay's reason.
    pub reason: Option<String>,
}

/// The refusals that we treat differently. Razorpay has one code for nearly all, so its sentences
/// are looked at; one that is not recognised is [`RefusalKind::Other`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RefusalKind {
    /// Our credentials are wrong.
    Unauthorized,
    /// No such order, payment, refund or link.
    NotFound,
    /// Captured before.
    AlreadyCaptured,
    /// Nothing left to refund.
    AlreadyRefunded,
    /// More than is left.
    RefundTooLarge,
    /// The refund key was used for another refund.
    KeyReused,
    /// The link's reference was used before.
    ReferenceUsed,
    /// Anything else.
    #[default]
    Other,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

/// Reads an answer that is not a 2xx. `moves` says whether the call was to change something: then a
/// gateway that gave up midway leaves the effect unknown.
pub(crate) fn read_failure(reply: &Reply, moves: bool) -> RazorpayError {
    let status = reply.status.as_u16();
    let details = details(&reply.body);
    let code = details.code.unwrap_or_default();
    let description = details.description.unwrap_or_default();
    let text = description.to_ascii_lowercase();
    let reason = format!("HTTP {status} {code}");
    let retry = || RazorpayError::Retry { reason: reason.clone(), after: reply.retry_after() };
    let gave_up = matches!(code.as_str(), "GATEWAY_ERROR" | "SERVER_ERROR");
    match status {
        429 | 503 => return retry(),
        409 if !text.contains("different request") => return retry(),
        500..=599 if moves => return RazorpayError::Unknown { reason },
        500..=599 => return retry(),
        400..=499 if gave_up => return RazorpayError::Unknown { reason },
        _ => {}
    }
    RazorpayError::Refused(Box::new(Refusal {
        status,
        kind: kind(status, &text),
        code,
        description,
        field: details.field,
        reason: details.reason,
    }))
}

/// The three shapes an error comes in: `{"error":{…}}`, `{"message":…}` and bare text.
fn details(body: &[u8]) -> Details {
    let sentence = |text: &str| Details { description: Some(text.chars().take(300).collect()), ..Details::default() };
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Details::default();
    };
    match &value {
        Value::String(text) => sentence(text),
        Value::Object(fields) => match (fields.get("error"), fields.get("message")) {
            (Some(Value::String(text)), _) | (None, Some(Value::String(text))) => sentence(text),
            (Some(error), _) => serde_json::from_value(error.clone()).unwrap_or_default(),
            _ => Details::default(),
        },
        _ => Details::default(),
    }
}

fn kind(status: u16, text: &str) -> RefusalKind {
    let says = |part: &str| text.contains(part);
    if status == 401 || says("authentication failed") {
        RefusalKind::Unauthorized
    } else if status == 404 || says("does not exist") || says("not a valid id") {
        RefusalKind::NotFound
    } else if status == 409 {
        RefusalKind::KeyReused
    } else if says("fully refunded") {
        RefusalKind::AlreadyRefunded
    } else if says("already been captured") || says("already paid") || says("already done") || says("already captured") {
        RefusalKind::AlreadyCaptured
    } else if says("refund") && (says("exceed") || says("greater than")) {
        RefusalKind::RefundTooLarge
    } else if says("reference") && says("already") {
        RefusalKind::ReferenceUsed
    } else {
        RefusalKind::Other
    }
}
