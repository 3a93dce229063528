//! Which provider, and who we are there.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// A provider of SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Provider {
    /// Twilio.
    Twilio,
    /// MSG91.
    Msg91,
    /// Amazon SNS, in the account of the AWS configuration.
    Sns,
}

/// Settings of the providers; only the chosen one's must be complete.
#[derive(Debug, Clone, clap::Args)]
pub struct SmsSettings {
    /// Which provider sends.
    #[arg(id = "sms_provider", long = "sms-provider", env = "SMS_PROVIDER", default_value = "msg91", value_enum)]
    pub provider: Provider,
    /// Base address of Twilio, without the version.
    #[arg(id = "twilio_url", long = "twilio-url", env = "TWILIO_URL", default_value = "https://api.twilio.com")]
    pub twilio_url: String,
    /// Twilio account.
    #[arg(id = "twilio_account_sid", long = "twilio-account-sid", env = "TWILIO_ACCOUNT_SID")]
    pub twilio_account_sid: Option<String>,
    /// Twilio's token.
    #[arg(id = "twilio_auth_token", long = "twilio-auth-token", env = "TWILIO_AUTH_TOKEN", hide_env_values = true)]
    pub twilio_auth_token: Option<SecretString>,
    /// Our number at Twilio, or the id of a messaging service (`MG…`).
    #[arg(id = "twilio_from", long = "twilio-from", env = "TWILIO_FROM")]
    pub twilio_from: Option<String>,
    /// Where Twilio says what became of messages: our webhook as the world sees it.
    #[arg(id = "twilio_status_callback_url", long = "twilio-status-callback-url", env = "TWILIO_STATUS_CALLBACK_URL")]
    pub twilio_status_callback_url: Option<String>,
    /// Base address of MSG91, without `/api`.
    #[arg(id = "msg91_url", long = "msg91-url", env = "MSG91_URL", default_value = "https://control.msg91.com")]
    pub msg91_url: String,
    /// MSG91's key.
    #[arg(id = "msg91_auth_key", long = "msg91-auth-key", env = "MSG91_AUTH_KEY", hide_env_values = true)]
    pub msg91_auth_key: Option<SecretString>,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "sms_timeout",
        long = "sms-timeout-seconds",
        env = "SMS_TIMEOUT_SECONDS",
        default_value = "10",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
}

/// A setting of the chosen provider is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not set, and SMS_PROVIDER wants it")]
pub struct IncompleteSettings(pub &'static str);

pub(crate) fn text(value: Option<String>, name: &'static str) -> Result<String, IncompleteSettings> {
    value.filter(|text| !text.is_empty()).ok_or(IncompleteSettings(name))
}

pub(crate) fn secret(value: Option<SecretString>, name: &'static str) -> Result<SecretString, IncompleteSettings> {
    value.filter(|secret| !secret.expose_secret().is_empty()).ok_or(IncompleteSettings(name))
}
