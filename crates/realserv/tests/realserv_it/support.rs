//! A gateway on a free port, an upstream that tells what it got, and tokens as Firebase signs them.

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Parser;
use domain::{Clock as _, SystemClock};
use futures::StreamExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use realserv::gateway::{RouteTable, Settings, router};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{net::TcpListener, time::sleep};

pub(crate) const PROJECT: &str = "demo-test";

/// The checkout.
pub(crate) fn checkout() -> PathBuf {
    std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}

/// An empty folder of its own for a test.
pub(crate) fn empty_folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A key as Google has them, and what signs with it.
pub(crate) struct Signer {
    key: EncodingKey,
    jwks: Value,
}

impl Signer {
    pub(crate) fn new() -> Self {
        auth::install_crypto();
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let public = pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwks = json!({ "keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        }]});
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(der.as_ref())
        );
        Self { key: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), jwks }
    }

    /// A good token, with `change` made to its claims.
    pub(crate) fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let now = SystemClock.now().timestamp();
        let mut claims = json!({
            "iss": format!("https://securetoken.google.com/{PROJECT}"), "aud": PROJECT, "sub": "uid-1",
            "iat": now - 10, "auth_time": now - 10, "exp": now + 3600, "phone_number": "+919876543210",
        });
        change(&mut claims);
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some("one".to_owned());
        encode(&header, &claims, &self.key).unwrap()
    }
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

/// A running gateway with one upstream behind all its routes.
pub(crate) struct Stage {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) signer: Signer,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With changes to the top of the route table.
    pub(crate) async fn with(change: Value) -> Self {
        let signer = Signer::new();
        let upstream = listen(upstream(signer.jwks.clone())).await;
        let mut table = json!({
            "throttle": { "rate_per_second": 1000, "burst": 1000 },
            "timeout_seconds": 1,
            "body_limit_bytes": 1000,
            "cors": {
                "allowed_origins": ["https://shop.example"], "allowed_methods": ["GET", "POST"],
                "allowed_headers": ["authorization", "content-type"], "exposed_headers": ["x-correlation-id"],
                "max_age_seconds": 60
            },
            "routes": [
                { "method": "GET", "path": "/api/v1/materials", "service": "catalog", "auth": "none" },
                { "method": "GET", "path": "/api/v1/materials/{id}", "service": "catalog", "auth": "none" },
                { "method": "POST", "path": "/api/v1/materials", "service": "catalog", "auth": "none" },
                { "method": "GET", "path": "/api/v1/orders/{id}", "service": "order", "auth": "jwt" },
                { "method": "GET", "path": "/api/v1/slow", "service": "order", "auth": "none" },
                { "method": "GET", "path": "/api/v1/stream", "service": "order", "auth": "none" },
                { "method": "GET", "path": "/api/v1/dead", "service": "payment", "auth": "none" },
                { "method": "GET", "path": "/api/v1/rare", "service": "order", "auth": "none",
                  "throttle": { "rate_per_second": 1, "burst": 2 } }
            ]
        });
        table.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let dead = realserv::net::free_port().unwrap();
        let arguments = Arguments::try_parse_from([
            "gateway".to_owned(),
            format!("--firebase-project-id={PROJECT}"),
            format!("--firebase-jwks-url=http://{upstream}/jwks"),
            format!("--order-url=http://{upstream}"),
            format!("--catalog-url=http://{upstream}/"),
            format!("--payment-url=http://127.0.0.1:{dead}"),
        ])
        .unwrap();
        let table = RouteTable::parse(&table.to_string()).unwrap();
        let address = listen(router(&arguments.settings, table).unwrap()).await;
        let settings = outbound::HttpSettings { timeout: Duration::from_secs(5), ..Default::default() };
        Self { url: format!("http://{address}"), http: outbound::http_client(settings).unwrap(), signer }
    }

    /// Status and body of a GET.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        read(self.http.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    /// Status and body of a GET with a token.
    pub(crate) async fn get_as(&self, path: &str, token: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(token);
        read(request.send().await.unwrap()).await
    }
}

/// Status and JSON of an answer.
pub(crate) async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

fn upstream(jwks: Value) -> Router {
    Router::new()
        .route("/jwks", get(async move || ([("cache-control", "max-age=3600")], Json(jwks))))
        .route(
            "/api/v1/slow",
            get(async || {
                sleep(Duration::from_secs(3)).await;
                "late"
            }),
        )
        .route("/api/v1/stream", get(async || stream()))
        .route("/docs/swagger-initializer.js", get(async || "SwaggerUIBundle({ url: \"/openapi.json\" })"))
        .fallback(any(echo))
}

/// Two pieces, the second much later than the first.
fn stream() -> Response {
    let pieces = futures::stream::iter([("data: one\n\n", 0), ("data: two\n\n", 600)]).then(|(piece, wait)| async move {
        sleep(Duration::from_millis(wait)).await;
        Ok::<_, std::convert::Infallible>(piece)
    });
    ([("content-type", "text/event-stream")], Body::from_stream(pieces)).into_response()
}

/// Tells what arrived.
async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return http::StatusCode::BAD_REQUEST.into_response();
    };
    let headers: serde_json::Map<String, Value> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), Value::from(value.to_str().unwrap_or_default()))).collect();
    let told = json!({
        "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    ([("access-control-allow-origin", "https://evil.example")], Json(told)).into_response()
}
