//! What became of messages we sent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Meaning, meaning};

/// How far a message got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Left Meta.
    Sent,
    /// On the phone.
    Delivered,
    /// Opened.
    Read,
    /// A voice message was listened to.
    Played,
    /// Did not get there.
    Failed,
    /// One we do not know.
    #[serde(untagged)]
    Other(String),
}

impl DeliveryState {
    /// Statuses come in any order: a later rank wins, and `failed` is final only before `delivered`.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Delivered => 3,
            Self::Read => 4,
            Self::Played => 5,
        }
    }
}

/// A step of a message we sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `wamid.…` of our message.
    pub message_id: String,
    /// How far it got.
    pub state: DeliveryState,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// The recipient's WhatsApp id.
    pub recipient_id: Option<String>,
    /// The recipient's business-scoped user id.
    pub recipient_user_id: Option<String>,
    /// Our own key of the message, if we sent one along.
    pub opaque: Option<String>,
    /// Why it failed.
    pub errors: Vec<StatusError>,
}

impl Status {
    /// What the failure means; an unknown code is permanent.
    pub fn meaning(&self) -> Option<Meaning> {
        let error = self.errors.first()?;
        Some(meaning(error.code).unwrap_or(Meaning::Permanent))
    }
}

/// Why a message failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusError {
    /// Meta's code.
    pub code: i64,
    /// Meta's words.
    pub detail: String,
}
