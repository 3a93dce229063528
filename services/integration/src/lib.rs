//! The integration service: the WhatsApp bot, media, location.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`; `events` are what
//! others tell us, `jobs` follow later. What people write on WhatsApp is understood, done and answered in `bot`.

mod app;
mod bot;
mod config;
pub mod domain;
mod events;
mod http;
mod jobs;
mod store;
mod usecases;

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use config::Config;

/// The integration service.
#[derive(Debug)]
pub struct IntegrationService;

impl Service for IntegrationService {
    const NAME: ServiceName = ServiceName::Integration;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/integration")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(app: &App, workers: &mut Workers) {
        let handling = app.clone();
        workers.events(move |envelope| events::handle(handling.clone(), envelope));
        jobs::register(app, workers);
    }
}
