//! The catalog service: materials, labour, offers, stock.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`, told to others
//! in `events`; `jobs` are done again and again.

mod app;
mod config;
pub mod domain;
mod events;
mod http;
mod jobs;
mod reconcile;
mod seed;
mod store;
mod usecases;

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use config::Config;
pub use jobs::sweep_once;
pub use reconcile::reconcile;
pub use seed::seed;
pub use store::stock_book::Mismatch;
pub use usecases::reconcile_stock::reconcile_stock;
pub use usecases::seed_catalog::{Counted, Seeded, seed_catalog};

/// The catalog service.
#[derive(Debug)]
pub struct CatalogService;

impl Service for CatalogService {
    const NAME: ServiceName = ServiceName::Catalog;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/catalog")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(app: &App, workers: &mut Workers) {
        let events = app.clone();
        workers.events(move |envelope| events::handle(events.clone(), envelope));
        jobs::register(app, workers);
    }
}
