//! Where WhatsApp is and who we are there.

use std::time::Duration;

use secrecy::SecretString;

/// Settings of the WhatsApp client and of its webhook.
#[derive(Debug, Clone, clap::Args)]
pub struct WhatsappSettings {
    /// Base address, without the version.
    #[arg(id = "whatsapp_url", long = "whatsapp-url", env = "WHATSAPP_URL", default_value = "https://graph.facebook.com")]
    pub base_url: String,
    /// Graph API version.
    #[arg(id = "whatsapp_api_version", long = "whatsapp-api-version", env = "WHATSAPP_API_VERSION", default_value = "v26.0")]
    pub api_version: String,
    /// Our number's id at Meta.
    #[arg(id = "whatsapp_phone_number_id", long = "whatsapp-phone-number-id", env = "WHATSAPP_PHONE_NUMBER_ID")]
    pub phone_number_id: String,
    /// System user's token.
    #[arg(id = "whatsapp_access_token", long = "whatsapp-access-token", env = "WHATSAPP_ACCESS_TOKEN", hide_env_values = true)]
    pub access_token: SecretString,
    /// The app's secret, with which Meta signs webhooks.
    #[arg(id = "whatsapp_app_secret", long = "whatsapp-app-secret", env = "WHATSAPP_APP_SECRET", hide_env_values = true)]
    pub app_secret: SecretString,
    /// The word Meta says when the webhook is set up.
    #[arg(id = "whatsapp_verify_token", long = "whatsapp-verify-token", env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true)]
    pub verify_token: SecretString,
    /// Hosts besides the API's own from which media may be fetched with our token, comma separated.
    #[arg(
        id = "whatsapp_media_hosts",
        long = "whatsapp-media-hosts",
        env = "WHATSAPP_MEDIA_HOSTS",
        default_value = "lookaside.fbsbx.com",
        value_delimiter = ','
    )]
    pub media_hosts: Vec<String>,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "whatsapp_timeout",
        long = "whatsapp-timeout-seconds",
        env = "WHATSAPP_TIMEOUT_SECONDS",
        default_value = "10",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
    /// Time-out of fetching or sending a file, in seconds.
    #[arg(
        id = "whatsapp_media_timeout",
        long = "whatsapp-media-timeout-seconds",
        env = "WHATSAPP_MEDIA_TIMEOUT_SECONDS",
        default_value = "30",
        value_parser = outbound::seconds
    )]
    pub media_timeout: Duration,
}
