//! What every service is made of: configuration, telemetry, lifecycle, HTTP.
//!
//! A service is a type that implements [`Service`]: it says how it is built from a [`Kit`] and its own settings, which
//! routes it has and what it does in the background. [`process`] runs it.

mod catch_up;
pub mod config;
pub mod http;
mod kit;
mod lifecycle;
pub mod process;
mod random;
mod telemetry;
mod workers;

use std::future::Future;

use domain::ServiceName;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use config::{Environment, KitConfig, ServiceUrls};
pub use http::error::ApiError;
pub use kit::{Kit, KitParts};
pub use lifecycle::Shutdown;
pub use random::SystemRandom;
pub use workers::{EventHandler, Workers};

/// One of the seven.
pub trait Service: Send + Sync + 'static {
    /// Which one.
    const NAME: ServiceName;
    /// Its own settings, besides [`KitConfig`].
    type Config: clap::Args + std::fmt::Debug + Send;
    /// Its state: the kit, its ports and settings. Cheap to clone.
    type App: Clone + Send + Sync + 'static + AsRef<Kit>;

    /// The migrations of `migrations/<service>`.
    fn migrator() -> Migrator;

    /// Builds the state. Nothing is called on the network here but the database: a service must start while its
    /// neighbours are down.
    ///
    /// # Errors
    /// Unusable settings.
    fn build(kit: Kit, config: Self::Config) -> impl Future<Output = anyhow::Result<Self::App>> + Send;

    /// Every route, with its description.
    fn router() -> OpenApiRouter<Self::App>;

    /// What runs in the background: the event handler, jobs and sweepers.
    fn workers(app: &Self::App, workers: &mut Workers);
}
