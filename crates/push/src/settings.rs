//! Where FCM is.

use std::time::Duration;

/// Settings of the FCM client. The access token comes from the service account.
#[derive(Debug, Clone, clap::Args)]
pub struct PushSettings {
    /// Base address of FCM, without `/v1`.
    #[arg(id = "fcm_url", long = "fcm-url", env = "FCM_URL", default_value = "https://fcm.googleapis.com")]
    pub base_url: String,
    /// Firebase project.
    #[arg(id = "fcm_project_id", long = "fcm-project-id", env = "FIREBASE_PROJECT_ID", default_value = "demo-realserv")]
    pub project_id: String,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "fcm_timeout",
        long = "fcm-timeout-seconds",
        env = "FCM_TIMEOUT_SECONDS",
        default_value = "15",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
}
