//! What the gateway refuses itself, in the envelope of the services and with their codes: a client need not know who
//! refused it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

/// Why a request did not reach a service, or its answer did not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    MethodNotAllowed(String),
    NoToken,
    TokenExpired,
    BadToken(String),
    KeysUnavailable,
    TooLarge(u64),
    TooMany { retry_after: u64 },
    BadGateway,
    Timeout,
    Internal,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.".to_owned()),
            Self::MethodNotAllowed(allowed) => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("This address takes {allowed}."))
            }
            Self::NoToken => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first: this address wants a bearer token.".to_owned())
            }
            Self::TokenExpired => (StatusCode::UNAUTHORIZED, "token_expired", "the token has expired; refresh it".to_owned()),
            Self::BadToken(why) => (StatusCode::UNAUTHORIZED, "invalid_token", why.clone()),
            Self::KeysUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "identity_unavailable",
                "Tokens cannot be checked at the moment. Try again shortly.".to_owned(),
            ),
            Self::TooLarge(limit) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The body is larger than {limit} bytes."))
            }
            Self::TooMany { retry_after } => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", format!("Too many requests. Try again in {retry_after} s."))
            }
            Self::BadGateway => (
                StatusCode::BAD_GATEWAY,
                "service_unreachable",
                "The service behind this address does not answer. Try again shortly.".to_owned(),
            ),
            Self::Timeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "timed_out",
                "The service took too long. What you asked for may or may not have happened.".to_owned(),
            ),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.".to_owned()),
        }
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::NoToken | Self::TokenExpired | Self::BadToken(_) => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::TooMany { retry_after } => Some((header::RETRY_AFTER, HeaderValue::from(*retry_after))),
            Self::MethodNotAllowed(allowed) => HeaderValue::from_str(allowed).ok().map(|allowed| (header::ALLOW, allowed)),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        let correlation_id = super::correlation::current();
        let body = json!({ "error": {
            "code": code, "message": message, "details": null, "correlation_id": correlation_id,
        }});
        let mut response = (status, Json(body)).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
