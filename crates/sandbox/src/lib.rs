//! Stands in for every outside system over HTTP: Firebase, Google's OAuth, FCM, Maps and Routes,
//! Razorpay, WhatsApp, Twilio and MSG91, each under its own path prefix, so that a base URL selects it.
//! `/_sandbox` is the other side: reading what was sent, acting as a phone or a payer, switching faults on.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::{net::TcpListener, task::JoinHandle};

mod control;
mod face;
mod faults;
mod fcm;
mod firebase;
mod keys;
mod maps;
mod random;
mod razorpay;
mod settings;
pub mod signing;
mod sms;
mod state;
mod webhooks;
mod whatsapp;

pub use settings::{ServiceAccount, Settings};

use state::{App, Shared};

/// The largest body taken: WhatsApp documents may be big.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// How long open requests may take once the sandbox is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// A running sandbox.
pub struct Sandbox {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The service account whose signatures it accepts: the one given, or the one it made.
    pub service_account: ServiceAccount,
    app: Shared,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// `http://host:port` with a path, such as `/razorpay`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Where webhooks go from now on: a test knows its service's port only after the sandbox's.
    pub fn send_webhooks_to(&self, razorpay: Option<String>, whatsapp: Option<String>) {
        self.app.webhooks.send_to(webhooks::Source::Razorpay, razorpay);
        self.app.webhooks.send_to(webhooks::Source::Whatsapp, whatsapp);
    }

    /// Stops listening and saves the state.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        if tokio::time::timeout(STOP_GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        if let Err(error) = self.app.save().await {
            tracing::warn!(%error, "the state was not saved");
        }
    }
}

/// Starts a sandbox in this process.
///
/// # Errors
/// When it cannot listen, or its settings or state file cannot be used.
pub async fn start(settings: Settings) -> anyhow::Result<Sandbox> {
    install_crypto();
    let listener = TcpListener::bind(settings.bind).await.with_context(|| format!("listen on {}", settings.bind))?;
    let addr = listener.local_addr()?;
    let app = App::build(settings).await?;
    tokio::spawn(app.clone().keep_saving());
    tokio::spawn(razorpay::keep_sweeping(app.clone()));
    let stopping = app.stopping.clone();
    let served = axum::serve(listener, router(&app)).with_graceful_shutdown(stopping.cancelled_owned());
    let server = tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!(%error, "the sandbox stopped listening");
        }
    });
    Ok(Sandbox { addr, service_account: app.service_account.clone(), app, server })
}

fn router(app: &Shared) -> Router {
    Router::new()
        .nest("/firebase", firebase::router())
        .nest("/google/oauth2", firebase::oauth_router())
        .nest("/fcm", fcm::router())
        .nest("/razorpay", razorpay::router(app))
        .nest("/whatsapp", whatsapp::router())
        .nest("/maps", maps::geocode_router())
        .nest("/routes", maps::routes_router())
        .nest("/twilio", sms::twilio_router())
        .nest("/msg91", sms::msg91_router())
        .layer(middleware::from_fn_with_state(app.clone(), faults::apply))
        .nest("/_sandbox", control::router().merge(face::router()))
        .merge(face::pages())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app.clone())
}

/// One crypto library for TLS and tokens; a provider already installed is the same one.
fn install_crypto() {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was already installed");
    }
    if jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().is_err() {
        tracing::debug!("a token provider was already installed");
    }
}
