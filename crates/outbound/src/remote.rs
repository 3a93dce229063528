//! One outside system as seen from here: a name, a time-out, a breaker.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::{Breaker, BreakerSettings, OutboundError, Reply, context_headers::with_context, transport_error};

/// No API answers with more than this unless a caller expects it.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// An outside system reached over HTTP.
#[derive(Debug, Clone)]
pub struct Remote {
    name: &'static str,
    http: reqwest::Client,
    timeout: Duration,
    breaker: Breaker,
}

impl Remote {
    /// A system called `name` in logs and metrics, each of whose calls takes at most `timeout`.
    pub fn new(name: &'static str, http: reqwest::Client, timeout: Duration) -> Self {
        let breaker = Breaker::new(name, BreakerSettings::default());
        Self { name, http, timeout, breaker }
    }

    /// The same with another breaker.
    #[must_use]
    pub fn with_breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// A request with the system's time-out.
    pub fn request(&self, method: Method, url: impl reqwest::IntoUrl) -> RequestBuilder {
        self.http.request(method, url).timeout(self.timeout)
    }

    /// A GET with the system's time-out.
    pub fn get(&self, url: impl reqwest::IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A POST with the system's time-out.
    pub fn post(&self, url: impl reqwest::IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// A lost call and a 5xx count against the breaker; 429 and refusals do not: the system is there.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply, OutboundError> {
        self.send_within(request, LARGEST_ANSWER).await
    }

    /// The same, for an answer of at most `limit` bytes; a longer one is refused as `too_large`.
    pub async fn send_within(&self, request: RequestBuilder, limit: usize) -> Result<Reply, OutboundError> {
        let permit = self.breaker.permit()?;
        let started = Instant::now();
        let result = exchange(with_context(request), limit).await;
        let outcome = match &result {
            Ok(reply) if reply.status.is_server_error() => {
                permit.failed();
                "server_error"
            }
            Ok(reply) => {
                permit.worked();
                if reply.is_success() { "ok" } else { "refused" }
            }
            Err(error) => {
                if error.is_transient() {
                    permit.failed();
                } else {
                    permit.worked();
                }
                error.outcome()
            }
        };
        let took = started.elapsed();
        metrics::histogram!("outbound_request_duration_seconds", "system" => self.name, "outcome" => outcome)
            .record(took.as_secs_f64());
        tracing::debug!(
            system = self.name,
            outcome,
            status = result.as_ref().ok().map(|reply| reply.status.as_u16()),
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "called an outside system"
        );
        result
    }

    /// Sends a request and reads a 2xx answer as JSON; any other status is judged by itself.
    pub async fn send_json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, OutboundError> {
        let reply = self.send(request).await?;
        if reply.is_success() { reply.json() } else { Err(reply.failure("", "")) }
    }
}

async fn exchange(request: RequestBuilder, limit: usize) -> Result<Reply, OutboundError> {
    let mut response = request.send().await.map_err(transport_error)?;
    let status = response.status();
    let too_large = || OutboundError::reject(status.as_u16(), "too_large", "the answer is larger than we take");
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).map_or(true, |length| length > limit) {
        return Err(too_large());
    }
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body: body.freeze() })
}
