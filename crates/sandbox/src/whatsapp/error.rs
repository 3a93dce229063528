//! The Graph API's error body.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::random;

/// A refusal.
#[derive(Debug)]
pub(crate) struct WhatsappError {
    status: StatusCode,
    code: u64,
    subcode: Option<u64>,
    message: String,
    details: Option<String>,
}

impl WhatsappError {
    /// 400 with one of Meta's codes.
    pub(crate) fn new(code: u64, details: impl Into<String>) -> Self {
        let message = format!("(#{code}) {}", title(code));
        Self { status: StatusCode::BAD_REQUEST, code, subcode: None, message, details: Some(details.into()) }
    }

    /// A field with a value that cannot be.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(131_009, details)
    }

    /// A field that is missing.
    pub(crate) fn missing(details: impl Into<String>) -> Self {
        Self::new(131_008, details)
    }

    /// 401: wrong token.
    pub(crate) fn unauthenticated() -> Self {
        let message = "Invalid OAuth access token - Cannot parse access token".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, code: 190, subcode: None, message, details: None }
    }

    /// 400: no such object.
    pub(crate) fn unknown_object(id: &str) -> Self {
        let message = format!(
            "Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation."
        );
        Self { status: StatusCode::BAD_REQUEST, code: 100, subcode: Some(33), message, details: None }
    }
}

impl IntoResponse for WhatsappError {
    fn into_response(self) -> Response {
        let mut error =
            json!({"message": self.message, "type": "OAuthException", "code": self.code, "fbtrace_id": random::alphanumeric(23)});
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}

/// The body of an outage.
pub(crate) fn outage(status: u16, code: Option<u64>) -> Value {
    let code = code.unwrap_or(match status {
        401 => 190,
        403 => 10,
        429 => 130_429,
        503 => 131_016,
        400..=499 => 100,
        _ => 131_000,
    });
    let transient = matches!(code, 2 | 4 | 80_007 | 130_429 | 131_000 | 131_016 | 131_048 | 131_056 | 131_057);
    json!({"error": {
        "message": format!("(#{code}) {}", title(code)), "type": "OAuthException", "code": code, "is_transient": transient,
        "error_data": {"messaging_product": "whatsapp", "details": title(code)}, "fbtrace_id": random::alphanumeric(23),
    }})
}

/// The words that go with a code.
pub(super) fn title(code: u64) -> &'static str {
    match code {
        4 | 80_007 => "Application request limit reached",
        10 => "Application does not have permission for this action",
        100 => "Invalid parameter",
        190 => "Access token has expired",
        130_429 => "Rate limit hit",
        131_000 => "Something went wrong",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_051 => "Unsupported message type",
        131_052 => "Media download error",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_012 => "Parameter format does not match format in the created template",
        _ => "Message failed to send",
    }
}
