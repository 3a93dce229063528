//! Looking at the ledger.

use chrono::{DateTime, Utc};

use super::PaymentError;
use crate::App;
use crate::store::ledger::{self, BalanceRow, EntryFilter, EntryPlace, EntryRow};

/// Every account as of a moment, and the moment: now when none is named.
pub(crate) async fn balances(app: &App, as_of: Option<DateTime<Utc>>) -> Result<(Vec<BalanceRow>, DateTime<Utc>), PaymentError> {
    let as_of = as_of.unwrap_or_else(|| app.kit.clock.now());
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok((ledger::balances(&mut conn, as_of).await?, as_of))
}

/// Lines, newest movement first.
pub(crate) async fn entries(
    app: &App,
    filter: &EntryFilter,
    after: Option<EntryPlace>,
    limit: i64,
) -> Result<Vec<EntryRow>, PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    Ok(ledger::entries(&mut conn, filter, after, limit).await?)
}

/// Adds the whole ledger up, and says so in the metrics when it is not zero (rule 30): `ledger_imbalance_paise`, and how
/// many movements do not add up in themselves, `ledger_unbalanced_movements`. No service can write such a thing; a person
/// with the owner's role could. `ledger_watched_timestamp_seconds` says when that was last known.
pub(crate) async fn watch_ledger(app: &App) -> Result<(), PaymentError> {
    let mut conn = app.kit.pool.acquire().await.map_err(PaymentError::from)?;
    let (imbalance, unbalanced) = ledger::imbalance(&mut conn).await?;
    metrics::gauge!("ledger_imbalance_paise").set(f64::from(i32::try_from(imbalance).unwrap_or(i32::MAX)));
    metrics::gauge!("ledger_unbalanced_movements").set(f64::from(i32::try_from(unbalanced).unwrap_or(i32::MAX)));
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
    metrics::gauge!("ledger_watched_timestamp_seconds").set(app.kit.clock.now().timestamp() as f64);
    if imbalance != 0 || unbalanced != 0 {
        tracing::error!(imbalance, unbalanced, "the ledger does not add up");
    }
    Ok(())
}
