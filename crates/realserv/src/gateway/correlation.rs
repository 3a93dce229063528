//! The correlation id: taken from the caller or made here, sent on, and given back.

use axum::{extract::Request, middleware::Next, response::Response};
use domain::{CorrelationId, IdGen, SystemIds};
use http::{HeaderName, HeaderValue};
use std::time::Instant;

const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

tokio::task_local! {
    static CURRENT: CorrelationId;
}

/// The id of the request at hand.
pub(super) fn current() -> Option<String> {
    CURRENT.try_with(ToString::to_string).ok()
}

/// Gives the request its id and the log its line.
pub(super) async fn stamp(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()?.parse::<CorrelationId>().ok());
    let ids: &dyn IdGen = &SystemIds;
    let id = given.unwrap_or_else(|| ids.next());
    // A UUID is always a valid header value; the fallback is never used.
    let value = HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static(""));
    request.headers_mut().insert(HEADER, value.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = Instant::now();
    let mut response = CURRENT.scope(id, next.run(request)).await;
    response.headers_mut().insert(HEADER, value);
    tracing::info!(
        %method, path, status = response.status().as_u16(), correlation_id = %id,
        milliseconds = begun.elapsed().as_millis(), "request"
    );
    response
}
