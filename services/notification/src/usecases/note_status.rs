//! What a provider says became of a message: WhatsApp by events, SES and Twilio by their webhooks.

use bus::Outcome;
use context::Context;
use domain::events::{Envelope, MessageStatusChanged};
use pg_kit::{DbError, inbox};
use sqlx::PgConnection;

use crate::App;
use crate::domain::message::MessageStatus;
use crate::store::notifications;
use crate::store::statuses::{self, Told};
use crate::usecases::notify::NotifyError;
use crate::usecases::settle::{fail_after_all, give_up};

/// What a provider's message of a status led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It is news.
    News,
    /// Something at least as far was known.
    Stale,
}

/// Takes WhatsApp's word. That it has taken the message is nothing new: its answer to the send said so.
pub(crate) async fn note_event(app: &App, envelope: &Envelope) -> Result<Outcome, NotifyError> {
    let event: MessageStatusChanged = envelope.parse()?;
    let Some(status) = MessageStatus::read(&event.status).filter(|status| *status > MessageStatus::Sent) else {
        return Ok(Outcome::Stale);
    };
    let told = Told {
        provider_message_id: event.provider_message_id,
        status,
        error_code: event.error_code,
        error: event.error,
        at: event.at,
    };
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, app.kit.name.as_str(), envelope.event_id, app.kit.clock.now()).await? {
        return Ok(Outcome::Duplicate);
    }
    let (noted, planned) = note(app, &mut tx, &told).await?;
    tx.commit().await?;
    if planned {
        app.wake.notify_one();
    }
    Ok(if noted == Noted::News { Outcome::Done } else { Outcome::Stale })
}

/// Takes what a webhook says.
pub(crate) async fn note_status(app: &App, told: &Told) -> Result<Noted, DbError> {
    let mut tx = app.kit.pool.begin().await?;
    let (noted, planned) = note(app, &mut tx, told).await?;
    tx.commit().await?;
    if planned {
        app.wake.notify_one();
    }
    Ok(noted)
}

/// Keeps it and moves the message, forward only. The message may be one of the bot's, or one of ours that we do not know
/// to have gone out yet: what was said is kept until then. Also true when another message was planned.
async fn note(app: &App, conn: &mut PgConnection, told: &Told) -> Result<(Noted, bool), DbError> {
    statuses::lock(conn, std::slice::from_ref(&told.provider_message_id)).await?;
    if !statuses::keep(conn, told, app.kit.clock.now()).await? {
        return Ok((Noted::Stale, false));
    }
    if told.status != MessageStatus::Failed {
        return Ok((Noted::News, false));
    }
    let Some(notification) = notifications::lock_by_provider_id(conn, &told.provider_message_id).await? else {
        return Ok((Noted::News, false));
    };
    let context: Context = context::current();
    let failed = fail_after_all(app, conn, context, notification, told).await?;
    let planned = give_up(app, conn, failed.as_slice()).await?;
    Ok((Noted::News, planned))
}
