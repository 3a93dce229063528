//! WhatsApp Cloud API: messages, media, webhooks.
//!
//! A 200 to a sent message means accepted; whether it arrived comes later as a [`Status`]. There is
//! no idempotency key: after [`WhatsappError::Unknown`] the message may be on its way.

mod client;
mod error;
mod inbound;
mod media;
mod message;
mod settings;
mod signature;
mod status;
mod webhook;

pub use client::{Sent, Whatsapp};
pub use error::{Meaning, WhatsappError, meaning};
pub use inbound::{InboundMessage, MediaRef, MessageKind, RepliedTo};
pub use media::{Media, MediaInfo};
pub use message::{Button, MediaSource, Message, Outgoing, Recipient, Row, Section, Template};
pub use settings::WhatsappSettings;
pub use signature::{SIGNATURE_HEADER, verify_handshake, verify_signature};
pub use status::{DeliveryState, Status, StatusError};
pub use webhook::{MalformedWebhook, Webhook, parse_webhook};
