//! The vendor-management service: vendors, KYC, deliveries, settlements.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`, told to others
//! in `events`; `jobs` follow later.

mod app;
mod config;
pub mod domain;
mod events;
mod http;
mod jobs;
mod pdf;
mod store;
mod usecases;
mod words;

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use config::Config;

/// The vendor-management service.
#[derive(Debug)]
pub struct VendorManagementService;

impl Service for VendorManagementService {
    const NAME: ServiceName = ServiceName::VendorManagement;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/vendor-management")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config).await
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(app: &App, workers: &mut Workers) {
        let state = app.clone();
        workers.events(move |envelope| events::handle(state.clone(), envelope));
        jobs::register(app, workers);
    }
}
