//! Everything the sandbox can be told from outside.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use serde::{Deserialize, Serialize};

/// A Google service account, as the JSON file of the cloud console has it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// Who signs.
    pub client_email: String,
    /// PKCS#8 in PEM.
    pub private_key: String,
    /// The project it belongs to.
    pub project_id: String,
}

/// The sandbox's settings, from the command line or the environment.
///
/// Has no `Debug`: it holds secrets, even if only pretended ones.
#[derive(Clone, Parser)]
#[command(name = "sandbox", about = "Stands in for every outside system over HTTP.")]
pub struct Settings {
    /// Where to listen.
    #[arg(long, env = "SANDBOX_BIND", default_value = "127.0.0.1:9400")]
    pub bind: SocketAddr,
    /// File with the clock's offset in seconds, read again every 100 ms.
    #[arg(long, env = "CLOCK_FILE")]
    pub clock_file: Option<PathBuf>,
    /// Keeps the state over restarts, keys included.
    #[arg(long, env = "SANDBOX_STATE_FILE")]
    pub state_file: Option<PathBuf>,

    /// The Firebase project.
    #[arg(long, env = "FIREBASE_PROJECT_ID", default_value = "demo-realserv")]
    pub firebase_project_id: String,
    /// The only web API key accepted; any when unset.
    #[arg(long, env = "FIREBASE_API_KEY", hide_env_values = true)]
    pub firebase_api_key: Option<String>,
    /// The service account (JSON) whose signatures are accepted; one is made at start when unset.
    #[arg(long, env = "FIREBASE_SERVICE_ACCOUNT", hide_env_values = true)]
    pub firebase_service_account: Option<String>,
    /// `max-age` of the published keys.
    #[arg(long, env = "SANDBOX_JWKS_MAX_AGE", default_value_t = 21_600)]
    pub jwks_max_age: u32,

    /// Razorpay's key id.
    #[arg(long, env = "RAZORPAY_KEY_ID", default_value = "rzp_test_sandbox")]
    pub razorpay_key_id: String,
    /// Razorpay's key secret.
    #[arg(long, env = "RAZORPAY_KEY_SECRET", hide_env_values = true, default_value = "rs_test_key_secret_0123456789")]
    pub razorpay_key_secret: String,
    /// Webhook secrets, the current one first.
    #[arg(
        long,
        env = "RAZORPAY_WEBHOOK_SECRETS",
        hide_env_values = true,
        value_delimiter = ',',
        default_value = "rs_test_webhook_secret_abcdef"
    )]
    pub razorpay_webhook_secrets: Vec<String>,
    /// Where Razorpay's webhooks go; nowhere when unset.
    #[arg(long, env = "SANDBOX_RAZORPAY_WEBHOOK_URL")]
    pub razorpay_webhook_url: Option<String>,

    /// The only WhatsApp sender number id known.
    #[arg(long, env = "WHATSAPP_PHONE_NUMBER_ID", default_value = "106540352242922")]
    pub whatsapp_phone_number_id: String,
    /// The bearer token accepted.
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN", hide_env_values = true, default_value = "rs_test_whatsapp_token")]
    pub whatsapp_access_token: String,
    /// Signs what is sent to the WhatsApp webhook.
    #[arg(long, env = "WHATSAPP_APP_SECRET", hide_env_values = true, default_value = "rs_test_app_secret_fedcba98")]
    pub whatsapp_app_secret: String,
    /// Shown to the webhook by `POST /_sandbox/whatsapp/verify`.
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true, default_value = "rs_test_verify_token")]
    pub whatsapp_verify_token: String,
    /// Where WhatsApp's webhooks go; nowhere when unset.
    #[arg(long, env = "SANDBOX_WHATSAPP_WEBHOOK_URL")]
    pub whatsapp_webhook_url: Option<String>,
    /// Approved templates as `name[:language[:body parameters]]`; any well-formed name when empty.
    #[arg(long, env = "SANDBOX_WHATSAPP_TEMPLATES", value_delimiter = ',')]
    pub whatsapp_templates: Vec<String>,

    /// The only Maps key accepted; any when unset.
    #[arg(long, env = "GOOGLE_MAPS_API_KEY", hide_env_values = true)]
    pub google_maps_api_key: Option<String>,

    /// Twilio's account.
    #[arg(long, env = "TWILIO_ACCOUNT_SID", default_value = "AC00000000000000000000000000000001")]
    pub twilio_account_sid: String,
    /// Twilio's token.
    #[arg(long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true, default_value = "rs_test_twilio_auth_token")]
    pub twilio_auth_token: String,
    /// MSG91's key.
    #[arg(long, env = "MSG91_AUTH_KEY", hide_env_values = true, default_value = "rs_test_msg91_key")]
    pub msg91_auth_key: String,

    /// Where the AWS stand-in lists the mails it was asked to send, for the page's mailbox; none when unset.
    #[arg(long, env = "SANDBOX_MAILBOX_URL")]
    pub mailbox_url: Option<String>,

    /// First pause before a failed webhook is tried again, in milliseconds; doubles each time up to a minute.
    #[arg(long, env = "SANDBOX_WEBHOOK_RETRY_MS", default_value_t = 1_000)]
    pub webhook_retry_ms: u64,
}

impl Settings {
    /// Reads the environment alone.
    ///
    /// # Errors
    /// When a variable cannot be read as what it should be.
    pub fn from_env() -> Result<Self, clap::Error> {
        Self::try_parse_from(["sandbox"])
    }

    /// Settings for a test: any free port, the documented defaults, quick webhook retries.
    ///
    /// # Errors
    /// When the environment holds a variable that cannot be read.
    pub fn for_tests() -> Result<Self, clap::Error> {
        Self::try_parse_from(["sandbox", "--bind", "127.0.0.1:0", "--webhook-retry-ms", "50"])
    }
}
