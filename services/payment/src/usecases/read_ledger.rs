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
