//! The payment service: money in and out, the ledger.
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

use ::domain::ServiceName;
use service_kit::{Kit, Service, Workers};
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use config::Config;

/// The payment service.
#[derive(Debug)]
pub struct PaymentService;

impl Service for PaymentService {
    const NAME: ServiceName = ServiceName::Payment;
    type Config = Config;
    type App = App;

    fn migrator() -> Migrator {
        sqlx::migrate!("../../migrations/payment")
    }

    async fn build(kit: Kit, config: Config) -> anyhow::Result<App> {
        App::build(kit, config)
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

/// Asks the gateway about every payment that is due, as the service does by itself every few seconds.
///
/// # Errors
/// The database cannot be used.
pub async fn sweep_now(app: &App) -> anyhow::Result<()> {
    usecases::sweep::sweep_payments(app).await?;
    usecases::sweep::sweep_retired(app).await?;
    usecases::sweep::sweep_links(app).await?;
    Ok(usecases::sweep::sweep_refunds(app).await?)
}

/// Adds the whole ledger up, as the service does by itself every few minutes.
///
/// # Errors
/// The database cannot be used.
pub async fn watch_ledger_now(app: &App) -> anyhow::Result<()> {
    Ok(usecases::read_ledger::watch_ledger(app).await?)
}

/// Issues the invoice of a delivered order, as the job does.
///
/// # Errors
/// What the invoice needs to know cannot be had, or the database cannot be used.
pub async fn issue_invoice_now(app: &App, order_id: ::domain::OrderId) -> anyhow::Result<()> {
    Ok(usecases::issue_invoice::issue_invoice(app, order_id).await?)
}
