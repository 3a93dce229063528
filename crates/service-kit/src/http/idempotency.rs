//! The `Idempotency-Key` header (rule 20).

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::error::ApiError;

/// The header's value: 1 to 255 visible characters chosen by the client, one for each thing it wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Err(ApiError::bad_request(
                "idempotency_key_required",
                "send an Idempotency-Key header with a value of your own, the same when you repeat the request",
            ));
        };
        let key = value.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ApiError::bad_request(
                "idempotency_key_invalid",
                "the Idempotency-Key header must be 1 to 255 visible ASCII characters",
            ));
        }
        Ok(Self(key.to_owned()))
    }
}

impl ApiError {
    /// The key belongs to another body.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        Self::unprocessable("idempotency_key_reused", "this Idempotency-Key was used for another request; choose a new one")
    }

    /// The same request is being worked on.
    #[must_use]
    pub fn request_in_progress() -> Self {
        Self::conflict("request_in_progress", "the same request is being worked on; repeat it in a moment").with_retry_after(1)
    }
}
