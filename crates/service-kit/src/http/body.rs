//! Bodies: JSON that is checked before a handler sees it, and raw bytes for what is signed.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::{ApiError, FieldError};

/// A JSON body that has been read and validated. Unknown fields are refused by the shapes themselves
/// (`#[serde(deny_unknown_fields)]`), which [`ApiError`] reports by the path of the field.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The bytes as they came, for signatures, with the headers beside them.
#[derive(Debug)]
pub struct RawBody {
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not touched.
    pub bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than this operation takes")
            } else {
                ApiError::bad_request("unreadable_body", "the body could not be read in whole")
            }
        })?;
        Ok(Self { headers, bytes })
    }
}

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + garde::Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let raw = RawBody::from_request(request, state).await?;
        if !is_json(&raw.headers) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON with Content-Type: application/json",
            ));
        }
        parse(&raw.bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
}

/// Reads and validates JSON.
///
/// # Errors
/// 400 `invalid_json` when it is no JSON, 422 `validation_failed` naming the fields when it is not what is expected.
pub fn parse<T: DeserializeOwned + garde::Validate<Context = ()>>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| refused(&error))?;
    reader.end().map_err(|_| ApiError::bad_request("invalid_json", "there is something after the end of the JSON document"))?;
    value.validate().map_err(|report| {
        let fields = report
            .iter()
            .map(|(path, error)| FieldError { field: path.to_string(), message: error.message().to_string() })
            .collect();
        ApiError::invalid(fields)
    })?;
    Ok(value)
}

fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let path = error.path().to_string();
    let inner = error.inner();
    if inner.classify() == serde_json::error::Category::Data {
        let message = inner.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(sentence, _)| sentence).to_owned();
        let path = if path == "." { String::new() } else { path };
        return ApiError::invalid_field(path, message);
    }
    ApiError::bad_request("invalid_json", format!("the body is not valid JSON: {inner}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use garde::Validate;

    #[derive(Debug, serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct In {
        #[garde(length(min = 2, max = 5))]
        name: String,
        #[garde(dive)]
        lines: Vec<Line>,
    }

    #[derive(Debug, serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[garde(skip)]
        quantity: domain::Quantity,
    }

    fn code(json: &str) -> (&'static str, u16) {
        let error = parse::<In>(json.as_bytes()).unwrap_err();
        (error.code(), error.status().as_u16())
    }

    #[test]
    fn what_is_no_json_is_400_and_what_is_not_expected_is_422() {
        assert_eq!(code("{"), ("invalid_json", 400));
        assert_eq!(code(r#"{"name":"abc","lines":[]} x"#), ("invalid_json", 400));
        assert_eq!(code(r#"{"name":"abc","lines":[],"colour":1}"#), ("validation_failed", 422));
        assert_eq!(code(r#"{"name":"a","lines":[]}"#), ("validation_failed", 422));
        assert_eq!(code(r#"{"name":"abc","lines":[{"quantity":"-1"}]}"#), ("validation_failed", 422));
        let read = parse::<In>(br#"{"name":"abc","lines":[{"quantity":"2.5"}]}"#).unwrap();
        assert_eq!((read.name.as_str(), read.lines[0].quantity.thousandths()), ("abc", 2500));
    }
}
