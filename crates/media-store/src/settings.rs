//! How patiently we wait for S3.

use std::time::Duration;

/// Settings of a bucket's client. Endpoint, region and credentials come with the AWS configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct MediaStoreSettings {
    /// Time-out of one try, in seconds.
    #[arg(
        id = "media_store_timeout",
        long = "media-store-timeout-seconds",
        env = "MEDIA_STORE_TIMEOUT_SECONDS",
        default_value = "20",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
    /// Whether uploads carry a SHA-256 for S3 to check. Some stand-ins do not know it.
    #[arg(
        id = "media_store_checksums",
        long = "media-store-checksums",
        env = "MEDIA_STORE_CHECKSUMS",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub checksums: bool,
}

impl Default for MediaStoreSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), checksums: true }
    }
}
