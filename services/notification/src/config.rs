//! The service's own settings; those every service has are in the kit.

use std::time::Duration;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// WhatsApp.
    #[command(flatten)]
    pub whatsapp: whatsapp::WhatsappSettings,
    /// SMS, by one of three providers.
    #[command(flatten)]
    pub sms: sms::SmsSettings,
    /// E-mail.
    #[command(flatten)]
    pub mailer: mailer::MailerSettings,
    /// What SES says became of mails.
    #[command(flatten)]
    pub feedback: mailer::feedback::FeedbackSettings,
    /// Push.
    #[command(flatten)]
    pub push: push::PushSettings,
    /// The Google account that push is sent under.
    #[command(flatten)]
    pub google: firebase::ServiceAccountSettings,
    /// Principal entity id under India's DLT rules.
    #[arg(long, env = "DLT_ENTITY_ID")]
    pub dlt_entity_id: Option<String>,
    /// Six-letter SMS header registered under India's DLT rules.
    #[arg(long, env = "SMS_SENDER_ID")]
    pub sms_sender_id: Option<String>,
    /// Messages sent at once by one process.
    #[arg(long, env = "SEND_CONCURRENCY", default_value = "64", value_parser = clap::value_parser!(u8).range(1..))]
    pub send_concurrency: u8,
    /// How long a delivery code may take to be handed to a provider, in seconds: somebody stands at the door.
    #[arg(long = "otp-send-timeout-seconds", env = "OTP_SEND_TIMEOUT_SECONDS", default_value = "5", value_parser = outbound::seconds)]
    pub otp_send_timeout: Duration,
}
