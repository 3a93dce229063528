//! Forgets what nobody will ask for again: old idempotency records, inbox rows and finished jobs.

use std::time::Duration;

use chrono::TimeDelta;
use domain::SharedClock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{DbError, idempotency, inbox, jobs};

/// Longer than a queue and its dead-letter queue keep a message together.
const INBOX_KEPT: TimeDelta = TimeDelta::days(35);
const JOBS_KEPT: TimeDelta = TimeDelta::days(35);
const EVERY: Duration = Duration::from_secs(600);

/// Sweeps every ten minutes until `shutdown`.
pub async fn run(pool: PgPool, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = sweep(&pool, &clock).await {
            tracing::warn!(%error, "housekeeping failed");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// One sweep.
pub async fn sweep(pool: &PgPool, clock: &SharedClock) -> Result<(), DbError> {
    let now = clock.now();
    let mut conn = pool.acquire().await?;
    let keys = idempotency::purge(&mut conn, now).await?;
    let events = inbox::purge(&mut conn, now - INBOX_KEPT).await?;
    let jobs = jobs::purge(&mut conn, now - JOBS_KEPT).await?;
    tracing::debug!(keys, events, jobs, "housekeeping");
    Ok(())
}
