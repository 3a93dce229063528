//! Bodies: JSON that is checked before a handler sees it, raw bytes for what is signed, and uploads.

use axum::RequestExt as _;
use axum::body::HttpBody as _;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::fields;

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

/// A `multipart/form-data` body whose refusals are envelopes. Errors of its fields turn into [`ApiError`] by `?`.
#[derive(Debug)]
pub struct Upload(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let request = within_limit(request)?;
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
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
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON with Content-Type: application/json",
            ));
        }
        let raw = RawBody::from_request(request, state).await?;
        parse(&raw.bytes).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let request = within_limit(request)?;
        Multipart::from_request(request, state).await.map(Self).map_err(|_: MultipartRejection| {
            ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send the file as multipart/form-data with a boundary",
            )
        })
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large();
        }
        Self::bad_request("unreadable_body", "the upload could not be read in whole").with_cause(error)
    }
}

/// Refuses a body that announces itself as larger than the route takes, before a byte of it is read (rule 46). One that
/// does not say how long it is gets cut off at the limit.
fn within_limit(request: Request) -> Result<Request, ApiError> {
    let announced = request.body().size_hint().lower();
    let request = request.with_limited_body();
    match request.body().size_hint().upper() {
        Some(limit) if announced > limit => Err(too_large()),
        _ => Ok(request),
    }
}

fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than this operation takes")
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads and validates JSON.
///
/// # Errors
/// 400 `invalid_json` when it is no JSON, 422 `validation_failed` naming the fields when it is not what is expected.
pub fn parse<T: DeserializeOwned + garde::Validate<Context = ()>>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Err(ApiError::bad_request("invalid_json", "the body is empty; send a JSON document"));
    }
    if fields::has_nul_escape(bytes) {
        return Err(fields::nul_refused());
    }
    let value: T = fields::from_json(bytes)?;
    value.validate().map_err(|report| fields::from_report(&report))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::DeliveryStatus;
    use garde::Validate;
    use serde_json::{Value, json};

    #[derive(Debug, serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct In {
        #[garde(length(min = 2, max = 5))]
        name: String,
        #[garde(dive)]
        lines: Vec<Line>,
        #[garde(skip)]
        #[serde(default)]
        status: Option<DeliveryStatus>,
        #[garde(skip)]
        #[serde(default)]
        at: Option<chrono::DateTime<chrono::Utc>>,
    }

    #[derive(Debug, serde::Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[garde(skip)]
        quantity: domain::Quantity,
        #[garde(range(min = 1))]
        #[serde(default = "one")]
        copies: u16,
    }

    const fn one() -> u16 {
        1
    }

    fn code(json: &str) -> (&'static str, u16) {
        let error = parse::<In>(json.as_bytes()).unwrap_err();
        (error.code(), error.status().as_u16())
    }

    fn details(json: &Value) -> Value {
        parse::<In>(json.to_string().as_bytes()).unwrap_err().details().cloned().unwrap_or_default()
    }

    #[test]
    fn what_is_no_json_is_400_and_what_is_not_expected_is_422() {
        assert_eq!(code("{"), ("invalid_json", 400));
        assert_eq!(code(" "), ("invalid_json", 400));
        assert_eq!(code(r#"{"name":"abc","lines":[]} x"#), ("invalid_json", 400));
        assert_eq!(code(r#"{"name":"abc","lines":[],"colour":1}"#), ("validation_failed", 422));
        assert_eq!(code(r#"{"name":"abc","name":"abd","lines":[]}"#), ("validation_failed", 422));
        assert_eq!(code(r#"{"name":"a","lines":[]}"#), ("validation_failed", 422));
        assert_eq!(code(r#"{"name":"abc","lines":[{"quantity":"-1"}]}"#), ("validation_failed", 422));
        assert_eq!(code(&format!("{}{}", "[".repeat(5000), "]".repeat(5000))), ("validation_failed", 422));
        let read = parse::<In>(br#"{"name":"abc","lines":[{"quantity":"2.5"}]}"#).unwrap();
        assert_eq!((read.name.as_str(), read.lines[0].quantity.thousandths()), ("abc", 2500));
        assert_eq!((read.status, read.at, read.lines[0].copies), (None, None, 1));
    }

    #[test]
    fn each_refusal_names_its_field_however_deep_and_says_in_plain_words_what_is_wrong() {
        let one = |field: &str, message: &str| json!([{ "field": field, "message": message }]);
        let line = |more: Value| json!({"name": "abc", "lines": [{"quantity": "1"}, more]});
        assert_eq!(details(&json!({"name": "abc"})), one("lines", "is required"));
        assert_eq!(details(&line(json!({}))), one("lines[1].quantity", "is required"));
        assert_eq!(
            details(&line(json!({"quantity": "1", "colour": 1}))),
            one("lines[1].colour", "is not known; there are: quantity, copies")
        );
        assert_eq!(
            details(&line(json!({"quantity": "1", "copies": -1}))),
            one("lines[1].copies", "must be a whole number from 0 to 65535")
        );
        assert_eq!(details(&json!({"name": 5, "lines": []})), one("name", "must be text"));
        assert_eq!(details(&json!({"name": "abc", "lines": 5})), one("lines", "must be a list"));
        assert_eq!(details(&json!([1])).as_array().unwrap().len(), 1);
        let late = details(&json!({"name": "abc", "lines": [], "at": "tomorrow"}));
        assert_eq!(late[0]["field"], "at");
        assert!(late[0]["message"].as_str().unwrap().contains("2026-11-20T04:30:00Z"), "{late}");
        let status = details(&json!({"name": "abc", "lines": [], "status": "lost"}));
        assert_eq!(status[0]["field"], "status");
        assert!(status[0]["message"].as_str().unwrap().contains("in_transit"), "{status}");
        // Everything that garde finds comes at once.
        let both = details(&json!({"name": "a", "lines": [{"quantity": "1", "copies": 0}]}));
        let mut fields: Vec<&str> = both.as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["lines[0].copies", "name"]);
    }

    #[test]
    fn text_with_a_nul_is_refused_because_the_database_cannot_keep_it() {
        assert_eq!(code(r#"{"name":"a\u0000b","lines":[]}"#), ("validation_failed", 422));
        // A backslash that is escaped begins no escape.
        assert!(parse::<In>(br#"{"name":"\\u000","lines":[]}"#).is_ok());
        assert!(!fields::has_nul_escape(br#"{"name":"\\u0000"}"#));
        assert!(fields::has_nul_escape(br#"{"name":"\\\u0000"}"#));
    }
}
