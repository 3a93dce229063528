//! Google Maps Platform: geocoding and route matrix.
//!
//! Google's terms let coordinates be kept for 30 days and distances not at all: who stores a
//! [`Place`] notes when it was asked for.

mod client;
mod geocoding;
mod routes;
mod settings;

pub use client::GoogleMaps;
pub use geocoding::{Place, Precision};
pub use routes::Leg;
pub use settings::GoogleMapsSettings;

/// A point on the map, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}
