//! What follows later: time-outs of payment and vendor, the reminder, the sweeper of sagas.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::OrderId;
use pg_kit::jobs::{Job, JobError, NewJob};
use serde::{Deserialize, Serialize};
use service_kit::{Kit, Workers};

use crate::App;
use crate::usecases::{Refusal, finish_sagas, remind_vendor, tickets, time_out_order};

/// Cancels an online order that nobody paid (rule 15).
pub(crate) const PAYMENT_TIMEOUT: &str = "payment_timeout";
/// Reminds a vendor to confirm (rule 16).
pub(crate) const VENDOR_REMINDER: &str = "vendor_reminder";
/// Cancels an order that the vendor did not confirm (rule 16).
pub(crate) const VENDOR_TIMEOUT: &str = "vendor_timeout";

/// How often abandoned sagas are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often tickets are looked for whose time has come.
const SWEEP_TICKETS_EVERY: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
struct OfOrder {
    order_id: OrderId,
}

/// A job about an order.
pub(crate) fn for_order(kit: &Kit, kind: &'static str, order_id: OrderId, run_at: DateTime<Utc>) -> NewJob {
    NewJob {
        id: kit.ids.uuid(),
        kind,
        payload: serde_json::json!({ "order_id": order_id }),
        run_at,
        dedupe_key: Some(key(kind, order_id)),
    }
}

/// The key by which a job about an order is taken back.
pub(crate) fn key(kind: &str, order_id: OrderId) -> String {
    format!("{kind}:{order_id}")
}

/// Registers all of it.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    on_order(app, workers, PAYMENT_TIMEOUT, |app, id| async move { time_out_order::time_out_payment(&app, id).await });
    on_order(app, workers, VENDOR_TIMEOUT, |app, id| async move { time_out_order::time_out_vendor(&app, id).await });
    on_order(app, workers, VENDOR_REMINDER, |app, id| async move { remind_vendor::remind_vendor(&app, id).await });
    let of_tickets = app.clone();
    workers.every("ticket times", SWEEP_TICKETS_EVERY, move || {
        let app = of_tickets.clone();
        async move { tickets::sweep(&app).await.map(|_| ()).map_err(anyhow::Error::from) }
    });
    let app = app.clone();
    workers.every("order sagas", SWEEP_EVERY, move || {
        let app = app.clone();
        async move { finish_sagas::finish_sagas(&app).await.map(|_| ()).map_err(anyhow::Error::from) }
    });
}

fn on_order<F, Fut>(app: &App, workers: &mut Workers, kind: &'static str, work: F)
where
    F: Fn(App, OrderId) -> Fut + Send + Sync + Copy + 'static,
    Fut: Future<Output = Result<(), Refusal>> + Send + 'static,
{
    let app = app.clone();
    workers.job(kind, move |job: Job| {
        let app = app.clone();
        async move {
            let OfOrder { order_id } = job.parse()?;
            work(app, order_id).await.map_err(outcome)
        }
    });
}

fn outcome(refusal: Refusal) -> JobError {
    match refusal {
        Refusal::NotFound => JobError::fail(refusal),
        Refusal::Neighbour(error) if !error.is_transient() => JobError::fail(error),
        other => JobError::retry(other),
    }
}
