//! The integration service as others call it.

use domain::{MediaId, Money, Pincode, UserId, VendorId};
use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::call::client;

/// A point on the map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// `POST /api/v1/location/validate-service-area`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAreaIn {
    /// Who would deliver.
    pub vendor_id: VendorId,
    /// Where to, by point.
    #[serde(default)]
    pub point: Option<Point>,
    /// Where to, by pincode.
    #[serde(default)]
    pub pincode: Option<Pincode>,
    /// Where to, in words; geocoded when there is no point.
    #[serde(default)]
    pub address: Option<String>,
}

/// Whether a vendor delivers somewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceAreaOut {
    /// Whether.
    pub covered: bool,
    /// Why, or why not: `within_pincodes`, `within_radius`, `within_polygon`, `outside_service_area`, `vendor_has_no_location`.
    pub reason: String,
    /// By road, in metres.
    pub distance_metres: u32,
    /// Straight line times a factor, because the map service could not be asked.
    pub approximate: bool,
    /// What delivery costs below the free limit.
    pub delivery_charge: Money,
    /// `INR`.
    pub currency: String,
}

/// `POST /api/v1/location/geocode`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GeocodeIn {
    /// An address in words.
    pub address: String,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlaceOut {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// As Google writes it.
    pub formatted_address: String,
    /// Google's id of it.
    #[serde(default)]
    pub place_id: Option<String>,
    /// PIN code, when known.
    #[serde(default)]
    pub pincode: Option<Pincode>,
    /// State by name, when known.
    #[serde(default)]
    pub state: Option<String>,
}

/// `POST /internal/v1/service-areas/search`: by point, by vendor or by both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaSearchIn {
    /// Inside a polygon; any polygon will do when left out.
    #[serde(default)]
    pub point: Option<Point>,
    /// Of this vendor; of any when left out.
    #[serde(default)]
    pub vendor_id: Option<VendorId>,
}

/// Vendors with such a polygon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AreaSearchOut {
    /// At most 500.
    pub vendor_ids: Vec<VendorId>,
}

/// `GET /internal/v1/media/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaFacts {
    /// The file.
    pub media_id: MediaId,
    /// What it is for.
    pub category: String,
    /// Type by content.
    pub file_type: String,
    /// Who stored it.
    pub uploaded_by: UserId,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
}

client! {
    /// Calls the integration service.
    IntegrationClient of Integration
}

impl IntegrationClient {
    /// `POST /api/v1/location/validate-service-area`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn validate_service_area(&self, question: &ServiceAreaIn) -> Result<ServiceAreaOut, ServiceError> {
        self.0.post("/api/v1/location/validate-service-area", question, None).await
    }

    /// `POST /api/v1/location/geocode`. `None` when no such place is known.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn geocode(&self, address: &str) -> Result<Option<PlaceOut>, ServiceError> {
        match self.0.post("/api/v1/location/geocode", &GeocodeIn { address: address.to_owned() }, None).await {
            Ok(place) => Ok(Some(place)),
            Err(error) if error.code() == Some("place_not_found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST /internal/v1/service-areas/search`: vendors who drew a polygon, and that holds the point when one is given.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn vendors_by_area(&self, wanted: AreaSearchIn) -> Result<Vec<VendorId>, ServiceError> {
        let found: AreaSearchOut = self.0.post("/internal/v1/service-areas/search", &wanted, None).await?;
        Ok(found.vendor_ids)
    }

    /// `GET /internal/v1/media/{id}`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn media(&self, id: MediaId) -> Result<Option<MediaFacts>, ServiceError> {
        self.0.find(&format!("/internal/v1/media/{id}")).await
    }
}
