//! Passes a request on and its answer back, streaming both.

use super::refusal::Refusal;
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version, header};
use http_body_util::{LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{error::Error, net::SocketAddr, time::Duration};
use tokio::time;

/// Headers that concern one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// The client side of the gateway.
pub(super) struct Forwarder {
    client: Client<HttpConnector, Body>,
    patience: Duration,
}

impl Forwarder {
    /// A forwarder that waits this long for an answer to begin.
    pub(super) fn new(patience: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            // Below the services' own, so that a connection is not picked up while they close it.
            .pool_idle_timeout(Duration::from_secs(20))
            .build(connector);
        Self { client, patience }
    }

    /// Sends the request to `base` + `path`.
    pub(super) async fn forward(
        &self,
        base: &str,
        path: &str,
        peer: SocketAddr,
        body_limit: u64,
        request: Request,
    ) -> Result<Response, Refusal> {
        let uri: Uri = format!("{base}{path}").parse().map_err(|_| Refusal::NotFound)?;
        let (mut parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).cloned();
        clean_request(&mut parts.headers);
        set_forwarded(&mut parts.headers, host, peer);
        parts.uri = uri;
        parts.version = Version::HTTP_11;
        parts.extensions = http::Extensions::new();
        let limit = usize::try_from(body_limit).unwrap_or(usize::MAX);
        let request = Request::from_parts(parts, Body::new(Limited::new(body, limit)));
        let answer = match time::timeout(self.patience, self.client.request(request)).await {
            Err(_) => return Err(Refusal::Timeout),
            Ok(Err(error)) if is_too_large(&error) => return Err(Refusal::TooLarge(body_limit)),
            Ok(Err(error)) => {
                tracing::warn!(%base, path, error = %chain(&error), "a service does not answer");
                return Err(Refusal::BadGateway);
            }
            Ok(Ok(answer)) => answer,
        };
        let (mut parts, body) = answer.into_parts();
        clean_answer(&mut parts.headers);
        parts.version = Version::HTTP_11;
        Ok(Response::from_parts(parts, Body::new(body)).into_response())
    }
}

fn clean_request(headers: &mut HeaderMap) {
    drop_hop_by_hop(headers);
    // The connection to the service is another one: its host, and its own 100-continue.
    headers.remove(header::HOST);
    headers.remove(header::EXPECT);
    headers.remove(header::FORWARDED);
    drop_with_prefix(headers, "x-forwarded-");
    headers.remove("x-real-ip");
    // Only the gateway says these; one that a client sends counts for nothing.
    drop_with_prefix(headers, "x-realserv-");
}

fn set_forwarded(headers: &mut HeaderMap, host: Option<HeaderValue>, peer: SocketAddr) {
    if let Ok(address) = HeaderValue::from_str(&peer.ip().to_string()) {
        headers.insert("x-forwarded-for", address.clone());
        headers.insert(context::CLIENT_ADDRESS_HEADER, address);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    if let Some(host) = host {
        headers.insert("x-forwarded-host", host);
    }
}

fn clean_answer(headers: &mut HeaderMap) {
    drop_hop_by_hop(headers);
    drop_with_prefix(headers, "access-control-");
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn drop_with_prefix(headers: &mut HeaderMap, prefix: &str) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with(prefix)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<LengthLimitError>())
}

fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}
