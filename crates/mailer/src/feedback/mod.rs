//! What Amazon says became of mails: SES through an SNS topic, to our webhook.
//!
//! Everybody can have a topic that Amazon signs for, so that a good signature alone says little: it has to be our topic.

mod ses;
mod signature;

use std::time::Duration;

use chrono::{DateTime, Utc};
use outbound::{OutboundError, Remote};
use serde::Deserialize;

pub use ses::{Feedback, Outcome};
pub use signature::CertificateError;

/// Longest certificate that is read, in bytes.
const LONGEST_CERTIFICATE: usize = 64 * 1024;

/// Settings of the webhook.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FeedbackSettings {
    /// The SNS topics that SES reports to, comma separated. Without one nothing is taken.
    #[arg(id = "ses_feedback_topics", long = "ses-feedback-topics", env = "SES_FEEDBACK_TOPICS", value_delimiter = ',')]
    pub topics: Vec<String>,
    /// Outside production: another place that certificates and confirmations may come from, with its path.
    #[arg(id = "sns_test_origin", long = "sns-test-origin", env = "SNS_TEST_ORIGIN")]
    pub test_origin: Option<String>,
}

/// A message of SNS as it comes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    pub r#type: String,
    /// The same when it comes again.
    pub message_id: String,
    /// Of which topic.
    pub topic_arn: String,
    /// What is said.
    pub message: String,
    /// When it was published.
    pub timestamp: String,
    /// `1` or `2`.
    pub signature_version: String,
    /// Base64.
    pub signature: String,
    /// Where the certificate is.
    #[serde(rename = "SigningCertURL")]
    pub signing_cert_url: String,
    /// The title, of a notification that has one.
    #[serde(default)]
    pub subject: Option<String>,
    /// Of a confirmation.
    #[serde(default)]
    pub token: Option<String>,
    /// Of a confirmation: whoever gets this confirms it.
    #[serde(default, rename = "SubscribeURL")]
    pub subscribe_url: Option<String>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The topic asked whether we want to hear from it, and was told yes.
    Confirmed,
    /// Something that needs nothing of us.
    Nothing,
    /// SES says something of a mail.
    Feedback(Feedback),
}

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// It is not what SNS sends.
    #[error("not a message of SNS: {0}")]
    Malformed(String),
    /// Another topic than ours.
    #[error("not a topic of ours")]
    Topic,
    /// Not from Amazon, or changed on the way.
    #[error("the signature does not hold: {0}")]
    Signature(String),
    /// Amazon could not be asked; it comes again.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

/// Takes what SNS delivers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FeedbackReader {
    remote: Remote,
    settings: FeedbackSettings,
    keys: moka::future::Cache<String, Vec<u8>>,
}

impl FeedbackReader {
    /// A reader over the shared HTTP client.
    pub fn new(settings: FeedbackSettings, http: reqwest::Client) -> Self {
        let keys = moka::future::Cache::builder().max_capacity(16).time_to_live(Duration::from_secs(24 * 3600)).build();
        Self { remote: Remote::new("sns", http, Duration::from_secs(5)), settings, keys }
    }

    /// Reads a delivery whose signature holds, and confirms a subscription of our topic.
    pub async fn receive(&self, body: &[u8]) -> Result<Received, FeedbackError> {
        let envelope: Envelope = serde_json::from_slice(body).map_err(|error| FeedbackError::Malformed(error.to_string()))?;
        if !self.settings.topics.contains(&envelope.topic_arn) {
            return Err(FeedbackError::Topic);
        }
        let key = self.key(&envelope.signing_cert_url).await?;
        signature::verify(&envelope, &key).map_err(|reason| FeedbackError::Signature(reason.to_owned()))?;
        match envelope.r#type.as_str() {
            "SubscriptionConfirmation" => self.confirm(&envelope).await,
            "Notification" => Ok(ses::read(&envelope)?.map_or(Received::Nothing, Received::Feedback)),
            _ => Ok(Received::Nothing),
        }
    }

    async fn confirm(&self, envelope: &Envelope) -> Result<Received, FeedbackError> {
        let url = envelope.subscribe_url.as_deref().unwrap_or_default();
        if !self.is_amazons(url, None) {
            return Err(FeedbackError::Signature("the confirmation leads elsewhere".to_owned()));
        }
        let reply = self.remote.send(self.remote.get(url)).await?;
        if reply.is_success() { Ok(Received::Confirmed) } else { Err(reply.failure("sns", "not confirmed").into()) }
    }

    /// The public key of a certificate of Amazon's, asked for once a day.
    async fn key(&self, url: &str) -> Result<Vec<u8>, FeedbackError> {
        if !self.is_amazons(url, Some(".pem")) {
            return Err(FeedbackError::Signature("the certificate is not Amazon's".to_owned()));
        }
        if let Some(known) = self.keys.get(url).await {
            return Ok(known);
        }
        let reply = self.remote.send_within(self.remote.get(url), LONGEST_CERTIFICATE).await?;
        if !reply.is_success() {
            return Err(reply.failure("sns", "no certificate").into());
        }
        let key = signature::public_key(&reply.body).map_err(|error| FeedbackError::Signature(error.to_string()))?;
        self.keys.insert(url.to_owned(), key.clone()).await;
        Ok(key)
    }

    /// Whether an address is SNS's own: over TLS, at `sns.<region>.amazonaws.com`, with no other port or user in it.
    fn is_amazons(&self, url: &str, ending: Option<&str>) -> bool {
        if self.settings.test_origin.as_deref().is_some_and(|origin| !origin.is_empty() && url.starts_with(origin)) {
            return true;
        }
        let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
        let region = host
            .strip_prefix("sns.")
            .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
        let plain =
            |text: &str| text.len() >= 3 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        region.is_some_and(plain) && ending.is_none_or(|ending| path.ends_with(ending) && !path.contains(['?', '#']))
    }
}

/// A moment as SNS and SES write it.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::{FeedbackReader, FeedbackSettings};

    #[test]
    fn only_addresses_of_sns_itself_are_trusted() {
        let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
        let reader = FeedbackReader::new(FeedbackSettings::default(), http);
        for good in [
            "https://sns.ap-south-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem",
        ] {
            assert!(reader.is_amazons(good, Some(".pem")), "{good}");
        }
        for bad in [
            "http://sns.ap-south-1.amazonaws.com/a.pem",
            "https://sns.ap-south-1.amazonaws.com.evil.example/a.pem",
            "https://evil.example/sns.ap-south-1.amazonaws.com/a.pem",
            "https://sns.ap-south-1.amazonaws.com@evil.example/a.pem",
            "https://sns.ap-south-1.amazonaws.com:8443/a.pem",
            "https://evil.sns.ap-south-1.amazonaws.com/a.pem",
            "https://sns.evil.example#.amazonaws.com/a.pem",
            "https://sns.ap-south-1.amazonaws.com/a.pem?x=.pem",
            "https://sns.ap-south-1.amazonaws.com/a.txt",
            "https://s3.ap-south-1.amazonaws.com/a.pem",
            "",
        ] {
            assert!(!reader.is_amazons(bad, Some(".pem")), "{bad}");
        }
    }
}
