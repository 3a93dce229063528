//! `/docs/<service>/`: the Swagger page of each service under the gateway's own address.

use super::{Gateway, refusal::Refusal};
use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Path, Request, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::header;
use std::{net::SocketAddr, sync::Arc};

/// The page's script that names the description; far below this.
const SCRIPT_LIMIT: usize = 64 * 1024;

/// The page's own links are relative, so it needs the slash.
pub(super) async fn without_slash(Path(service): Path<String>) -> Redirect {
    Redirect::permanent(&format!("/docs/{service}/"))
}

/// Any file of the page, or the description itself.
pub(super) async fn page(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let Some((service, rest)) = path.strip_prefix("/docs/").and_then(|path| path.split_once('/')) else {
        return Refusal::NotFound.into_response();
    };
    let Some(base) = gateway.upstreams.url(service) else {
        return Refusal::NotFound.into_response();
    };
    let target = match rest {
        "openapi.json" => "/openapi.json".to_owned(),
        rest => format!("/docs/{rest}"),
    };
    let answer = gateway.forwarder.forward(base, &target, peer, 0, request).await.unwrap_or_else(Refusal::into_response);
    if rest == "swagger-initializer.js" { point_to_own_description(answer, service).await } else { answer }
}

async fn point_to_own_description(answer: Response, service: &str) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(script) = to_bytes(body, SCRIPT_LIMIT).await else {
        return Refusal::BadGateway.into_response();
    };
    let own = format!("\"/docs/{service}/openapi.json\"");
    let script = String::from_utf8_lossy(&script).replace("\"/openapi.json\"", &own);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::ETAG);
    Response::from_parts(parts, Body::from(script))
}
