//! Push notifications through Firebase Cloud Messaging (HTTP v1).

mod error;
mod fcm;
mod settings;

use std::{collections::BTreeMap, time::Duration};

use futures::future::BoxFuture;

pub use error::PushError;
pub use fcm::Fcm;
pub use settings::PushSettings;

/// Sends push notifications.
pub trait PushSender: Send + Sync + std::fmt::Debug {
    /// Hands a notification to the provider. Whether it is shown is the device's affair.
    fn send<'a>(&'a self, push: &'a Push) -> BoxFuture<'a, Result<AcceptedPush, PushError>>;
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// By registration token.
    Token(String),
    /// By Firebase installation id, which is to replace tokens.
    Installation(String),
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Where it goes.
    pub to: Device,
    /// First line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// What the app gets along with it.
    pub data: BTreeMap<String, String>,
    /// A later one under the same key replaces this one on Android.
    pub collapse_key: Option<String>,
    /// Whether it may wake the device.
    pub urgent: bool,
    /// How long it is kept for a device that is away.
    pub keep_for: Duration,
}

/// A notification the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedPush {
    /// The provider's name of it.
    pub provider_id: String,
}
