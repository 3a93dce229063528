//! What follows later: telling Firebase, finding addresses on the map, keeping the audit log's months.

use std::time::Duration;

use chrono::{Months, TimeDelta};
use service_kit::Workers;

use crate::App;
use crate::store;
use crate::usecases::{self, LOCATE_ADDRESS, SYNC_IDENTITY};

/// How long it is remembered whose a refresh token is since it was last used.
const REFRESH_TOKENS_KEPT: TimeDelta = TimeDelta::days(180);

/// Everything that runs in the background.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let own = app.clone();
    workers.job(SYNC_IDENTITY, move |job| {
        let app = own.clone();
        async move { usecases::sync_job(&app, &job).await }
    });
    let own = app.clone();
    workers.job(LOCATE_ADDRESS, move |job| {
        let app = own.clone();
        async move { usecases::locate_address(&app, &job).await }
    });
    let own = app.clone();
    workers.every("sweep unsynced users", Duration::from_secs(30), move || {
        let app = own.clone();
        async move { sweep(&app).await }
    });
    let own = app.clone();
    workers.every("audit log months", Duration::from_secs(3600), move || {
        let app = own.clone();
        async move { keep_audit_months(&app).await }
    });
}

/// Makes this month's and next month's partition of the audit log, drops months that are older than it is kept, and
/// forgets refresh tokens that nobody used for long.
///
/// # Errors
/// The database fails.
pub async fn keep_audit_months(app: &App) -> anyhow::Result<()> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    store::audit::ensure_month(&mut tx, now).await?;
    store::audit::ensure_month(&mut tx, now + Months::new(1)).await?;
    store::refresh_tokens::purge(&mut tx, now - REFRESH_TOKENS_KEPT).await?;
    let dropped = store::audit::drop_before(&mut tx, now - TimeDelta::days(app.config.audit_log_days.into())).await?;
    tx.commit().await?;
    if dropped > 0 {
        tracing::info!(dropped, "months of the audit log dropped");
    }
    Ok(())
}

/// Finds users of whom Firebase does not know the newest and enqueues telling it.
///
/// # Errors
/// The database fails.
pub async fn sweep(app: &App) -> anyhow::Result<()> {
    usecases::sweep_unsynced(app).await
}
