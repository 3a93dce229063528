//! What the gateway is told at its start.

use clap::Args;
use std::{net::SocketAddr, path::PathBuf};

/// Arguments of `realserv gateway`, each with its variable.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where to listen.
    #[arg(long = "bind", env = "BIND_ADDR", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// The route table.
    #[arg(long, env = "GATEWAY_ROUTES", default_value = "infra/gateway/routes.json")]
    pub routes: PathBuf,
    /// local, test, staging or production.
    #[arg(long, env = "REALSERV_ENV", default_value = "local")]
    pub environment: String,
    /// Project whose tokens are accepted.
    #[arg(long, env = "FIREBASE_PROJECT_ID")]
    pub firebase_project_id: String,
    /// Where the keys of those tokens are published.
    #[arg(long, env = "FIREBASE_JWKS_URL", default_value = auth::GOOGLE_JWKS_URL)]
    pub firebase_jwks_url: String,
    /// Accept the emulator's unsigned tokens (never in production).
    #[arg(long, env = "FIREBASE_AUTH_EMULATOR_HOST")]
    pub firebase_auth_emulator_host: Option<String>,
    /// File with an offset in seconds for the clock (never in production).
    #[arg(long, env = "CLOCK_FILE")]
    pub clock_file: Option<PathBuf>,
    /// Comma-separated origins; replaces those of the route table.
    #[arg(long, env = "CORS_ALLOWED_ORIGINS")]
    pub cors_allowed_origins: Option<String>,
    /// Let every request through, for load tests of what is behind.
    #[arg(long, env = "GATEWAY_NO_THROTTLE")]
    pub no_throttle: bool,
    /// Where the services are.
    #[command(flatten)]
    pub upstreams: Upstreams,
}

impl Settings {
    /// Whether this is the real thing.
    pub fn is_production(&self) -> bool {
        self.environment == "production"
    }
}

/// Base URLs of the services.
#[derive(Debug, Clone, Args)]
pub struct Upstreams {
    /// User service.
    #[arg(long, env = "USER_URL", default_value = "http://127.0.0.1:5001")]
    pub user_url: String,
    /// Order service.
    #[arg(long, env = "ORDER_URL", default_value = "http://127.0.0.1:5002")]
    pub order_url: String,
    /// Payment service.
    #[arg(long, env = "PAYMENT_URL", default_value = "http://127.0.0.1:5003")]
    pub payment_url: String,
    /// Catalog service.
    #[arg(long, env = "CATALOG_URL", default_value = "http://127.0.0.1:5004")]
    pub catalog_url: String,
    /// Vendor-management service.
    #[arg(long, env = "VENDOR_MANAGEMENT_URL", default_value = "http://127.0.0.1:5005")]
    pub vendor_management_url: String,
    /// Notification service.
    #[arg(long, env = "NOTIFICATION_URL", default_value = "http://127.0.0.1:5006")]
    pub notification_url: String,
    /// Integration service.
    #[arg(long, env = "INTEGRATION_URL", default_value = "http://127.0.0.1:5007")]
    pub integration_url: String,
}

impl Upstreams {
    /// Base URL of a service, without a slash at its end.
    pub fn url(&self, service: &str) -> Option<&str> {
        let url = match service {
            "user" => &self.user_url,
            "order" => &self.order_url,
            "payment" => &self.payment_url,
            "catalog" => &self.catalog_url,
            "vendor-management" => &self.vendor_management_url,
            "notification" => &self.notification_url,
            "integration" => &self.integration_url,
            _ => return None,
        };
        Some(url.trim_end_matches('/'))
    }
}
