//! The client.

use outbound::{OutboundError, Remote, Reply, RetryPolicy, retry};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    GoogleMapsSettings, Leg, Place, Point,
    geocoding::Answer,
    routes::{self, Element},
};

/// Most origins times destinations in one question.
const MATRIX_LIMIT: usize = 625;
/// What we want to hear of a route. Without `status` failures would look fine.
const FIELDS: &str = "originIndex,destinationIndex,status,condition,distanceMeters,duration";

/// Google Maps. All its calls only read, so they are repeated by themselves.
#[derive(Debug, Clone)]
pub struct GoogleMaps {
    geocoding: Remote,
    routes: Remote,
    geocode_url: String,
    matrix_url: String,
    api_key: SecretString,
}

impl GoogleMaps {
    /// A client over the shared HTTP client.
    pub fn new(settings: GoogleMapsSettings, http: reqwest::Client) -> Self {
        Self {
            geocoding: Remote::new("google_geocoding", http.clone(), settings.timeout),
            routes: Remote::new("google_routes", http, settings.timeout),
            geocode_url: outbound::join(&settings.maps_url, "maps/api/geocode/json"),
            matrix_url: outbound::join(&settings.routes_url, "distanceMatrix/v2:computeRouteMatrix"),
            api_key: settings.api_key,
        }
    }

    /// Where an Indian address is, if anywhere.
    pub async fn geocode(&self, address: &str) -> Result<Option<Place>, OutboundError> {
        self.find(&[("address", address), ("components", "country:IN"), ("region", "in")]).await
    }

    /// What is at a point, if anything.
    pub async fn reverse(&self, point: Point) -> Result<Option<Place>, OutboundError> {
        let at = format!("{},{}", point.latitude, point.longitude);
        self.find(&[("latlng", &at)]).await
    }

    /// How far it is from one point to another by road; none if there is no road.
    pub async fn route(&self, from: Point, to: Point) -> Result<Option<Leg>, OutboundError> {
        let matrix = self.route_matrix(&[from], &[to]).await?;
        Ok(matrix.into_iter().flatten().next().flatten())
    }

    /// How far it is from each origin to each destination: `[origin][destination]`.
    pub async fn route_matrix(&self, origins: &[Point], destinations: &[Point]) -> Result<Vec<Vec<Option<Leg>>>, OutboundError> {
        if origins.is_empty() || destinations.is_empty() {
            return Ok(vec![Vec::new(); origins.len()]);
        }
        if origins.len() * destinations.len() > MATRIX_LIMIT {
            return Err(OutboundError::reject(0, "too_many", "a matrix has at most 625 elements"));
        }
        let body = routes::request(origins, destinations);
        retry(RetryPolicy::default(), || async {
            let request = self
                .routes
                .post(&self.matrix_url)
                .header("X-Goog-Api-Key", self.api_key.expose_secret())
                .header("X-Goog-FieldMask", FIELDS)
                .json(&body);
            let elements: Vec<Element> = ask(&self.routes, request).await?;
            routes::matrix(elements, origins.len(), destinations.len())
        })
        .await
    }

    async fn find(&self, query: &[(&str, &str)]) -> Result<Option<Place>, OutboundError> {
        retry(RetryPolicy::default(), || async {
            let request = self
                .geocoding
                .get(&self.geocode_url)
                .query(query)
                .query(&[("language", "en"), ("key", self.api_key.expose_secret())]);
            let answer: Answer = ask(&self.geocoding, request).await?;
            answer.place()
        })
        .await
    }
}

async fn ask<T: DeserializeOwned>(remote: &Remote, request: RequestBuilder) -> Result<T, OutboundError> {
    let reply: Reply = remote.send(request).await?;
    if reply.is_success() {
        return reply.json();
    }
    let body: Value = reply.try_json().unwrap_or_default();
    // The matrix wraps even its errors in an array.
    let error = body.get(0).unwrap_or(&body).get("error").cloned().unwrap_or_default();
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    Err(reply.failure(text("status"), text("message")))
}
