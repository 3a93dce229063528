//! A service that is nothing but the kit's own parts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::routing::{get, post};
use domain::{DeliveryStatus, OrderId, ServiceName, SharedIds, SystemIds};
use http::header;
use pg_kit::PgSettings;
use reqwest::Method;
use serde_json::{Value, json};
use service_kit::config::{BusConfig, Environment, IdentityConfig, KitConfig, ServiceUrls};
use service_kit::http::{
    Allowed, AnyAdmin, Anyone, ApiError, Body, BuyerCaller, Caller, ClientAddress, Data, IdempotencyKey, PageParams, Params,
    PathId, Problems, RawBody, RegisteredCaller, ServiceOnly, SignedIn, Upload, VendorCaller,
};
use service_kit::{Kit, Service, Shutdown, Workers};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use testkit::wiremock::matchers::path;
use testkit::wiremock::{Mock, MockServer, ResponseTemplate};
use testkit::{Answer, Identity, TestClock};
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) struct Probe;

#[derive(Debug, clap::Args)]
pub(crate) struct NoConfig {}

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) kit: Kit,
    pub(crate) finished: Arc<AtomicU32>,
}

impl AsRef<Kit> for App {
    fn as_ref(&self) -> &Kit {
        &self.kit
    }
}

impl FromRef<App> for Kit {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}

pub(crate) fn no_migrations() -> Migrator {
    Migrator { migrations: std::borrow::Cow::Borrowed(&[]), ..Migrator::DEFAULT }
}

impl Service for Probe {
    const NAME: ServiceName = ServiceName::Catalog;
    type Config = NoConfig;
    type App = App;

    fn migrator() -> Migrator {
        no_migrations()
    }

    async fn build(kit: Kit, _config: NoConfig) -> anyhow::Result<App> {
        Ok(App { kit, finished: Arc::default() })
    }

    fn router() -> OpenApiRouter<App> {
        routes()
    }

    fn workers(_app: &App, _workers: &mut Workers) {}
}

service_kit::policy!(
    /// Every kind of word, and a comma at the end.
    pub(crate) Readers: buyer, service, admin[Finance, Support,],
);
service_kit::policy!(pub(crate) SuperAdmin: admin[]);
service_kit::policy!(pub(crate) Newcomers: unregistered, vendor);

#[derive(Debug, serde::Serialize, serde::Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parcel {
    #[garde(length(min = 2))]
    name: String,
    #[garde(skip)]
    status: DeliveryStatus,
    #[garde(dive)]
    lines: Vec<Line>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    #[garde(skip)]
    amount: domain::Money,
}

#[derive(Debug, serde::Deserialize, garde::Validate)]
struct ListParams {
    #[garde(skip)]
    #[serde(default)]
    status: Vec<DeliveryStatus>,
    #[garde(dive)]
    #[serde(flatten)]
    page: PageParams,
}

/// Gives back what it was given.
#[utoipa::path(post, path = "/api/v1/parcels", request_body = Parcel, security(("firebase" = [])),
    responses((status = 200, body = Data<Parcel>), Problems))]
async fn echo(_who: Anyone, Body(parcel): Body<Parcel>) -> Data<Parcel> {
    Data::new(parcel)
}

async fn slow(State(app): State<App>, PathId(milliseconds): PathId<u64>) -> Data<u64> {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    app.finished.fetch_add(1, Ordering::SeqCst);
    Data::new(milliseconds)
}

async fn panics() -> Data<()> {
    panic!("on purpose")
}

async fn context_seen() -> Data<Value> {
    let context = context::current();
    Data::new(json!({"correlation_id": context.correlation_id, "traceparent": context.traceparent}))
}

async fn form(mut upload: Upload) -> Result<Data<usize>, ApiError> {
    let mut total = 0;
    while let Some(mut field) = upload.0.next_field().await? {
        while let Some(chunk) = field.chunk().await? {
            total += chunk.len();
        }
    }
    Ok(Data::new(total))
}

fn named(caller: &Caller) -> Data<String> {
    Data::new(caller.key())
}

