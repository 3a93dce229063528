//! The layers around every service's routes: context and span, one log line, time-out, body limit, panic catcher, CORS.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use context::{CORRELATION_HEADER, Context, TRACEPARENT_HEADER};
use domain::CorrelationId;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;

use super::error::ApiError;
use crate::Kit;
use crate::telemetry::join_trace;

/// Bodies are refused above this unless a route says otherwise (rule 46).
const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// Puts the layers around a router. The last one added is the first to see a request.
pub(crate) fn wrap(router: Router, kit: &Kit) -> Router {
    let timeout = Duration::from_secs(kit.config.request_timeout_seconds);
    router
        .fallback(|| async { ApiError::not_found("what this address names was") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take this method")
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(timeout, limit_time))
        .layer(cors(&kit.config.cors_allowed_origins))
        .layer(from_fn_with_state(kit.clone(), observe))
        .layer(from_fn(security_headers))
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over like this")]
fn panicked(what: Box<dyn std::any::Any + Send>) -> Response {
    let words = what.downcast_ref::<String>().map(String::as_str).or_else(|| what.downcast_ref::<&str>().copied());
    ApiError::internal(anyhow::anyhow!("a handler panicked: {}", words.unwrap_or("without words"))).into_response()
}

/// One context, one span, one log line and one measurement for each request.
async fn observe(State(kit): State<Kit>, request: Request, next: Next) -> Response {
    let correlation_id = request
        .headers()
        .get(CORRELATION_HEADER)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<CorrelationId>().ok())
        .filter(|id| !id.as_uuid().is_nil())
        .unwrap_or_else(|| kit.ids.next());
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let quiet = route.starts_with("/health") || route == "/metrics";
    let span = if quiet {
        tracing::Span::none()
    } else {
        tracing::info_span!("request", otel.name = %format!("{method} {route}"), otel.kind = "server", method, route,
            %correlation_id, trace_id = tracing::field::Empty)
    };
    let callers = request.headers().get(TRACEPARENT_HEADER).and_then(|v| v.to_str().ok());
    let traceparent = join_trace(&span, callers);
    let context = Context { correlation_id, causation_id: None, traceparent };
    let started = Instant::now();
    let log_span = span.clone();
    let mut response = context::scope(context, next.run(request).instrument(span)).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    if !quiet {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        log_span.in_scope(|| tracing::info!(status, took_ms, "answered"));
    }
    metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route,
        "status" => status.to_string())
    .record(took.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&correlation_id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static(CORRELATION_HEADER), value);
    }
    response
}

/// Methods are whatever a client writes; measurements know these.
fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

/// Whoever hangs up, and the time-out, take only the answer away: the handler runs to its end in a task of its own. A
/// future dropped while `BEGIN` is on its way would give its connection back inside an open transaction, since sqlx
/// counts one from the answer on, and the next user's statements would be lost with a rollback.
async fn limit_time(State(timeout): State<Duration>, request: Request, next: Next) -> Response {
    let work = context::scope(context::current(), next.run(request)).in_current_span();
    match tokio::time::timeout(timeout, tokio::spawn(work)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => ApiError::internal(error).into_response(),
        Err(_) => ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "this took too long; it may still have been done")
            .into_response(),
    }
}

async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> = origins.iter().filter(|o| !o.is_empty()).filter_map(|o| o.parse().ok()).collect();
    if origins.is_empty() {
        return CorsLayer::new();
    }
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static(CORRELATION_HEADER),
            HeaderName::from_static(context::CHANNEL_HEADER),
        ])
        .expose_headers([HeaderName::from_static(CORRELATION_HEADER), header::ETAG, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
