//! E-mail through Amazon SES.
//!
//! SES has no idempotency key, so a mail is tried once here and repeated by whoever keeps count:
//! after [`outbound::OutboundError::Unknown`] it may be on its way.

mod error;
pub mod feedback;
mod ses;
mod settings;

use futures::future::BoxFuture;
use outbound::OutboundError;

pub use ses::SesMailer;
pub use settings::MailerSettings;

/// Sends mails.
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Hands a mail to the provider. Whether it arrives is another matter.
    fn send<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, Result<AcceptedEmail, OutboundError>>;
}

/// A mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Email {
    /// Who gets it.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The text, for everyone.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// What it is counted under (`template`, `event`).
    pub tags: Vec<(String, String)>,
}

/// A mail the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedEmail {
    /// The provider's id of it: bounces and complaints name it.
    pub provider_id: String,
}
