//! What happens by itself: keys are replaced, papers expire, shops open and close by their hours.

use std::time::Duration;

use ::domain::VendorId;
use pg_kit::jobs::{Job, JobError};
use serde::Deserialize;
use service_kit::Workers;
use uuid::Uuid;

use crate::App;
use crate::usecases::Refusal;
use crate::usecases::expire_paper::expire_paper;
use crate::usecases::set_availability::turn_over;

/// A shop opens or closes by its hours.
pub(crate) const SHOP_HOURS: &str = "shop_hours";
/// A paper's last day is over.
pub(crate) const EXPIRE_PAPER: &str = "expire_paper";

#[derive(Deserialize)]
struct OfVendor {
    vendor_id: VendorId,
}

#[derive(Deserialize)]
struct Paper {
    vendor_id: VendorId,
    document_id: Uuid,
}

/// Registers all of it.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let state = app.clone();
    workers.every("data_keys", Duration::from_secs(60), move || {
        let app = state.clone();
        async move { app.keep_keys_fresh().await }
    });
    let state = app.clone();
    workers.job(SHOP_HOURS, move |job| shop_hours(state.clone(), job));
    let state = app.clone();
    workers.job(EXPIRE_PAPER, move |job| paper(state.clone(), job));
}

async fn shop_hours(app: App, job: Job) -> Result<(), JobError> {
    let OfVendor { vendor_id } = job.parse()?;
    turn_over(&app, vendor_id).await.map_err(job_error)
}

async fn paper(app: App, job: Job) -> Result<(), JobError> {
    let Paper { vendor_id, document_id } = job.parse()?;
    expire_paper(&app, vendor_id, document_id).await.map_err(job_error)
}

fn job_error(refusal: Refusal) -> JobError {
    match refusal {
        Refusal::NotFound(_) => JobError::fail(refusal),
        other => JobError::retry(other),
    }
}
