//! Running a service: `serve`, `migrate`, `openapi`, `healthcheck`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::FromRef;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_swagger_ui::SwaggerUi;

use crate::catch_up;
use crate::config::{Environment, KitConfig, default_port};
use crate::http::{docs, health, wrap};
use crate::lifecycle::Shutdown;
use crate::telemetry::Telemetry;
use crate::workers::load_access_list;
use crate::{Kit, Service, Workers};

/// Chooses the process's cryptography. First thing in every `main`.
pub fn init() {
    auth::install_crypto();
    // An error means that it was chosen before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The commands that every service has.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum Command {
    /// Answer requests until SIGTERM.
    Serve,
    /// Bring the database to the newest schema, then stop.
    Migrate,
    /// Print the OpenAPI document as YAML.
    Openapi,
    /// Ask the running service whether it is ready; for container health checks.
    Healthcheck,
}

/// Does one command and says in the exit status whether it worked.
#[must_use]
pub fn run<S: Service>(command: Command) -> ExitCode
where
    Kit: FromRef<S::App>,
{
    init();
    let done = match command {
        Command::Serve => serve::<S>(),
        Command::Migrate => block_on(migrate::<S>()),
        Command::Openapi => openapi::<S>(),
        Command::Healthcheck => block_on(healthcheck::<S>()),
    };
    exit(done)
}

/// Turns an error into a sentence on standard error and a failing status.
#[must_use]
pub fn exit(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a future on a runtime of its own.
///
/// # Errors
/// The future's, or the runtime cannot start.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Reads settings from the environment alone: commands take no settings as arguments, so that a secret never shows in
/// a list of processes.
///
/// # Errors
/// Names the variable that is missing or wrong.
pub fn settings<C: clap::Args>() -> anyhow::Result<C> {
    let mut command = C::augment_args(clap::Command::new("settings").no_binary_name(true));
    let matches = command.try_get_matches_from_mut(std::iter::empty::<String>()).map_err(|error| {
        // clap speaks of `--firebase-project-id <FIREBASE_PROJECT_ID>`; people set variables.
        let mut text = error.to_string();
        for argument in command.get_arguments() {
            if let (Some(long), Some(variable)) = (argument.get_long(), argument.get_env()) {
                let (start, variable) = (format!("--{long} <"), variable.to_string_lossy());
                while let Some(at) = text.find(&start) {
                    let end = text[at..].find('>').map_or(text.len(), |end| at + end + 1);
                    text.replace_range(at..end, &variable);
                }
            }
        }
        let text = text.split("\n\nUsage").next().unwrap_or_default();
        anyhow::anyhow!("settings: {}", text.trim().trim_start_matches("error: "))
    })?;
    Ok(C::from_arg_matches(&matches)?)
}

fn serve<S: Service>() -> anyhow::Result<()>
where
    Kit: FromRef<S::App>,
{
    let config: KitConfig = settings()?;
    let own: S::Config = settings()?;
    let telemetry = Telemetry::start(S::NAME, config.otlp_endpoint.as_deref())?;
    // Two workers: the services are many and small, and a thread costs memory.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(16).enable_all().build()?;
    let metrics = telemetry.metrics.clone();
    let done = runtime.block_on(async move {
        let shutdown = Shutdown::default();
        shutdown.on_signals()?;
        let kit = Kit::new(S::NAME, config).await?;
        let address = kit.config.bind_addr.unwrap_or(SocketAddr::from(([0, 0, 0, 0], default_port(S::NAME))));
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let app = S::build(kit.clone(), own).await?;
        serve_app::<S>(app, listener, shutdown, Some(metrics)).await
    });
    // Whatever still hangs has had its time.
    runtime.shutdown_timeout(Duration::from_secs(1));
    telemetry.finish();
    done
}

/// Serves a built service until it is told to stop, workers included.
///
/// # Errors
/// What keeps it from serving.
pub async fn serve_app<S: Service>(
    app: S::App,
    listener: TcpListener,
    shutdown: Shutdown,
    metrics: Option<PrometheusHandle>,
) -> anyhow::Result<()>
where
    Kit: FromRef<S::App>,
{
    let kit = app.as_ref().clone();
    load_access_list(&kit).await?;
    if let Err(error) = catch_up::ask(&kit).await {
        tracing::info!(error = format!("{error:#}"), "the user service does not say yet who lost access; it is asked again");
    }
    let tracker = TaskTracker::new();
    let mut workers = Workers::new(&kit);
    S::workers(&app, &mut workers);
    workers.start(&kit, &tracker, &shutdown)?;
    // The first token should not wait for the keys; when they cannot be had now, the first token asks again.
    let keys = kit.verifier.keys().clone();
    tokio::spawn(async move {
        keys.warm().await;
    });
    if let Some(metrics) = metrics.clone() {
        tracker.spawn(tidy_metrics(metrics, shutdown.token()));
    }
    let router = router::<S>(app, &kit, shutdown.clone(), metrics);
    shutdown.set_ready();
    tracing::info!(address = %listener.local_addr()?, "ready");
    let grace = Duration::from_secs(kit.config.shutdown_grace_seconds);
    let stop = shutdown.clone();
    let notice = notice(kit.config.env).min(grace / 2);
    let server =
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(async move {
            stop.requested().await;
            tokio::time::sleep(notice).await;
        });
    let server = tokio::spawn(async move { server.await });
    shutdown.requested().await;
    // Also when a worker asked for it: readiness goes off before the listener does.
    shutdown.begin();
    tracker.close();
    let finish = async {
        tracker.wait().await;
        server.await
    };
    match tokio::time::timeout(grace, finish).await {
        Ok(ended) => ended.context("the server's task")?.context("serving")?,
        Err(_) => tracing::warn!(seconds = grace.as_secs(), "work in hand took too long and was dropped"),
    }
    // Closing waits for connections in use, and what overran its time may hold one.
    if tokio::time::timeout(Duration::from_secs(1), kit.pool.close()).await.is_err() {
        tracing::warn!("database connections were still in use");
    }
    anyhow::ensure!(!shutdown.is_broken(), "a worker panicked; see the log above");
    tracing::info!("stopped");
    Ok(())
}

/// How long requests are still taken after readiness went off: a load balancer needs a moment to notice.
const fn notice(env: Environment) -> Duration {
    match env {
        Environment::Staging | Environment::Production => Duration::from_secs(2),
        Environment::Local | Environment::Test => Duration::ZERO,
    }
}

/// Measurements pile up in memory until somebody asks for them; nobody may ever ask.
async fn tidy_metrics(metrics: PrometheusHandle, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => metrics.run_upkeep(),
        }
    }
}

