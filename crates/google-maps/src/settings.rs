//! Where Google Maps is and who we are there.

use std::time::Duration;

use secrecy::SecretString;

/// Settings of the Google Maps client.
#[derive(Debug, Clone, clap::Args)]
pub struct GoogleMapsSettings {
    /// Base address of the geocoding service, without `/maps/api`.
    #[arg(
        id = "google_maps_url",
        long = "google-maps-url",
        env = "GOOGLE_MAPS_URL",
        default_value = "https://maps.googleapis.com"
    )]
    pub maps_url: String,
    /// Base address of the Routes service.
    #[arg(
        id = "google_routes_url",
        long = "google-routes-url",
        env = "GOOGLE_ROUTES_URL",
        default_value = "https://routes.googleapis.com"
    )]
    pub routes_url: String,
    /// API key.
    #[arg(id = "google_maps_api_key", long = "google-maps-api-key", env = "GOOGLE_MAPS_API_KEY", hide_env_values = true)]
    pub api_key: SecretString,
    /// Time-out of one call, in seconds.
    #[arg(
        id = "google_maps_timeout",
        long = "google-maps-timeout-seconds",
        env = "GOOGLE_MAPS_TIMEOUT_SECONDS",
        default_value = "4",
        value_parser = outbound::seconds
    )]
    pub timeout: Duration,
}
