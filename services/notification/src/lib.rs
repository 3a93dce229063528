//! The notification service: messages to people.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`; events come in
//! at `events`; `jobs` send; `channels` are the ways out.

mod app;
mod channels;
mod config;
pub mod domain;
mod events;
mod http;
mod jobs;
mod store;
mod usecases;

use ::domain::{ServiceName, SystemClock, SystemIds};
use anyhow::Context as _;
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
        App::build(kit, config).await
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

#[derive(clap::Args, Debug)]
struct SeedConfig {
    #[command(flatten)]
    database: pg_kit::PgSettings,
}

/// Brings the checked-in templates into the database, then stops. `serve` does the same when it starts.
///
/// # Errors
/// The database does not answer, or is not migrated.
pub async fn seed() -> anyhow::Result<()> {
    let config: SeedConfig = service_kit::process::settings()?;
    let pool = pg_kit::connect(&config.database).await.context("cannot use DATABASE_URL")?;
    let clock: ::domain::SharedClock = std::sync::Arc::new(SystemClock);
    let ids: ::domain::SharedIds = std::sync::Arc::new(SystemIds);
    let added = usecases::seed_templates::seed_templates(&pool, &clock, &ids).await?;
    println!("{added} templates new or changed");
    Ok(())
}
