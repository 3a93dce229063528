//! Razorpay's error body.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A refusal. Business errors are 400, an unknown id included.
#[derive(Debug)]
pub(crate) struct RazorpayError {
    status: StatusCode,
    description: String,
    field: Option<String>,
}

impl RazorpayError {
    /// 400 about the request as a whole.
    pub(crate) fn bad(description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, description: description.into(), field: None }
    }

    /// 400 about one field.
    pub(crate) fn field(field: &str, description: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::bad(description) }
    }

    /// 400 for an id nobody knows.
    pub(crate) fn unknown_id() -> Self {
        Self::bad("The id provided does not exist")
    }

    /// 409 about an idempotency key.
    pub(crate) fn conflict(description: &str) -> Self {
        Self { status: StatusCode::CONFLICT, ..Self::bad(description) }
    }

    /// 401.
    pub(crate) fn unauthenticated() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::bad("Authentication failed") }
    }
}

impl IntoResponse for RazorpayError {
    fn into_response(self) -> Response {
        let body = match &self.field {
            Some(field) => json!({"error": {
                "code": "BAD_REQUEST_ERROR", "description": self.description, "field": field,
                "source": "business", "step": "payment_initiation", "reason": "input_validation_failed", "metadata": {},
            }}),
            None => json!({"error": {
                "code": "BAD_REQUEST_ERROR", "description": self.description,
                "source": "NA", "step": "NA", "reason": "NA", "metadata": {},
            }}),
        };
        (self.status, Json(body)).into_response()
    }
}
