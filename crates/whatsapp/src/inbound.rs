//! What people write to us.

use chrono::{DateTime, Utc};
use domain::Phone;
use serde::{Deserialize, Serialize};

/// A message somebody sent us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// `wamid.…`: the key to tell redelivery by.
    pub id: String,
    /// Which of our numbers it came to.
    pub phone_number_id: Option<String>,
    /// Sender's phone in digits without a plus. Missing for people who go by a username.
    pub from: Option<String>,
    /// Sender's business-scoped user id. Missing on older webhooks.
    pub user_id: Option<String>,
    /// The name they go by.
    pub profile_name: Option<String>,
    /// When they sent it.
    pub at: Option<DateTime<Utc>>,
    /// What it answers.
    pub replied_to: Option<RepliedTo>,
    /// Whether it is somebody else's words passed on.
    pub forwarded: bool,
    /// What it says.
    pub kind: MessageKind,
}

impl InboundMessage {
    /// The sender's phone, when it is one of ours.
    pub fn phone(&self) -> Option<Phone> {
        format!("+{}", self.from.as_deref()?).parse().ok()
    }

    /// The sender's lasting key: the user id where there is one, the phone otherwise.
    pub fn sender_key(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.from.as_deref())
    }
}

/// The message that one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepliedTo {
    /// `wamid.…`.
    pub message_id: String,
}

/// A file in a message; fetch it by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// Media id.
    pub id: String,
    /// Announced type.
    #[serde(default)]
    pub mime_type: String,
    /// SHA-256 in base64.
    #[serde(default)]
    pub sha256: Option<String>,
    /// What the sender wrote with it.
    #[serde(default)]
    pub caption: Option<String>,
    /// What the sender called it.
    #[serde(default)]
    pub filename: Option<String>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageKind {
    /// Free text.
    Text {
        /// The text.
        body: String,
    },
    /// A picture.
    Image(MediaRef),
    /// A file.
    Document(MediaRef),
    /// A voice message or sound.
    Audio(MediaRef),
    /// A film.
    Video(MediaRef),
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Its name.
        name: Option<String>,
    },
    /// One of our buttons.
    ButtonReply {
        /// Our id of it.
        id: String,
        /// What it said.
        title: String,
    },
    /// One of our list rows.
    ListReply {
        /// Our id of it.
        id: String,
        /// What it said.
        title: String,
    },
    /// A quick reply of a template.
    TemplateButton {
        /// Our payload.
        payload: String,
        /// What it said.
        text: String,
    },
    /// An emoji on a message, or its removal.
    Reaction {
        /// The message.
        message_id: String,
        /// The emoji; none when taken back.
        emoji: Option<String>,
    },
    /// The person has another phone or another id from now on.
    UserChanged {
        /// The phone from now on.
        wa_id: Option<String>,
        /// The id from now on.
        user_id: Option<String>,
        /// The id until now.
        previous_user_id: Option<String>,
    },
    /// Anything else.
    Unsupported {
        /// What Meta calls it.
        name: String,
    },
}
