//! The order service: orders, their saga, tickets, disputes.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`, told to others
//! in `events`; `jobs` follow later.

mod app;
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
pub use config::{Config, CrashPoint};

/// The order service.
#[derive(Debug)]
pub struct OrderService;

impl Service for OrderService {
    const NAME: ServiceName = ServiceName::Order;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/order")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(app: &App, workers: &mut Workers) {
        let handler = app.clone();
        workers.events(move |envelope| events::handle(handler.clone(), envelope));
        jobs::register(app, workers);
    }
}

/// Finishes or undoes every order whose placing was interrupted, once; the service does so every few seconds by itself.
///
/// # Errors
/// The database does not answer.
pub async fn finish_sagas(app: &App) -> anyhow::Result<usize> {
    Ok(usecases::finish_sagas::finish_sagas(app).await?)
}

/// Says of every ticket whose time has come that it was missed, once; the service does so every few seconds by itself.
///
/// # Errors
/// The database does not answer.
pub async fn sweep_tickets(app: &App) -> anyhow::Result<usize> {
    Ok(usecases::tickets::sweep(app).await?)
}
