//! SMS through Twilio, MSG91 or Amazon SNS.
//!
//! None of them has an idempotency key: after [`outbound::OutboundError::Unknown`] the message may be on
//! its way.

pub mod callback;
mod msg91;
mod settings;
mod sns;
mod twilio;

use std::{collections::BTreeMap, sync::Arc};

use domain::Phone;
use futures::future::BoxFuture;
use outbound::OutboundError;

pub use msg91::Msg91;
pub use settings::{IncompleteSettings, Provider, SmsSettings};
pub use sns::Sns;
pub use twilio::Twilio;

/// Sends text messages.
pub trait SmsSender: Send + Sync + std::fmt::Debug {
    /// Hands a message to the provider. Whether it arrives is another matter.
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Accepted, OutboundError>>;
}

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// Who gets it.
    pub to: Phone,
    /// The whole text, word for word as the registered template with its slots filled.
    pub text: String,
    /// The registered template.
    pub template: SmsTemplate,
    /// What fills the slots, by the provider's names of them (`VAR1`, …).
    pub variables: BTreeMap<String, String>,
    /// Advertising, which operators send by other routes.
    pub promotional: bool,
}

/// A template as registered under India's DLT rules: operators drop anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmsTemplate {
    /// Principal entity id.
    pub dlt_entity_id: Option<String>,
    /// Content template id.
    pub dlt_template_id: Option<String>,
    /// Six-letter header.
    pub sender_id: Option<String>,
    /// The provider's own id of it.
    pub provider_template_id: Option<String>,
}

/// A message the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of it.
    pub provider_id: String,
}

/// The sender the settings name.
pub fn sender(
    settings: SmsSettings,
    http: reqwest::Client,
    aws: &aws_config::SdkConfig,
) -> Result<Arc<dyn SmsSender>, IncompleteSettings> {
    Ok(match settings.provider {
        Provider::Twilio => Arc::new(Twilio::new(settings, http)?),
        Provider::Msg91 => Arc::new(Msg91::new(settings, http)?),
        Provider::Sns => Arc::new(Sns::new(&settings, aws)),
    })
}
