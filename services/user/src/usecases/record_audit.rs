//! Writes a line of the audit log.

use bus::Outcome;
use domain::events::{AuditRecorded, Envelope};
use pg_kit::inbox;

use super::refusal::Refusal;
use crate::App;
use crate::store;

/// Takes in what any service says was done.
pub(crate) async fn record_audit(app: &App, envelope: &Envelope, event: &AuditRecorded) -> Result<Outcome, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, "user", envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    store::audit::append(&mut tx, envelope, event, now).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
