//! The service's own settings; those every service has are in the kit.

use domain::Money;
use media_store::MediaStoreSettings;
use razorpay::RazorpaySettings;

/// Whose numbers are consecutive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InvoiceSeries {
    /// One series over all suppliers.
    Platform,
    /// One series for each supplier, as rule 46 of the CGST Rules speaks of them.
    Supplier,
}

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The gateway.
    #[command(flatten)]
    pub razorpay: RazorpaySettings,
    /// Cash in a vendor's hands, in rupees, above which the vendor gets no new cash orders (rule 31).
    #[arg(long, env = "COD_EXPOSURE_LIMIT", default_value = "50000")]
    pub cod_exposure_limit: Money,
    /// S3.
    #[command(flatten)]
    pub store: MediaStoreSettings,
    /// Bucket of the invoices' PDFs.
    #[arg(long, env = "INVOICE_BUCKET", default_value = "realserv-invoices")]
    pub invoice_bucket: String,
    /// Whether all suppliers share one series of numbers or each has its own.
    #[arg(long, env = "INVOICE_SERIES", value_enum, default_value = "platform")]
    pub invoice_series: InvoiceSeries,
}
