//! The notification service: messages to people.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`, told to others
//! in `events`; `jobs` follow later.

mod app;
mod config;
pub mod domain;
mod http;

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use config::Config;

/// The notification service.
#[derive(Debug)]
pub struct NotificationService;

impl Service for NotificationService {
    const NAME: ServiceName = ServiceName::Notification;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/notification")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(_app: &App, _workers: &mut Workers) {}
}
