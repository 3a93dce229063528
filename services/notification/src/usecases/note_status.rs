//! What WhatsApp says became of a message.

use bus::Outcome;
use domain::events::{Envelope, MessageStatusChanged};
use pg_kit::inbox;

use crate::App;
use crate::domain::message::MessageStatus;
use crate::store::statuses::Told;
use crate::store::{notifications, statuses};
use crate::usecases::notify::NotifyError;
use crate::usecases::settle::apply;

/// Keeps it and moves the message, forward only. The message may be one of the bot's, or one of ours that we do not know
/// to have gone out yet: what was said is kept until then.
pub(crate) async fn note_status(app: &App, envelope: &Envelope) -> Result<Outcome, NotifyError> {
    let event: MessageStatusChanged = envelope.parse()?;
    let Some(status) = MessageStatus::read(&event.status).filter(|status| *status >= MessageStatus::Sent) else {
        return Ok(Outcome::Done);
    };
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, app.kit.name.as_str(), envelope.event_id, now).await? {
        return Ok(Outcome::Duplicate);
    }
    statuses::lock(&mut tx, &event.provider_message_id).await?;
    let before = statuses::told(&mut tx, &event.provider_message_id).await?;
    if before.is_some_and(|before| !before.status.moves_to(status)) {
        tx.commit().await?;
        return Ok(Outcome::Stale);
    }
    statuses::keep(&mut tx, &event, status, now).await?;
    if let Some(notification) = notifications::lock_by_provider_id(&mut tx, &event.provider_message_id).await? {
        let told = Told { status, error_code: event.error_code, error: event.error, at: event.at };
        apply(app, &mut tx, &notification, &told).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
