//! The service's own settings; those every service has are in the kit.

use ::domain::{Money, Rate};
use clap::ArgAction;
use secrecy::SecretString;

use crate::domain::deductions::Switches;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Key of the delivery codes' hashes: at least 32 bytes in base64.
    #[arg(long, env = "OTP_HASH_KEY", hide_env_values = true)]
    pub otp_hash_key: SecretString,
    /// Master keys of the fields sealed at rest, where there is no KMS: `id:base64` of 32 bytes each, separated by commas; the
    /// first one wraps, all unwrap. Production does not take them.
    #[arg(long, env = "FIELD_KEYS", hide_env_values = true)]
    pub field_keys: Option<SecretString>,
    /// Master key of the fields sealed at rest in AWS KMS.
    #[arg(long, env = "FIELD_KMS_KEY_ARN")]
    pub field_kms_key_arn: Option<String>,
    /// Key of the hashes by which sealed fields are found: at least 32 bytes in base64.
    #[arg(long, env = "FIELD_HASH_KEY", hide_env_values = true)]
    pub field_hash_key: SecretString,
    /// Days until the data key that seals fields is replaced.
    #[arg(long, env = "FIELD_KEY_DAYS", default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub field_key_days: i64,
    /// Payouts above this are approved and paid by different people.
    #[arg(long, env = "SETTLEMENT_TWO_PERSON_LIMIT", default_value = "50000.00")]
    pub settlement_two_person_limit: Money,
    /// Commission of a new vendor, in percent.
    #[arg(long, env = "DEFAULT_COMMISSION_RATE", default_value = "10.00")]
    pub default_commission_rate: Rate,
    /// Deduct income-tax at source from settlements.
    #[arg(long, env = "SETTLEMENT_DEDUCT_TDS", default_value_t = false, action = ArgAction::Set)]
    pub settlement_deduct_tds: bool,
    /// Deduct GST collected at source from settlements.
    #[arg(long, env = "SETTLEMENT_DEDUCT_TCS", default_value_t = false, action = ArgAction::Set)]
    pub settlement_deduct_tcs: bool,
    /// The same on cash orders.
    #[arg(long, env = "SETTLEMENT_DEDUCT_TCS_ON_CASH", default_value_t = false, action = ArgAction::Set)]
    pub settlement_deduct_tcs_on_cash: bool,
    /// Deduct GST on the commission from settlements.
    #[arg(long, env = "SETTLEMENT_DEDUCT_GST_ON_COMMISSION", default_value_t = false, action = ArgAction::Set)]
    pub settlement_deduct_gst_on_commission: bool,
}

impl Config {
    /// Which statutory deductions are made.
    #[must_use]
    pub const fn deductions(&self) -> Switches {
        Switches {
            tds: self.settlement_deduct_tds,
            tcs: self.settlement_deduct_tcs,
            tcs_on_cash: self.settlement_deduct_tcs_on_cash,
            gst_on_commission: self.settlement_deduct_gst_on_commission,
        }
    }
}
