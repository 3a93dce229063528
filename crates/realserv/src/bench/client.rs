//! A client that costs as little as possible, because it shares the processors with what it measures.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Longer than anything in the fleet waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends questions over connections that stay open.
#[derive(Clone)]
pub(super) struct Browser(Client<HttpConnector, Body>);

/// Something to be posted.
pub(super) struct Posted<'a> {
    pub(super) token: &'a str,
    pub(super) key: String,
    pub(super) body: String,
}

impl Browser {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// GET; anything but 200 is an error, as which it is counted.
    pub(super) async fn get(&self, url: &str) -> Result<(), String> {
        self.ask(Request::get(url).body(Body::empty())).await
    }

    /// POST of JSON.
    pub(super) async fn post(&self, url: &str, posted: Posted<'_>) -> Result<(), String> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", posted.token))
            .header("idempotency-key", posted.key)
            .body(Body::from(posted.body));
        self.ask(request).await
    }

    async fn ask(&self, request: http::Result<Request<Body>>) -> Result<(), String> {
        let request = request.map_err(|error| error.to_string())?;
        let whole = async {
            let answer = self.0.request(request).await.map_err(|_| "no connection, or it broke".to_owned())?;
            let status = answer.status();
            let body = answer.into_body().collect().await.map_err(|_| "the answer broke off".to_owned())?.to_bytes();
            if matches!(status, StatusCode::OK | StatusCode::CREATED) {
                return Ok(());
            }
            let code = serde_json::from_slice::<serde_json::Value>(&body)
                .ok()
                .and_then(|body| body["error"]["code"].as_str().map(str::to_owned))
                .unwrap_or_default();
            Err(format!("{} {code}", status.as_u16()).trim_end().to_owned())
        };
        tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(|_| Err("no answer within 60 s".to_owned()))
    }
}