fn routes() -> OpenApiRouter<App> {
    let large = post(|raw: RawBody| async move { Data::new(raw.bytes.len()) }).layer(DefaultBodyLimit::max(3 * 1024 * 1024));
    OpenApiRouter::new()
        .routes(routes!(echo))
        .route("/large", large)
        .route("/form", post(form))
        .route("/slow/{ms}", get(slow))
        .route("/panics", get(panics))
        .route("/context", get(context_seen))
        .route("/cached", get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], "x") }))
        .route("/things/{id}", get(|PathId(id): PathId<OrderId>| async move { Data::new(id) }))
        .route("/named/{name}", get(|PathId(name): PathId<String>| async move { Data::new(name) }))
        .route("/things", get(list))
        .route("/pages", get(|Params(page): Params<PageParams>| async move { Data::new(page.limit) }))
        .route("/keyed", post(|key: IdempotencyKey| async move { Data::new(key.0) }))
        .route("/from", get(|ClientAddress(ip): ClientAddress| async move { Data::new(ip.map(|ip| ip.to_string())) }))
        .route("/as/buyer", get(|who: BuyerCaller| async move { Data::new(who.actor) }))
        .route("/as/vendor", get(|who: VendorCaller| async move { Data::new(who.actor) }))
        .route("/as/service", get(|who: ServiceOnly| async move { Data::new(who.actor) }))
        .route("/as/signed-in", get(|who: SignedIn| async move { Data::new(who.claims.uid) }))
        .route("/as/anyone", get(|Anyone(who): Anyone| async move { Data::new(who.map(|who| who.key())) }))
        .route("/as/registered", get(|who: RegisteredCaller| async move { named(&who.caller) }))
        .route("/as/admin", get(|who: AnyAdmin| async move { named(&who.caller) }))
        .route("/as/readers", get(|who: Allowed<Readers>| async move { named(&who.caller) }))
        .route("/as/super-admin", get(|who: Allowed<SuperAdmin>| async move { named(&who.caller) }))
        .route("/as/newcomers", get(|who: Allowed<Newcomers>| async move { named(&who.caller) }))
}

async fn list(Params(params): Params<ListParams>) -> Result<Data<Value>, ApiError> {
    let page = params.page.request::<u32>()?;
    Ok(Data::new(json!({"limit": page.limit, "after": page.after, "status": params.status})))
}

/// The service over a socket.
pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) people: Identity,
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    _keys: MockServer,
}

/// Settings as in a test, with the keys published at `keys`.
pub(crate) fn config(keys: &str, database_url: &str) -> KitConfig {
    let signing = Identity::service_settings(Probe::NAME);
    let at = || keys.to_owned();
    KitConfig {
        env: Environment::Test,
        bind_addr: None,
        database: PgSettings::for_url(database_url),
        identity: IdentityConfig {
            firebase_project_id: Identity::project().to_owned(),
            firebase_jwks_url: format!("{keys}/jwks"),
            firebase_auth_emulator_host: None,
            service_token_private_key: signing.private_key,
            service_token_public_keys: signing.public_keys,
        },
        bus: BusConfig { event_bus_name: "realserv".to_owned(), event_queue_url: None, aws_endpoint_url: Some(at()) },
        services: ServiceUrls {
            user_url: at(),
            order_url: at(),
            payment_url: at(),
            catalog_url: at(),
            vendor_management_url: at(),
            notification_url: at(),
            integration_url: at(),
        },
        cors_allowed_origins: Vec::new(),
        request_timeout_seconds: 1,
        shutdown_grace_seconds: 1,
        clock_file: None,
        otlp_endpoint: None,
    }
}

/// Never connected to.
pub(crate) const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/nothing";

pub(crate) fn no_pool() -> PgPool {
    sqlx::postgres::PgPoolOptions::new().acquire_timeout(Duration::from_millis(200)).connect_lazy(NO_DATABASE).unwrap()
}

pub(crate) async fn published_keys() -> MockServer {
    let keys = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(Identity::jwks()).insert_header("cache-control", "max-age=3600");
    Mock::given(path("/jwks")).respond_with(answer).mount(&keys).await;
    keys
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Serves the routes alone, as tests of services do.
    pub(crate) async fn with(change: impl FnOnce(&mut KitConfig)) -> Self {
        let (running, listener) = Self::prepared(change, no_pool()).await;
        let router = service_kit::process::router::<Probe>(running.app.clone(), &running.app.kit, Shutdown::default(), None);
        tokio::spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
        });
        running
    }

    pub(crate) async fn prepared(change: impl FnOnce(&mut KitConfig), pool: PgPool) -> (Self, TcpListener) {
        service_kit::process::init();
        let keys = published_keys().await;
        let clock = TestClock::start();
        let mut config = config(&keys.uri(), NO_DATABASE);
        change(&mut config);
        let kit = Kit::assemble(Probe::NAME, config, clock.shared(), pool).await.unwrap();
        let app = Probe::build(kit, NoConfig {}).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ids: SharedIds = Arc::new(SystemIds);
        let running = Self {
            app,
            people: Identity::new(clock.shared(), ids),
            clock,
            address: listener.local_addr().unwrap(),
            http: outbound::http_client(outbound::HttpSettings::default()).unwrap(),
            _keys: keys,
        };
        (running, listener)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn ask(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), headers }
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let request = self.http.get(self.url(path));
        self.ask(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.http.request(method.parse::<Method>().unwrap(), self.url(path)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request).await
    }
}

/// Every refusal is the envelope, and says the same correlation id in body and header.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code(status)), (status, code), "{}", answer.body);
    let error = answer.body["error"].as_object().unwrap();
    assert!(!error["message"].as_str().unwrap().is_empty());
    let id = error["correlation_id"].as_str().unwrap();
    assert_ne!(id, uuid::Uuid::nil().to_string());
    assert_eq!(answer.headers["x-correlation-id"], id);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}
