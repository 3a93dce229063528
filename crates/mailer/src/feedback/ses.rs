//! What SES writes into the topic: `eventType` from a configuration set, `notificationType` from an identity.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Envelope, FeedbackError, moment};

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// SES's id of the mail.
    pub message_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub outcome: Outcome,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver's server took it.
    Delivered,
    /// It was opened.
    Opened,
    /// It will not arrive.
    Failed {
        /// Why.
        reason: String,
        /// Addresses that are none: nothing is to be sent there again.
        none: Vec<String>,
    },
    /// Somebody called it unwanted: nothing is to be sent there again.
    Complained {
        /// Who.
        addresses: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "notificationType")]
    event_type: Option<String>,
    mail: Option<Mail>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Timed>,
    open: Option<Timed>,
    reject: Option<Reject>,
    failure: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
}

#[derive(Deserialize)]
struct Timed {
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(default)]
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: Option<String>,
}

/// Reads it; none for what says nothing that we do not know.
pub(super) fn read(envelope: &Envelope) -> Result<Option<Feedback>, FeedbackError> {
    // "Successfully validated SNS topic" is a text, once.
    let Ok(event) = serde_json::from_str::<Event>(&envelope.message) else { return Ok(None) };
    let Some(mail) = event.mail else { return Ok(None) };
    let published = moment(&envelope.timestamp).ok_or_else(|| FeedbackError::Malformed("no time".to_owned()))?;
    let at = |text: Option<String>| text.as_deref().and_then(moment).unwrap_or(published);
    let (at, outcome) = match (event.event_type.as_deref(), event.bounce, event.complaint) {
        (Some("Bounce"), Some(bounce), _) => (at(bounce.timestamp.clone()), bounced(bounce)),
        (Some("Complaint"), _, Some(complaint)) => {
            let addresses = complaint.complained_recipients.into_iter().map(|one| one.email_address).collect();
            (at(complaint.timestamp), Outcome::Complained { addresses })
        }
        (Some("Delivery"), ..) => (at(event.delivery.and_then(|delivery| delivery.timestamp)), Outcome::Delivered),
        (Some("Open"), ..) => (at(event.open.and_then(|open| open.timestamp)), Outcome::Opened),
        (Some("Reject"), ..) => {
            let reason = event.reject.and_then(|reject| reject.reason).unwrap_or_else(|| "no reason given".to_owned());
            (published, Outcome::Failed { reason: format!("rejected by SES: {reason}"), none: Vec::new() })
        }
        (Some("Rendering Failure"), ..) => {
            let reason = event.failure.and_then(|failure| failure.error_message).unwrap_or_default();
            (published, Outcome::Failed { reason: format!("could not be rendered: {reason}"), none: Vec::new() })
        }
        _ => return Ok(None),
    };
    Ok(Some(Feedback { message_id: mail.message_id, at, outcome }))
}

/// Only a permanent bounce says that the address is none; a full mailbox is one tomorrow as well.
fn bounced(bounce: Bounce) -> Outcome {
    let words = bounce.bounced_recipients.iter().find_map(|one| one.diagnostic_code.clone()).unwrap_or_default();
    let reason = format!("bounced ({} {}): {words}", bounce.bounce_type, bounce.bounce_sub_type);
    let permanent = bounce.bounce_type == "Permanent";
    let none = bounce.bounced_recipients.into_iter().map(|one| one.email_address).filter(|_| permanent).collect();
    Outcome::Failed { reason, none }
}
