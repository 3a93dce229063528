//! Writing a movement into the ledger, in the transaction of what it belongs to.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::PaymentError;
use crate::App;
use crate::domain::ledger::Posting;
use crate::store::ledger;

/// Writes a movement down; false when it is there already.
pub(crate) async fn post_movement(
    app: &App,
    conn: &mut PgConnection,
    posting: &Posting,
    now: DateTime<Utc>,
) -> Result<bool, PaymentError> {
    Ok(ledger::post(conn, &*app.kit.ids, posting, now).await?)
}
