//! The service's own settings; those every service has are in the kit.

use domain::Money;
use razorpay::RazorpaySettings;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The gateway.
    #[command(flatten)]
    pub razorpay: RazorpaySettings,
    /// Cash in a vendor's hands, in rupees, above which the vendor gets no new cash orders (rule 31).
    #[arg(long, env = "COD_EXPOSURE_LIMIT", default_value = "50000")]
    pub cod_exposure_limit: Money,
}
