//! The mailer over SES v2.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sesv2::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    error::BuildError,
    types::{Body, Content, Destination, EmailContent, Message, MessageTag},
};
use futures::future::BoxFuture;
use outbound::OutboundError;

use crate::{AcceptedEmail, Email, Mailer, MailerSettings, error::read_failure};

/// Sends through SES.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    from: String,
    configuration_set: Option<String>,
}

impl SesMailer {
    /// A mailer in the account of the AWS configuration.
    pub fn new(aws: &SdkConfig, settings: &MailerSettings) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_timeout(settings.timeout).build();
        let config = Builder::from(aws)
            .timeout_config(timeouts)
            // A second try could be a second mail.
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(config),
            from: settings.from.clone(),
            configuration_set: outbound::optional(settings.configuration_set.as_deref()).map(str::to_owned),
        }
    }

    async fn send_email(&self, email: &Email) -> Result<AcceptedEmail, OutboundError> {
        let content = content(email).map_err(|_| OutboundError::reject(0, "invalid_request", "the mail is incomplete"))?;
        let tags = email.tags.iter().map(tag).collect::<Result<Vec<_>, _>>();
        let tags = tags.map_err(|_| OutboundError::reject(0, "invalid_request", "a tag is incomplete"))?;
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&email.to).build())
            .set_reply_to_addresses(email.reply_to.clone().map(|address| vec![address]))
            .content(EmailContent::builder().simple(content).build())
            .set_email_tags((!tags.is_empty()).then_some(tags))
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map_err(|error| read_failure(&error))?;
        match sent.message_id {
            Some(provider_id) => Ok(AcceptedEmail { provider_id }),
            None => Err(OutboundError::unknown("a sent mail without an id")),
        }
    }
}

impl Mailer for SesMailer {
    fn send<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, Result<AcceptedEmail, OutboundError>> {
        Box::pin(self.send_email(email))
    }
}

fn content(email: &Email) -> Result<Message, BuildError> {
    let utf8 = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let html = email.html.as_deref().map(utf8).transpose()?;
    let body = Body::builder().text(utf8(&email.text)?).set_html(html).build();
    // A line break in a subject would begin another header.
    let subject: String = email.subject.chars().filter(|c| !c.is_control()).collect();
    Ok(Message::builder().subject(utf8(&subject)?).body(body).build())
}

/// SES takes letters, digits, `-` and `_` only.
fn tag((name, value): &(String, String)) -> Result<MessageTag, BuildError> {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' }).take(255).collect()
    };
    MessageTag::builder().name(plain(name)).value(plain(value)).build()
}
