//! Who sends.

use std::time::Duration;

/// Settings of the SES mailer. Endpoint, region and credentials come with the AWS configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct MailerSettings {
    /// Sender, verified at SES (`RealServ <orders@realserv.in>`).
    #[arg(id = "ses_from", long = "ses-from", env = "SES_FROM")]
    pub from: String,
    /// Configuration set: where bounces and complaints are reported.
    #[arg(id = "ses_configuration_set", long = "ses-configuration-set", env = "SES_CONFIGURATION_SET")]
    pub configuration_set: Option<String>,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "ses_timeout",
        long = "ses-timeout-seconds",
        env = "SES_TIMEOUT_SECONDS",
        default_value = "10",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
}
