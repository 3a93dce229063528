//! Where Google is and who we are there.

use std::time::Duration;

use secrecy::SecretString;

/// Our service account at Google.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceAccountSettings {
    /// Base address of Google's token endpoint, without `/token`.
    #[arg(
        id = "google_oauth_url",
        long = "google-oauth-url",
        env = "GOOGLE_OAUTH_URL",
        default_value = "https://oauth2.googleapis.com"
    )]
    pub oauth_url: String,
    /// The service account's JSON: `client_email`, `private_key`, `project_id`. May be missing only
    /// with the emulator.
    #[arg(
        id = "firebase_service_account",
        long = "firebase-service-account",
        env = "FIREBASE_SERVICE_ACCOUNT",
        hide_env_values = true
    )]
    pub service_account: Option<SecretString>,
    /// Time-out of a token request, in seconds.
    #[arg(
        id = "google_oauth_timeout",
        long = "google-oauth-timeout-seconds",
        env = "GOOGLE_OAUTH_TIMEOUT_SECONDS",
        default_value = "5",
        value_parser = outbound::seconds
    )]
    pub oauth_timeout: Duration,
}

/// Settings of the Identity Toolkit client.
#[derive(Debug, Clone, clap::Args)]
pub struct FirebaseSettings {
    /// Firebase project.
    #[arg(
        id = "identity_project_id",
        long = "identity-project-id",
        env = "FIREBASE_PROJECT_ID",
        default_value = "demo-realserv"
    )]
    pub project_id: String,
    /// Web API key, for what a client may do as well.
    #[arg(id = "firebase_api_key", long = "firebase-api-key", env = "FIREBASE_API_KEY", hide_env_values = true)]
    pub api_key: SecretString,
    /// Base address of Identity Toolkit, without `/v1`.
    #[arg(
        id = "firebase_identity_url",
        long = "firebase-identity-url",
        env = "FIREBASE_IDENTITY_URL",
        default_value = "https://identitytoolkit.googleapis.com"
    )]
    pub identity_url: String,
    /// Base address of the secure token service, without `/v1`.
    #[arg(
        id = "firebase_token_url",
        long = "firebase-token-url",
        env = "FIREBASE_TOKEN_URL",
        default_value = "https://securetoken.googleapis.com"
    )]
    pub token_url: String,
    /// `host:port` of the Auth emulator; replaces both addresses and the service account.
    #[arg(id = "identity_emulator_host", long = "identity-emulator-host", env = "FIREBASE_AUTH_EMULATOR_HOST")]
    pub emulator_host: Option<String>,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "firebase_timeout",
        long = "firebase-timeout-seconds",
        env = "FIREBASE_TIMEOUT_SECONDS",
        default_value = "8",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
    /// The service account that may administer users.
    #[command(flatten)]
    pub account: ServiceAccountSettings,
}
