//! The one shape of a refusal: `{"error": {code, message, details, correlation_id}}` (rule 46).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use domain::CorrelationId;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

/// One field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Path of the field, such as `items[0].quantity`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// The code of a request that comes without a token where one is needed.
pub(crate) const UNAUTHENTICATED: &str = "unauthenticated";

/// A refusal on its way out. Made by the named constructors; whatever is a fault of our own says only an id.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    details: Option<serde_json::Value>,
    retry_after: Option<u64>,
    cause: Option<anyhow::Error>,
}

impl ApiError {
    /// A refusal with a stable code and a sentence a person understands.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), details: None, retry_after: None, cause: None }
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: nobody, or somebody whose token does not count.
    #[must_use]
    pub fn unauthorized(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403: known, and not allowed to do this.
    #[must_use]
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404: not there, or not for this caller to know of.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} not found"))
    }

    /// 409: not in the state that this needs.
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 422: readable, and not acceptable.
    #[must_use]
    pub fn unprocessable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 422 naming each field.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [only] if only.field.is_empty() => only.message.clone(),
            [only] => format!("{}: {}", only.field, only.message),
            _ => "some fields are not valid; see details".to_owned(),
        };
        Self::unprocessable("validation_failed", message).with_details(&fields)
    }

    /// 422 naming one field.
    #[must_use]
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// 500: a fault of ours. The caller gets an id, the log gets the cause.
    #[must_use]
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        let mut error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side");
        error.cause = Some(cause.into());
        error
    }

    /// 503: something we need is not there at the moment; trying again makes sense.
    #[must_use]
    pub fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.retry_after = Some(2);
        error
    }

    /// Says more, in a form that programs read.
    #[must_use]
    pub fn with_details(mut self, details: &impl Serialize) -> Self {
        self.details = serde_json::to_value(details).ok();
        self
    }

    /// Says when trying again makes sense, in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What programs read besides the code.
    #[must_use]
    pub const fn details(&self) -> Option<&serde_json::Value> {
        self.details.as_ref()
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

/// A refusal as it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorEnvelope {
    /// What was refused, and why.
    pub error: ErrorBody,
}

/// What was refused, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// Stable; for programs.
    #[schema(example = "validation_failed")]
    pub code: String,
    /// One sentence; for people.
    pub message: String,
    /// More, where there is more: a list of fields, or facts of the refusal. Null otherwise.
    #[serde(default)]
    #[schema(value_type = Value)]
    pub details: Option<serde_json::Value>,
    /// Quote this to support.
    pub correlation_id: CorrelationId,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let correlation_id = context::current().correlation_id;
        if self.status.is_server_error() {
            let cause = self.cause.as_ref().map(|c| format!("{c:#}"));
            tracing::error!(code = self.code, status = self.status.as_u16(), cause, %correlation_id, "request failed");
        } else {
            // Neither message nor details: they may quote what somebody typed.
            let cause = self.cause.as_ref().map(|c| format!("{c:#}"));
            tracing::debug!(code = self.code, status = self.status.as_u16(), cause, "request refused");
        }
        let envelope = ErrorEnvelope {
            error: ErrorBody {
                code: self.code.to_owned(),
                message: self.message.into_owned(),
                details: self.details,
                correlation_id,
            },
        };
        let mut response = (self.status, axum::Json(envelope)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = if self.code == UNAUTHENTICATED { "Bearer" } else { "Bearer error=\"invalid_token\"" };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        pg_kit::DbError::from(error).into()
    }
}

impl From<pg_kit::DbError> for ApiError {
    /// A conflict between transactions or a full pool may work a moment later; the rest is a fault of ours.
    fn from(error: pg_kit::DbError) -> Self {
        if error.is_serialization_failure() || error.is_lock_timeout() {
            return Self::conflict("concurrent_change", "somebody else is changing this right now; try again")
                .with_retry_after(1)
                .with_cause(error);
        }
        if error.is_transient() {
            return Self::unavailable("database_unavailable", "the service is busy; try again in a moment").with_cause(error);
        }
        Self::internal(error)
    }
}

impl From<domain::MoneyError> for ApiError {
    fn from(error: domain::MoneyError) -> Self {
        Self::unprocessable("amount_out_of_range", error.to_string())
    }
}
