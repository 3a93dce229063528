//! Identity Toolkit's error body.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::faults::google_status;

/// A refusal, as `CODE` or `CODE : detail`.
#[derive(Debug)]
pub(crate) struct IdentityError {
    status: u16,
    message: String,
}

impl IdentityError {
    /// 400 with a message.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    /// 401: no usable bearer token.
    pub(crate) fn unauthenticated() -> Self {
        Self { status: 401, message: "Request had invalid authentication credentials. Expected OAuth 2 access token.".into() }
    }

    /// 403: known, but not allowed.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: 403, message: message.into() }
    }

    /// 500, when signing itself failed.
    pub(crate) fn internal(error: &impl ToString) -> Self {
        Self { status: 500, message: format!("INTERNAL_ERROR : {}", error.to_string()) }
    }
}

impl IntoResponse for IdentityError {
    fn into_response(self) -> Response {
        let reason = match self.status {
            401 => "authError",
            403 => "forbidden",
            _ => "invalid",
        };
        let mut error = json!({
            "code": self.status, "message": self.message,
            "errors": [{"message": self.message, "domain": "global", "reason": reason}],
        });
        if self.status != 400 {
            error["status"] = google_status(self.status).into();
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({"error": error}))).into_response()
    }
}
