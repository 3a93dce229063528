//! The service's own settings; those every service has are in the kit.

use domain::Rate;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// How far, in percent, a vendor's price may lie from the catalogue's where the item does not say (rule 21).
    #[arg(long, env = "PRICE_BAND_PERCENT", default_value = "15.00")]
    pub price_band_percent: Rate,
    /// Seconds for which a CDN may keep public answers without asking; offers are always asked for.
    #[arg(long, env = "PUBLIC_CACHE_SECONDS", default_value_t = 15)]
    pub public_cache_seconds: u32,
    /// So many days before their last one, a vendor hears of goods that age.
    #[arg(long, env = "EXPIRY_WARNING_DAYS", default_value_t = 14)]
    pub expiry_warning_days: u16,
    /// Seconds between two looks at whether the stock adds up.
    #[arg(long, env = "STOCK_CHECK_SECONDS", default_value_t = 900)]
    pub stock_check_seconds: u64,
}
