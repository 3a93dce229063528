//! The service's own settings; those every service has are in the kit.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{DeliveryTariff, Money};
use firebase::FirebaseSettings;
use google_maps::GoogleMapsSettings;
use media_store::MediaStoreSettings;
use whatsapp::WhatsappSettings;

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// WhatsApp Cloud.
    #[command(flatten)]
    pub whatsapp: WhatsappSettings,
    /// Firebase, to act as the vendor who writes (rule 11).
    #[command(flatten)]
    pub firebase: FirebaseSettings,
    /// Google Maps.
    #[command(flatten)]
    pub maps: GoogleMapsSettings,
    /// S3.
    #[command(flatten)]
    pub store: MediaStoreSettings,
    /// Where clients find the whole API: the bot goes through the same door.
    #[arg(long, env = "PUBLIC_API_URL", default_value = "http://127.0.0.1:8080")]
    pub public_api_url: String,
    /// Bucket of pictures and files.
    #[arg(long, env = "MEDIA_BUCKET", default_value = "realserv-media")]
    pub media_bucket: String,
    /// Bucket of KYC papers.
    #[arg(long, env = "KYC_BUCKET", default_value = "realserv-kyc")]
    pub kyc_bucket: String,
    /// How long a signed URL of a file works, in seconds.
    #[arg(long, env = "MEDIA_URL_SECONDS", default_value = "300", value_parser = outbound::seconds)]
    pub media_url: Duration,
    /// How many days Google's coordinates are kept; its terms allow less than 30.
    #[arg(long, env = "LOCATION_CACHE_DAYS", default_value_t = 29, value_parser = clap::value_parser!(u8).range(0..=29))]
    pub location_cache_days: u8,
    /// Road distance as a share of the straight line, in percent, when the map service cannot be asked.
    #[arg(long, env = "LOCATION_ROAD_PERCENT", default_value_t = 130)]
    pub location_road_percent: u16,
    /// Delivery charge up to the base distance (rule 24).
    #[arg(long, env = "DELIVERY_BASE_CHARGE", default_value = "150.00")]
    pub delivery_base_charge: Money,
    /// How far the base charge reaches, in metres.
    #[arg(long, env = "DELIVERY_BASE_METRES", default_value_t = 5_000)]
    pub delivery_base_metres: u32,
    /// Charge for each further kilometre that is started.
    #[arg(long, env = "DELIVERY_PER_KM_CHARGE", default_value = "20.00")]
    pub delivery_per_km_charge: Money,
    /// Delivery is free from this subtotal on.
    #[arg(long, env = "DELIVERY_FREE_FROM_SUBTOTAL", default_value = "25000.00")]
    pub delivery_free_from_subtotal: Money,
    /// Confidence from which the bot acts; below it, it asks back. In percent.
    #[arg(long, env = "BOT_CONFIDENCE_PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u8).range(50..=100))]
    pub bot_confidence_percent: u8,
    /// Where a vendor signs up, told to phones we do not know.
    #[arg(long, env = "BOT_SIGN_UP_URL", default_value = "https://realserv.example/vendors")]
    pub bot_sign_up_url: String,
}

impl Config {
    /// What delivery costs.
    #[must_use]
    pub const fn tariff(&self) -> DeliveryTariff {
        DeliveryTariff {
            base_charge: self.delivery_base_charge,
            base_metres: self.delivery_base_metres,
            per_started_km: self.delivery_per_km_charge,
            free_from_subtotal: self.delivery_free_from_subtotal,
        }
    }

    /// How long Google's coordinates are kept.
    #[must_use]
    pub fn cache_for(&self) -> TimeDelta {
        TimeDelta::days(i64::from(self.location_cache_days))
    }

    /// Confidence from which the bot acts.
    #[must_use]
    pub fn confidence_limit(&self) -> f32 {
        f32::from(self.bot_confidence_percent) / 100.0
    }
}