/// The whole router of a service: its routes inside the layers, health, metrics and documentation beside them.
pub fn router<S: Service>(app: S::App, kit: &Kit, shutdown: Shutdown, metrics: Option<PrometheusHandle>) -> Router
where
    Kit: FromRef<S::App>,
{
    let (routes, document) = S::router().split_for_parts();
    let document = docs::complete(S::NAME, document);
    let docs = SwaggerUi::new("/docs").url("/openapi.json", document);
    // Answers that go on and on want to know when to end.
    let routes = routes.with_state(app).layer(axum::Extension(shutdown.clone()));
    wrap(routes.merge(health::routes(kit.clone(), shutdown, metrics)).merge(docs), kit)
}

/// The service's document as it is checked in.
///
/// # Errors
/// It cannot be written as YAML.
pub fn document<S: Service>() -> anyhow::Result<String> {
    let (_, document) = S::router().split_for_parts();
    Ok(docs::complete(S::NAME, document).to_yaml()?)
}

fn openapi<S: Service>() -> anyhow::Result<()> {
    print!("{}", document::<S>()?);
    Ok(())
}

#[derive(clap::Args, Debug)]
struct MigrateConfig {
    #[command(flatten)]
    database: pg_kit::PgSettings,
}

async fn migrate<S: Service>() -> anyhow::Result<()> {
    let config: MigrateConfig = settings()?;
    let pool = pg_kit::connect(&config.database).await.context("cannot use DATABASE_URL")?;
    pg_kit::migrate(&pool, &S::migrator()).await.context("migrating")?;
    Ok(())
}

async fn healthcheck<S: Service>() -> anyhow::Result<()> {
    let bound = std::env::var("BIND_ADDR").ok().and_then(|address| address.parse::<SocketAddr>().ok());
    let mut address = bound.unwrap_or(SocketAddr::from(([127, 0, 0, 1], default_port(S::NAME))));
    if address.ip().is_unspecified() {
        address.set_ip([127, 0, 0, 1].into());
    }
    let http = outbound::http_client(outbound::HttpSettings { timeout: Duration::from_secs(2), ..Default::default() })?;
    let response = http.get(format!("http://{address}/health/ready")).send().await?;
    anyhow::ensure!(response.status().is_success(), "not ready: {}", response.text().await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_missing_is_named_by_its_variable() {
        let error = settings::<crate::config::IdentityConfig>().unwrap_err().to_string();
        for variable in ["FIREBASE_PROJECT_ID", "SERVICE_TOKEN_PRIVATE_KEY", "SERVICE_TOKEN_PUBLIC_KEYS"] {
            assert!(error.contains(variable), "{error}");
        }
        assert!(!error.contains("--") && !error.contains("FIREBASE_JWKS_URL"), "{error}");
    }
}
