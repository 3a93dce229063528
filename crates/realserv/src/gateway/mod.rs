//! The gateway: what API Gateway does in production, done here by the same route table.
//!
//! A request is matched (`table`), throttled, its token checked, its size limited (`admission`), and passed on
//! (`forward`) with bodies streaming both ways. What the gateway refuses itself, it refuses in the envelope of the
//! services (`refusal`).

mod admission;
mod correlation;
mod cors;
mod docs;
mod forward;
mod refusal;
mod settings;
mod table;

pub use settings::{Settings, Upstreams};
pub use table::{Authorization, Route, RouteTable, Throttle};

use admission::Door;
use anyhow::{Context as _, Result};
use auth::{FirebaseSettings, FirebaseVerifier, KeySource};
use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, get},
    serve::ListenerExt as _,
};
use context::FileClock;
use domain::{SharedClock, SystemClock};
use forward::Forwarder;
use http::Method;
use refusal::Refusal;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time};
use tower_http::catch_panic::CatchPanicLayer;

/// How long open requests may take to finish once the gateway is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Everything a request needs.
struct Gateway {
    verifier: FirebaseVerifier,
    forwarder: Forwarder,
    upstreams: Upstreams,
    body_limit: u64,
}

/// Serves until `stop` is done.
pub async fn serve(settings: Settings, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let table = RouteTable::read(&settings.routes)?;
    let listener =
        TcpListener::bind(settings.bind).await.with_context(|| format!("the gateway cannot listen on {}", settings.bind))?;
    let router = router(&settings, table)?;
    tracing::info!(address = %settings.bind, "gateway listens");
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for a full packet.
        let _ = stream.set_nodelay(true);
    });
    let (told, stopped) = tokio::sync::oneshot::channel();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        let _ = told.send(());
    });
    let overtime = async {
        let _ = stopped.await;
        time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => Ok(served?),
        () = overtime => Ok(()),
    }
}

/// The gateway as a router: one route an entry of the table, and nothing else reaches a service.
pub fn router(settings: &Settings, table: RouteTable) -> Result<Router> {
    let clock: SharedClock = match &settings.clock_file {
        Some(file) if !settings.is_production() => FileClock::follow(file.clone()),
        _ => Arc::new(SystemClock),
    };
    let http = outbound::http_client(outbound::HttpSettings::default())?;
    let keys = KeySource::new(http, &settings.firebase_jwks_url, Arc::clone(&clock));
    let firebase = FirebaseSettings {
        project_id: settings.firebase_project_id.clone(),
        emulator_host: settings.firebase_auth_emulator_host.clone(),
        production: settings.is_production(),
    };
    let gateway = Arc::new(Gateway {
        verifier: FirebaseVerifier::new(firebase, keys, clock)?,
        forwarder: Forwarder::new(Duration::from_secs(table.timeout_seconds)),
        upstreams: settings.upstreams.clone(),
        body_limit: table.body_limit_bytes,
    });
    let cors = cors::layer(&table.cors, settings.cors_allowed_origins.as_deref())?;
    let mut router = Router::new()
        .route("/health", get(health))
        .route("/docs/{service}", get(docs::without_slash))
        .route("/docs/{service}/", get(docs::page))
        .route("/docs/{service}/{*rest}", get(docs::page));
    for (path, routes) in by_path(&table) {
        router = router.route(&path, methods(routes, &table, settings.no_throttle)?);
    }
    Ok(router
        .fallback(async || Refusal::NotFound.into_response())
        .with_state(gateway)
        .layer(CatchPanicLayer::custom(|_| Refusal::Internal.into_response()))
        .layer(cors)
        .layer(middleware::from_fn(correlation::stamp)))
}

fn by_path(table: &RouteTable) -> BTreeMap<String, Vec<Route>> {
    let mut paths: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for route in &table.routes {
        paths.entry(route.path.clone()).or_default().push(route.clone());
    }
    paths
}

fn methods(routes: Vec<Route>, table: &RouteTable, open: bool) -> Result<MethodRouter<Arc<Gateway>>> {
    let mut methods = MethodRouter::new();
    let mut allowed = Vec::new();
    for route in routes {
        let method: Method = route.method.parse()?;
        let filter = MethodFilter::try_from(method)?;
        allowed.push(route.method.clone());
        let throttle = (!open).then(|| route.throttle.unwrap_or(table.throttle));
        let door = Arc::new(Door::new(route, throttle));
        methods = methods.on(
            filter,
            move |State(gateway): State<Arc<Gateway>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| async move {
                pass(&gateway, &door, peer, request).await
            },
        );
    }
    let allow = allowed.join(", ");
    Ok(methods.fallback(move || async move { Refusal::MethodNotAllowed(allow).into_response() }))
}

/// One request, from the door to the service and back.
async fn pass(gateway: &Gateway, door: &Door, peer: SocketAddr, request: Request) -> Response {
    let Some(base) = gateway.upstreams.url(&door.route.service) else {
        return Refusal::BadGateway.into_response();
    };
    match door.admit(&gateway.verifier, gateway.body_limit, request.headers()).await {
        Ok(()) => {}
        Err(refusal) => return refusal.into_response(),
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    gateway
        .forwarder
        .forward(base, &path, peer, gateway.body_limit, request)
        .await
        .unwrap_or_else(|refusal| refusal.into_response())
}

async fn health() -> Response {
    axum::Json(serde_json::json!({ "data": { "status": "ok" } })).into_response()
}
