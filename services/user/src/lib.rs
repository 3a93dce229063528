//! The user service: identity, profiles, addresses, admins, the audit log.
//!
//! A request comes in at `http`, is decided in `domain`, sequenced in `usecases`, remembered in `store`, told to others
//! in `events`; `jobs` follow later.

mod app;
mod bootstrap;
mod config;
pub mod domain;
mod events;
mod http;
mod jobs;
mod sessions_by_phone;
mod store;
mod usecases;

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use bootstrap::{BootstrapAdmin, make as make_first_admin, run as bootstrap_admin};
pub use config::Config;
pub use jobs::{keep_audit_months, sweep};

/// The user service.
#[derive(Debug)]
pub struct UserService;

impl Service for UserService {
    const NAME: ServiceName = ServiceName::User;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/user")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
    }

    fn router() -> OpenApiRouter<App> {
        http::routes()
    }

    fn workers(app: &App, workers: &mut Workers) {
        jobs::register(app, workers);
        let own = app.clone();
        workers.events(move |envelope| events::handle(own.clone(), envelope));
    }
}
