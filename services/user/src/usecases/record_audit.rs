//! Writes a line of the audit log.

use bus::Outcome;
use domain::events::{AuditRecorded, Envelope};
use pg_kit::inbox;

use super::refusal::Refusal;
use crate::App;
use crate::domain::redaction::without_secrets;
use crate::store;

/// Takes in what any service says was done.
pub(crate) async fn record_audit(app: &App, envelope: &Envelope, event: &AuditRecorded) -> Result<Outcome, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, "user", envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    let told = AuditRecorded {
        before: event.before.clone().map(without_secrets),
        after: event.after.clone().map(without_secrets),
        ..event.clone()
    };
    store::audit::append(&mut tx, envelope, &told, now).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
