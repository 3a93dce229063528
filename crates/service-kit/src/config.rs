//! Settings that every service has. They come from the environment; the table in each service's README lists them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use domain::ServiceName;
use pg_kit::PgSettings;
use secrecy::SecretString;

/// Where a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// On somebody's machine.
    Local,
    /// In a test.
    Test,
    /// Like production, without customers.
    Staging,
    /// For customers.
    Production,
}

/// The settings that every service has.
#[derive(Debug, Clone, clap::Args)]
pub struct KitConfig {
    /// Where the service runs; production refuses what only helps locally.
    #[arg(long, env = "REALSERV_ENV", value_enum)]
    pub env: Environment,
    /// Address to listen on; the service's own port when left out.
    #[arg(long, env = "BIND_ADDR")]
    pub bind_addr: Option<SocketAddr>,
    /// The database.
    #[command(flatten)]
    pub database: PgSettings,
    /// Identity.
    #[command(flatten)]
    pub identity: IdentityConfig,
    /// The bus.
    #[command(flatten)]
    pub bus: BusConfig,
    /// The other services.
    #[command(flatten)]
    pub services: ServiceUrls,
    /// Origins that browsers may call from, comma separated; none when empty.
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub cors_allowed_origins: Vec<String>,
    /// Seconds a request may take before it is answered with 504.
    #[arg(long, env = "REQUEST_TIMEOUT_SECONDS", default_value_t = 15)]
    pub request_timeout_seconds: u64,
    /// Seconds that work in hand may take after SIGTERM.
    #[arg(long, env = "SHUTDOWN_GRACE_SECONDS", default_value_t = 10)]
    pub shutdown_grace_seconds: u64,
    /// File with the number of seconds by which the local fleet's clock is moved. Refused in production.
    #[arg(long, env = "CLOCK_FILE")]
    pub clock_file: Option<PathBuf>,
    /// OTLP collector to send traces to, such as `http://localhost:4318`; no traces leave when empty.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

impl KitConfig {
    /// Refuses what must not be, before anything is begun.
    ///
    /// # Errors
    /// Which variable, and why.
    pub fn check(&self) -> anyhow::Result<()> {
        let production = self.env == Environment::Production;
        anyhow::ensure!(
            !(production && self.clock_file.is_some()),
            "CLOCK_FILE is set while REALSERV_ENV=production: the clock cannot be moved there; unset it"
        );
        for origin in self.cors_allowed_origins.iter().filter(|origin| !origin.is_empty()) {
            let scheme_and_host = origin.split_once("://").is_some_and(|(_, host)| !host.is_empty() && !host.contains('/'));
            anyhow::ensure!(
                scheme_and_host && http::HeaderValue::from_str(origin).is_ok(),
                "CORS_ALLOWED_ORIGINS: {origin} is no origin; write each as https://host, without a path (`*` is not taken)"
            );
        }
        anyhow::ensure!(self.request_timeout_seconds > 0, "REQUEST_TIMEOUT_SECONDS must not be 0");
        Ok(())
    }
}

/// Whose tokens are accepted, and how we sign our own.
#[derive(Debug, Clone, clap::Args)]
pub struct IdentityConfig {
    /// Firebase project whose ID tokens are accepted.
    #[arg(long, env = "FIREBASE_PROJECT_ID")]
    pub firebase_project_id: String,
    /// Where the keys of those tokens are published.
    #[arg(long, env = "FIREBASE_JWKS_URL", default_value = auth::GOOGLE_JWKS_URL)]
    pub firebase_jwks_url: String,
    /// Firebase's emulator, whose unsigned tokens are then accepted. Refused in production.
    #[arg(long, env = "FIREBASE_AUTH_EMULATOR_HOST")]
    pub firebase_auth_emulator_host: Option<String>,
    /// This service's Ed25519 key, PKCS#8 in base64.
    #[arg(long, env = "SERVICE_TOKEN_PRIVATE_KEY", hide_env_values = true)]
    pub service_token_private_key: SecretString,
    /// Every service's public key: JSON, name to base64.
    #[arg(long, env = "SERVICE_TOKEN_PUBLIC_KEYS")]
    pub service_token_public_keys: String,
}

/// Where events go and come from.
#[derive(Debug, Clone, clap::Args)]
pub struct BusConfig {
    /// EventBridge bus.
    #[arg(long, env = "EVENT_BUS_NAME", default_value = "realserv")]
    pub event_bus_name: String,
    /// This service's queue; without it no events are consumed.
    #[arg(long, env = "EVENT_QUEUE_URL")]
    pub event_queue_url: Option<String>,
    /// Endpoint instead of Amazon's, for a local stand-in.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub aws_endpoint_url: Option<String>,
}

/// Where the other services are, without a path at the end.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceUrls {
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
    /// Vendor-management.
    #[arg(long, env = "VENDOR_MANAGEMENT_URL", default_value = "http://127.0.0.1:5005")]
    pub vendor_management_url: String,
    /// Notification service.
    #[arg(long, env = "NOTIFICATION_URL", default_value = "http://127.0.0.1:5006")]
    pub notification_url: String,
    /// Integration service.
    #[arg(long, env = "INTEGRATION_URL", default_value = "http://127.0.0.1:5007")]
    pub integration_url: String,
}

impl ServiceUrls {
    /// Where one service is.
    #[must_use]
    pub fn of(&self, service: ServiceName) -> &str {
        match service {
            ServiceName::User => &self.user_url,
            ServiceName::Order => &self.order_url,
            ServiceName::Payment => &self.payment_url,
            ServiceName::Catalog => &self.catalog_url,
            ServiceName::VendorManagement => &self.vendor_management_url,
            ServiceName::Notification => &self.notification_url,
            ServiceName::Integration => &self.integration_url,
        }
    }
}

/// The port a service listens on when nothing else is said.
#[must_use]
pub const fn default_port(service: ServiceName) -> u16 {
    match service {
        ServiceName::User => 5001,
        ServiceName::Order => 5002,
        ServiceName::Payment => 5003,
        ServiceName::Catalog => 5004,
        ServiceName::VendorManagement => 5005,
        ServiceName::Notification => 5006,
        ServiceName::Integration => 5007,
    }
}
