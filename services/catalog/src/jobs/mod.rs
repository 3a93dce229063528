//! What is done again and again.

use std::time::Duration;

use service_kit::Workers;

use crate::App;
use crate::usecases::age_batches::age_batches;
use crate::usecases::expire_reservations::expire_reservations;
use crate::usecases::reconcile_stock::reconcile_stock;

/// How long stock that nobody came for, or that is too old, stays in the count at most.
const SWEEP: Duration = Duration::from_secs(5);
const AGE: Duration = Duration::from_secs(60);

/// Puts all of them to work.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let at = app.clone();
    workers.every("expired reservations", SWEEP, move || {
        let app = at.clone();
        async move { Ok(expire_reservations(&app).await.map(drop)?) }
    });
    let at = app.clone();
    workers.every("ageing goods", AGE, move || {
        let app = at.clone();
        async move { Ok(age_batches(&app).await.map(drop)?) }
    });
    let at = app.clone();
    workers.every("stock reconciliation", Duration::from_secs(app.config.stock_check_seconds.max(1)), move || {
        let app = at.clone();
        async move { Ok(check_stock(&app).await?) }
    });
}

/// Everything of it once, for a test that looks at the result.
///
/// # Errors
/// The database.
pub async fn sweep_once(app: &App) -> anyhow::Result<()> {
    expire_reservations(app).await?;
    age_batches(app).await?;
    check_stock(app).await?;
    Ok(())
}

/// Tells operators in a metric and the log whether the stock adds up.
pub(crate) async fn check_stock(app: &App) -> Result<(), sqlx::Error> {
    let wrong = reconcile_stock(&app.kit.pool).await?;
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    metrics::gauge!("catalog_stock_mismatches").set(wrong.len() as f64);
    for row in wrong.iter().take(20) {
        tracing::error!(what = row.what, table = row.table_name, row = %row.row_id, expected = row.expected, found = row.found,
            "stock does not add up");
    }
    Ok(())
}
