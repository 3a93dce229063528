//! Public answers that caches may keep: with an `ETag`, and 304 for who has them already.

use aws_lc_rs::digest;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use service_kit::ApiError;

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep {
    /// For so many seconds without asking.
    For(u32),
    /// As long as one asks each time: prices and stock.
    Asking,
}

/// The answer, or 304 when the caller has it.
pub(crate) fn tagged<T: Serialize>(headers: &HeaderMap, keep: Keep, answer: &T) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(answer).map_err(ApiError::internal)?;
    let hash = digest::digest(&digest::SHA256, &body);
    let tag: String = hash.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let cache = match keep {
        Keep::For(seconds) => format!("public, max-age={seconds}, stale-while-revalidate={seconds}"),
        Keep::Asking => "public, no-cache".to_owned(),
    };
    let mut response = if has(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(ApiError::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_str(&cache).map_err(ApiError::internal)?);
    Ok(response)
}

/// `If-None-Match` compares weakly.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|list| list.split(',')).map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_already_gets_304() {
        let first = tagged(&HeaderMap::new(), Keep::For(5), &"x").unwrap();
        assert_eq!(first.status(), 200);
        let tag = first.headers()[header::ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&format!("\"other\", W/{}", tag.to_str().unwrap())).unwrap());
        assert_eq!(tagged(&headers, Keep::For(5), &"x").unwrap().status(), 304);
        assert_eq!(tagged(&headers, Keep::Asking, &"y").unwrap().status(), 200);
    }
}
