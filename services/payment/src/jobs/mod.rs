//! What follows later: kept webhooks, refunds, and asking the gateway by ourselves.

use std::time::Duration;

use ::domain::{OrderId, RefundId};
use pg_kit::jobs::{Job, JobError};
use serde::Deserialize;
use service_kit::Workers;
use uuid::Uuid;

use crate::App;
use crate::usecases::PaymentError;
use crate::usecases::carry_out_refund::carry_out_refund;
use crate::usecases::invoice_pdf::store_pdfs;
use crate::usecases::issue_credit_note::issue_credit_note;
use crate::usecases::issue_invoice::issue_invoice;
use crate::usecases::process_webhook::process_webhook;
use crate::usecases::read_ledger::watch_ledger;
use crate::usecases::sweep::{sweep_links, sweep_payments, sweep_refunds, sweep_retired};

/// Works on a kept webhook.
pub(crate) const PROCESS_WEBHOOK: &str = "process_webhook";
/// Issues the invoice of a delivered order.
pub(crate) const ISSUE_INVOICE: &str = "issue_invoice";
/// Issues the credit note of a refund.
pub(crate) const ISSUE_CREDIT_NOTE: &str = "issue_credit_note";
/// Makes and stores the PDFs of an order.
pub(crate) const STORE_INVOICE_PDF: &str = "store_invoice_pdf";
/// Gives money back.
pub(crate) const CARRY_OUT_REFUND: &str = "carry_out_refund";

#[derive(Deserialize)]
struct Webhook {
    webhook_id: Uuid,
}

#[derive(Deserialize)]
struct Refund {
    refund_id: RefundId,
}

#[derive(Deserialize)]
struct OfOrder {
    order_id: OrderId,
}

/// Registers all of it.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let state = app.clone();
    workers.job(PROCESS_WEBHOOK, move |job| webhook(state.clone(), job));
    let state = app.clone();
    workers.job(CARRY_OUT_REFUND, move |job| refund(state.clone(), job));
    let state = app.clone();
    workers.job(ISSUE_INVOICE, move |job| invoice(state.clone(), job));
    let state = app.clone();
    workers.job(ISSUE_CREDIT_NOTE, move |job| credit_note(state.clone(), job));
    let state = app.clone();
    workers.job(STORE_INVOICE_PDF, move |job| invoice_pdfs(state.clone(), job));
    let state = app.clone();
    workers.every("sweep_payments", Duration::from_secs(5), move || {
        let app = state.clone();
        async move {
            sweep_payments(&app).await?;
            sweep_links(&app).await?;
            Ok(sweep_retired(&app).await?)
        }
    });
    let state = app.clone();
    workers.every("watch_ledger", Duration::from_secs(300), move || {
        let app = state.clone();
        async move { Ok(watch_ledger(&app).await?) }
    });
    let state = app.clone();
    workers.every("sweep_refunds", Duration::from_secs(15), move || {
        let app = state.clone();
        async move { Ok(sweep_refunds(&app).await?) }
    });
}

async fn webhook(app: App, job: Job) -> Result<(), JobError> {
    let Webhook { webhook_id } = job.parse()?;
    process_webhook(&app, webhook_id).await.map_err(job_error)
}

async fn refund(app: App, job: Job) -> Result<(), JobError> {
    let Refund { refund_id } = job.parse()?;
    carry_out_refund(&app, refund_id).await.map_err(job_error)
}

async fn invoice(app: App, job: Job) -> Result<(), JobError> {
    let OfOrder { order_id } = job.parse()?;
    issue_invoice(&app, order_id).await.map_err(not_yet)
}

async fn credit_note(app: App, job: Job) -> Result<(), JobError> {
    let Refund { refund_id } = job.parse()?;
    issue_credit_note(&app, refund_id).await.map_err(not_yet)
}

async fn invoice_pdfs(app: App, job: Job) -> Result<(), JobError> {
    let OfOrder { order_id } = job.parse()?;
    store_pdfs(&app, order_id).await.map_err(not_yet)
}

/// What an invoice needs to know comes from services that hear of a delivery at their own pace: a 404 there is a "not yet".
fn not_yet(error: PaymentError) -> JobError {
    match error {
        error @ PaymentError::NotFound => JobError::retry(error),
        other => job_error(other),
    }
}

/// Almost everything is worth another try: the backoff is long, and a job that gives up is seen.
fn job_error(error: PaymentError) -> JobError {
    match error {
        PaymentError::NotFound | PaymentError::Ledger(_) => JobError::fail(error),
        other => JobError::retry(other),
    }
}
