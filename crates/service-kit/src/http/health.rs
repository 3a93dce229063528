//! `/health/live`, `/health/ready` and `/metrics`.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use super::error::ApiError;
use crate::Kit;
use crate::lifecycle::Shutdown;

#[derive(Clone)]
struct Health {
    kit: Kit,
    shutdown: Shutdown,
    metrics: Option<PrometheusHandle>,
}

/// Routes that need no token: the gateway never routes them.
pub(crate) fn routes(kit: Kit, shutdown: Shutdown, metrics: Option<PrometheusHandle>) -> Router {
    Router::new()
        .route("/health/live", get(|| async { axum::Json(json!({"status": "live"})) }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(prometheus))
        .with_state(Health { kit, shutdown, metrics })
}

/// Ready means: not stopping, and the database answers.
async fn ready(State(health): State<Health>) -> Response {
    let database = sqlx::query("SELECT 1").execute(&health.kit.pool).await.is_ok();
    let ready = health.shutdown.is_ready() && database;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if ready { "ready" } else { "not_ready" },
        "service": health.kit.name,
        "version": env!("CARGO_PKG_VERSION"),
        "build": option_env!("REALSERV_BUILD").unwrap_or("local"),
        "checks": { "database": database, "serving": health.shutdown.is_ready() },
    });
    (status, axum::Json(body)).into_response()
}

async fn prometheus(State(health): State<Health>) -> Response {
    let Some(metrics) = &health.metrics else { return ApiError::not_found("metrics were").into_response() };
    metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}
