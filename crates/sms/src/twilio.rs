//! Twilio.

use futures::future::BoxFuture;
use outbound::{OutboundError, Remote};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    Accepted, IncompleteSettings, Sms, SmsSender, SmsSettings,
    settings::{secret, text},
};

/// Sends through Twilio.
#[derive(Debug, Clone)]
pub struct Twilio {
    remote: Remote,
    url: String,
    account_sid: String,
    auth_token: SecretString,
    from: String,
    status_callback: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
    #[serde(default)]
    status: String,
    error_code: Option<i64>,
    error_message: Option<String>,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

impl Twilio {
    /// A client over the shared HTTP client.
    pub fn new(settings: SmsSettings, http: reqwest::Client) -> Result<Self, IncompleteSettings> {
        let account_sid = text(settings.twilio_account_sid, "TWILIO_ACCOUNT_SID")?;
        let path = format!("2010-04-01/Accounts/{account_sid}/Messages.json");
        Ok(Self {
            remote: Remote::new("twilio", http, settings.timeout),
            url: outbound::join(&settings.twilio_url, &path),
            account_sid,
            auth_token: secret(settings.twilio_auth_token, "TWILIO_AUTH_TOKEN")?,
            from: text(settings.twilio_from, "TWILIO_FROM")?,
            status_callback: settings.twilio_status_callback_url.filter(|url| !url.is_empty()),
        })
    }

    async fn create(&self, sms: &Sms) -> Result<Accepted, OutboundError> {
        let sender = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut form = vec![("To", sms.to.as_str()), (sender, self.from.as_str()), ("Body", sms.text.as_str())];
        form.extend(self.status_callback.as_deref().map(|url| ("StatusCallback", url)));
        let request =
            self.remote.post(&self.url).basic_auth(&self.account_sid, Some(self.auth_token.expose_secret())).form(&form);
        let reply = self.remote.send(request).await?;
        if !reply.is_success() {
            let refused: Refused = reply.try_json().unwrap_or_default();
            // 20429 and 20503 are Twilio's own words for "too fast" and "not now".
            if matches!(refused.code, 20_429 | 20_503) {
                return Err(OutboundError::Retry { reason: format!("code {}", refused.code), after: reply.retry_after() });
            }
            return Err(reply.failure(refused.code.to_string(), refused.message));
        }
        let created: Created = reply.json()?;
        match (created.status.as_str(), created.error_code) {
            ("failed" | "undelivered" | "canceled", code) => Err(OutboundError::reject(
                reply.status.as_u16(),
                code.unwrap_or_default().to_string(),
                created.error_message.unwrap_or(created.status),
            )),
            _ => Ok(Accepted { provider_id: created.sid }),
        }
    }
}

impl SmsSender for Twilio {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Accepted, OutboundError>> {
        Box::pin(self.create(sms))
    }
}
