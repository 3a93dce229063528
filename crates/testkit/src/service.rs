//! One service in a test: its real router over a real socket, its real database, a clock that stands still, and
//! neighbours that answer what the test says.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRef;
use bus::Outcome;
use domain::events::{DomainEvent, Envelope};
use domain::{Actor, Clock as _, EventId, ServiceName, SharedIds, SystemIds};
use pg_kit::PgSettings;
use reqwest::Method;
use serde_json::{Value, json};
use service_kit::config::{BusConfig, Environment, IdentityConfig, KitConfig, ServiceUrls};
use service_kit::{Kit, Service, Shutdown, Workers};
use tokio::net::TcpListener;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{Identity, TestClock, TestDb, assert_nothing_left, database, drain_outbox};

/// A running service with everything around it that a test wants to hold.
pub struct TestService<S: Service> {
    /// The service's state.
    pub app: S::App,
    /// Its database.
    pub db: TestDb,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// Who may come: tokens by that clock.
    pub people: Identity,
    /// Answers for every other service, and for the outside systems when a test says so. Also serves the key set.
    pub neighbours: MockServer,
    /// Where it listens.
    pub base_url: String,
    http: reqwest::Client,
    ids: SharedIds,
}

impl<S: Service> std::fmt::Debug for TestService<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestService").field("service", &S::NAME).field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// An HTTP answer, read in whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// The JSON document; null when there is none.
    pub body: Value,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// `data` of the envelope, when the status is the expected one.
    #[must_use]
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        &self.body["data"]
    }

    /// The refusal's code, when the status is the expected one.
    #[must_use]
    #[track_caller]
    pub fn code(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl<S: Service> TestService<S>
where
    Kit: FromRef<S::App>,
{
    /// Starts the service. `settings` are its own ones as `--name value`; `{neighbours}` in a value stands for the
    /// address of [`Self::neighbours`].
    pub async fn start(settings: &[&str]) -> Self {
        service_kit::process::init();
        let db = database(&S::migrator(), S::NAME.as_str()).await;
        let clock = TestClock::start();
        let ids: SharedIds = Arc::new(SystemIds);
        let neighbours = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/jwks"))
            .respond_with(
                ResponseTemplate::new(200).set_body_json(Identity::jwks()).insert_header("cache-control", "max-age=3600"),
            )
            .with_priority(200)
            .mount(&neighbours)
            .await;
        let config = kit_config(S::NAME, &db.url, &neighbours.uri());
        let kit = Kit::assemble(S::NAME, config, clock.shared(), db.pool.clone()).await.expect("a kit");
        let settings: Vec<String> = settings.iter().map(|s| s.replace("{neighbours}", &neighbours.uri())).collect();
        let app = S::build(kit.clone(), own_settings::<S::Config>(&settings)).await.expect("the service can be built");
        let router = service_kit::process::router::<S>(app.clone(), &kit, Shutdown::default(), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.expect("serving");
        });
        let http = outbound::http_client(outbound::HttpSettings::default()).expect("an HTTP client");
        let people = Identity::new(clock.shared(), ids.clone());
        Self { app, db, clock, people, neighbours, base_url, http, ids }
    }

    /// Sends a request with more headers than a token.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base_url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole answer");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), headers }
    }

    /// GET.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, Some(token), None, &[]).await
    }

    /// POST.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body), &[]).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(token), Some(body), &[]).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.send(Method::DELETE, path, Some(token), None, &[]).await
    }

    /// A token of another service of ours for this one.
    #[must_use]
    pub fn service_token(&self, caller: ServiceName) -> String {
        self.people.service_token(caller, S::NAME)
    }

    /// Lets a neighbour answer a path with `{data}` from now on.
    pub async fn neighbour(&self, verb: &str, at: &str, status: u16, data: Value) {
        let body = if status < 400 { json!({ "data": data }) } else { data };
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .with_priority(100)
            .mount(&self.neighbours)
            .await;
    }

    /// An event as the bus would bring it.
    pub fn envelope<E: DomainEvent>(&self, from: ServiceName, event: &E) -> Envelope {
        Envelope {
            event_id: self.ids.next::<EventId>(),
            r#type: E::TYPE.to_owned(),
            version: E::VERSION,
            occurred_at: self.clock.now(),
            aggregate_id: event.aggregate_id(),
            sequence: 1,
            correlation_id: self.ids.next(),
            causation_id: None,
            traceparent: None,
            actor: Actor::system(from),
            data: serde_json::to_value(event).expect("an event as JSON"),
        }
    }

    /// Hands an event to the service once.
    pub async fn deliver<E: DomainEvent>(&self, from: ServiceName, event: &E) -> Outcome {
        self.deliver_envelope(self.envelope(from, event)).await
    }

    /// Hands an envelope to the service; twice, for a redelivery.
    pub async fn deliver_envelope(&self, envelope: Envelope) -> Outcome {
        let context = context::Context {
            correlation_id: envelope.correlation_id,
            causation_id: Some(envelope.event_id),
            traceparent: None,
        };
        let handler = self.workers().event_handler(self.app.as_ref());
        context::scope(context, handler(envelope)).await
    }

    /// Runs the jobs that are due by the test's clock, until none is.
    pub async fn run_due_jobs(&self) {
        let worker = self.workers().into_jobs();
        while worker.run_due().await.expect("jobs can be run") > 0 {}
    }

    fn workers(&self) -> Workers {
        let mut workers = Workers::new(self.app.as_ref());
        S::workers(&self.app, &mut workers);
        workers
    }

    /// The events said since the last time, taken as published.
    pub async fn said(&self) -> Vec<Envelope> {
        drain_outbox(&self.db.pool).await
    }

    /// The types of the events said since the last time.
    pub async fn said_types(&self) -> Vec<String> {
        self.said().await.into_iter().map(|envelope| envelope.r#type).collect()
    }

    /// Fails when something is left undone; the last line of a test.
    pub async fn finish(self) {
        assert_nothing_left(&self.db.pool, &*self.clock).await;
    }
}

fn own_settings<C: clap::Args>(settings: &[String]) -> C {
    let command = C::augment_args(clap::Command::new("settings").no_binary_name(true));
    let matches = command.try_get_matches_from(settings).unwrap_or_else(|error| panic!("settings of the service: {error}"));
    C::from_arg_matches(&matches).expect("settings of the service")
}

fn kit_config(service: ServiceName, database_url: &str, neighbours: &str) -> KitConfig {
    let signing = Identity::service_settings(service);
    let at = || neighbours.to_owned();
    KitConfig {
        env: Environment::Test,
        bind_addr: None,
        database: PgSettings::for_url(database_url),
        identity: IdentityConfig {
            firebase_project_id: Identity::project().to_owned(),
            firebase_jwks_url: format!("{neighbours}/jwks"),
            firebase_auth_emulator_host: None,
            service_token_private_key: signing.private_key,
            service_token_public_keys: signing.public_keys,
        },
        bus: BusConfig {
            event_bus_name: "realserv".to_owned(),
            event_queue_url: None,
            aws_endpoint_url: Some(std::env::var("AWS_ENDPOINT_URL").unwrap_or_else(|_| neighbours.to_owned())),
        },
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
        request_timeout_seconds: 15,
        shutdown_grace_seconds: 1,
        clock_file: None,
        otlp_endpoint: None,
    }
}
