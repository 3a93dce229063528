//! What SES and Twilio say became of messages: the message moves forward, an address that is none is switched off.

use std::collections::BTreeMap;

use mailer::feedback::{FeedbackError, Outcome, Received};
use pg_kit::DbError;
use sms::callback::{self, CallbackStatus};

use crate::App;
use crate::domain::message::MessageStatus;
use crate::store::contacts;
use crate::store::statuses::Told;
use crate::usecases::note_status::{Noted, note_status};

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// The provider did not sign it.
    #[error("not signed by the provider")]
    NotSigned,
    /// It is not what the provider sends.
    #[error("not what the provider sends")]
    Malformed,
    /// SNS's message is not right.
    #[error(transparent)]
    Feedback(#[from] FeedbackError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for ReceiveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Takes a delivery of SNS; true when it says something that was not known.
pub(crate) async fn receive_ses(app: &App, body: &[u8]) -> Result<bool, ReceiveError> {
    let received = app.channels.feedback().receive(body).await;
    if let Err(error) = &received {
        tracing::warn!(%error, "a message of SNS was not taken");
    }
    let feedback = match received? {
        Received::Nothing => return Ok(false),
        Received::Confirmed => {
            tracing::info!("the topic of mail feedback is confirmed");
            return Ok(true);
        }
        Received::Feedback(feedback) => feedback,
    };
    let (status, error, none) = match feedback.outcome {
        Outcome::Delivered => (MessageStatus::Delivered, None, Vec::new()),
        Outcome::Opened => (MessageStatus::Read, None, Vec::new()),
        Outcome::Failed { reason, none } => (MessageStatus::Failed, Some(reason), none),
        // It arrived: that is why somebody complains.
        Outcome::Complained { addresses } => (MessageStatus::Delivered, None, addresses),
    };
    let off = switch_off_mail(app, &none).await?;
    let told = Told { provider_message_id: feedback.message_id, status, error_code: None, error, at: feedback.at };
    Ok(note_status(app, &told).await? == Noted::News || off)
}

/// Takes Twilio's callback; true when it says something that was not known.
pub(crate) async fn receive_twilio(app: &App, form: &BTreeMap<String, String>, signature: &str) -> Result<bool, ReceiveError> {
    let settings = &app.config.sms;
    let (Some(token), Some(url)) = (&settings.twilio_auth_token, &settings.twilio_status_callback_url) else {
        return Err(ReceiveError::NotSigned);
    };
    if !callback::signed(token, url, form, signature) {
        return Err(ReceiveError::NotSigned);
    }
    let callback = callback::read(form).ok_or(ReceiveError::Malformed)?;
    let mut off = false;
    let (status, error_code, error) = match callback.status {
        CallbackStatus::OnItsWay => return Ok(false),
        CallbackStatus::Delivered => (MessageStatus::Delivered, None, None),
        CallbackStatus::Read => (MessageStatus::Read, None, None),
        CallbackStatus::Failed { code, number_is_none } => {
            if number_is_none {
                let mut conn = app.kit.pool.acquire().await?;
                off = contacts::number_given_up(&mut conn, &callback.to, app.kit.clock.now()).await? > 0;
            }
            (MessageStatus::Failed, Some(code), Some("Twilio could not deliver it".to_owned()))
        }
    };
    let told = Told { provider_message_id: callback.message_sid, status, error_code, error, at: app.kit.clock.now() };
    Ok(note_status(app, &told).await? == Noted::News || off)
}

async fn switch_off_mail(app: &App, addresses: &[String]) -> Result<bool, ReceiveError> {
    if addresses.is_empty() {
        return Ok(false);
    }
    let mut conn = app.kit.pool.acquire().await?;
    Ok(contacts::addresses_given_up(&mut conn, addresses, app.kit.clock.now()).await? > 0)
}
