//! The one place that builds an HTTP client.

use std::{sync::Once, time::Duration};

/// How a client behaves where a call does not say otherwise.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Whole call, from the first byte out to the last byte in.
    pub timeout: Duration,
    /// Name lookup, TCP and TLS together.
    pub connect_timeout: Duration,
    /// What we call ourselves.
    pub user_agent: String,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            user_agent: concat!("realserv/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The client could not be built: no trusted certificates on this machine, mostly.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built: {0}")]
pub struct BuildError(#[from] reqwest::Error);

/// Builds the client that every adapter shares.
///
/// Redirects are not followed: none of the APIs we call redirects, and following one would carry a
/// credential to a host nobody chose.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds a client")]
pub fn http_client(settings: HttpSettings) -> Result<reqwest::Client, BuildError> {
    install_crypto();
    Ok(reqwest::Client::builder()
        .timeout(settings.timeout)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_keepalive(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(settings.user_agent)
        .build()?)
}

/// One crypto library in the process. Whoever came first keeps it; it is the same one everywhere.
fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
            tracing::debug!("the TLS crypto provider was installed before");
        }
    });
}
