//! The service's own settings; those every service has are in the kit.

use std::num::NonZeroU32;
use std::time::Duration;

use firebase::FirebaseSettings;
use service_kit::http::RateLimit;

use crate::sessions_by_phone::SessionPhones;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Firebase's administration and sign-in.
    #[command(flatten)]
    pub firebase: FirebaseSettings,
    /// Limits of what anyone may call.
    #[command(flatten)]
    pub limits: LimitConfig,
    /// Days that the audit log is kept.
    #[arg(long, env = "AUDIT_LOG_DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..))]
    pub audit_log_days: u16,
}

/// How often anyone may ask for a code or try one. Counted by each process for itself.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitConfig {
    /// Codes that one phone may ask for at once.
    #[arg(long, env = "OTP_PER_PHONE", default_value = "5")]
    pub otp_per_phone: NonZeroU32,
    /// Seconds after which a phone may ask for one more.
    #[arg(long, env = "OTP_PER_PHONE_SECONDS", default_value_t = 60)]
    pub otp_per_phone_seconds: u64,
    /// Calls of sign-in operations that one address may make at once.
    #[arg(long, env = "SIGN_IN_PER_ADDRESS", default_value = "60")]
    pub sign_in_per_address: NonZeroU32,
    /// Seconds after which an address may make one more.
    #[arg(long, env = "SIGN_IN_PER_ADDRESS_SECONDS", default_value_t = 2)]
    pub sign_in_per_address_seconds: u64,
    /// Tries of a code that one session may make at once.
    #[arg(long, env = "CODE_TRIES", default_value = "5")]
    pub code_tries: NonZeroU32,
    /// Tries of codes that one phone may make at once, whatever the sessions; one more a minute.
    #[arg(long, env = "CODE_TRIES_PER_PHONE", default_value = "15")]
    pub code_tries_per_phone: NonZeroU32,
}

/// The limits at work.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Codes by phone.
    pub otp_by_phone: RateLimit,
    /// Sign-in operations by address.
    pub by_address: RateLimit,
    /// Tries of a code by session.
    pub tries_by_session: RateLimit,
    /// Tries of codes by phone.
    pub tries_by_phone: RateLimit,
    /// Which phone a session is for.
    pub sessions: SessionPhones,
}

impl LimitConfig {
    /// Starts counting.
    #[must_use]
    pub fn start(&self) -> Limits {
        let seconds = |n: u64| Duration::from_secs(n.max(1));
        Limits {
            otp_by_phone: RateLimit::new(self.otp_per_phone, seconds(self.otp_per_phone_seconds)),
            by_address: RateLimit::new(self.sign_in_per_address, seconds(self.sign_in_per_address_seconds)),
            tries_by_session: RateLimit::new(self.code_tries, Duration::from_secs(60)),
            tries_by_phone: RateLimit::new(self.code_tries_per_phone, Duration::from_secs(60)),
            sessions: SessionPhones::default(),
        }
    }
}
