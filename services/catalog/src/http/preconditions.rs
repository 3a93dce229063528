//! `If-Match` with the version of what is to be changed.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{StatusCode, header};
use service_kit::ApiError;

use crate::usecases::change_offer::Expected;

/// The version that the caller has seen. Without one nothing is changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(ApiError::new(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                "send If-Match with the version that you have seen, such as \"3\"",
            ));
        };
        let value = value.to_str().unwrap_or_default().trim();
        read(value).map(Self).ok_or_else(|| ApiError::bad_request("if_match_invalid", "If-Match must be a version such as \"3\""))
    }
}

fn read(value: &str) -> Option<Expected> {
    if value == "*" {
        return Some(Expected::Any);
    }
    let bare = value.strip_prefix("W/").unwrap_or(value).trim_matches('"');
    bare.parse().ok().filter(|version| *version > 0).map(Expected::Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_and_without_quotes() {
        assert_eq!(read("\"3\""), Some(Expected::Version(3)));
        assert_eq!(read("3"), Some(Expected::Version(3)));
        assert_eq!(read("*"), Some(Expected::Any));
        assert_eq!(read("\"abc\""), None);
        assert_eq!(read("0"), None);
    }
}
