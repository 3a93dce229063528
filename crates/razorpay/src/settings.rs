//! Where Razorpay is and who we are there.

use std::time::Duration;

use secrecy::SecretString;

/// Settings of the Razorpay client and of its webhooks.
#[derive(Debug, Clone, clap::Args)]
pub struct RazorpaySettings {
    /// Base address, without `/v1`.
    #[arg(id = "razorpay_url", long = "razorpay-url", env = "RAZORPAY_URL", default_value = "https://api.razorpay.com")]
    pub base_url: String,
    /// API key id; public, Checkout gets it too.
    #[arg(id = "razorpay_key_id", long = "razorpay-key-id", env = "RAZORPAY_KEY_ID")]
    pub key_id: String,
    /// API key secret.
    #[arg(id = "razorpay_key_secret", long = "razorpay-key-secret", env = "RAZORPAY_KEY_SECRET", hide_env_values = true)]
    pub key_secret: SecretString,
    /// Webhook secrets, comma separated: the current one, then those whose retries may still come.
    #[arg(
        id = "razorpay_webhook_secrets",
        long = "razorpay-webhook-secrets",
        env = "RAZORPAY_WEBHOOK_SECRETS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub webhook_secrets: Vec<SecretString>,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "razorpay_timeout",
        long = "razorpay-timeout-seconds",
        env = "RAZORPAY_TIMEOUT_SECONDS",
        default_value = "10",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
}
