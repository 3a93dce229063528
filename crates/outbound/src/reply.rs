//! An answer, read in whole, before anyone decides what it means.

use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::OutboundError;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Reply {
    /// Whether the status is a 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Reads the body as JSON. An answer that cannot be read leaves the effect unknown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, OutboundError> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            // The path only: serde quotes values in its messages, and values may be personal.
            OutboundError::unknown(format!("HTTP {} with a body we do not understand at {}", self.status.as_u16(), error.path()))
        })
    }

    /// Reads the body as JSON if it is what `T` expects.
    pub fn try_json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long the other side asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }

    /// The error that the status stands for, with the other side's own words.
    pub fn failure(&self, code: impl Into<String>, message: impl Into<String>) -> OutboundError {
        OutboundError::from_status(self.status, self.retry_after(), code, message)
    }
}

/// Reads `Retry-After`: seconds, or a date, which is measured against the answer's own `Date`.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let wanted = text(header::RETRY_AFTER)?.trim();
    if let Ok(seconds) = wanted.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(wanted).ok()?;
    let sent = DateTime::parse_from_rfc2822(text(header::DATE)?).ok()?;
    (at - sent).to_std().ok()
}
