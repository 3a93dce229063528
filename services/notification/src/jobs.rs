//! What follows later: sending, and forgetting what providers said long ago.

use std::time::Duration;

use chrono::TimeDelta;
use service_kit::Workers;

use crate::App;
use crate::store::statuses;

/// Providers say what became of a message within days.
const STATUSES_KEPT: TimeDelta = TimeDelta::days(30);

/// Registers everything.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let sending = app.clone();
    workers.run("sender", move |stop| sending.send_until(stop));
    let purging = app.clone();
    workers.every("purge provider statuses", Duration::from_secs(6 * 3600), move || {
        let app = purging.clone();
        async move {
            let mut conn = app.kit.pool.acquire().await?;
            statuses::purge(&mut conn, app.kit.clock.now() - STATUSES_KEPT).await?;
            Ok(())
        }
    });
}
