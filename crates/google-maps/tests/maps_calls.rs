//! The client against answers Google gives, and against some it should not.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::time::Duration;

use google_maps::{GoogleMaps, GoogleMapsSettings, Leg, Point, Precision};
use outbound::{HttpSettings, OutboundError, http_client};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, headers, path, query_param},
};

const HYDERABAD: Point = Point { latitude: 17.385, longitude: 78.4867 };

async fn setup() -> (MockServer, GoogleMaps) {
    let server = MockServer::start().await;
    let settings = GoogleMapsSettings {
        maps_url: server.uri(),
        routes_url: server.uri(),
        api_key: "maps-key".into(),
        timeout: Duration::from_millis(300),
    };
    (server, GoogleMaps::new(settings, http_client(HttpSettings::default()).unwrap()))
}

async fn answers(server: &MockServer, status: u16, body: Value) {
    Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_json(body)).mount(server).await;
}

#[tokio::test]
async fn an_address_becomes_a_place_with_its_parts() {
    let (server, maps) = setup().await;
    let body = json!({"status": "OK", "results": [{"formatted_address": "MG Road, Pune 411001, India",
        "place_id": "ChIJ", "types": ["street_address"], "partial_match": true,
        "address_components": [
            {"long_name": "Camp", "short_name": "Camp", "types": ["sublocality_level_1", "sublocality"]},
            {"long_name": "Pune", "short_name": "Pune", "types": ["locality", "political"]},
            {"long_name": "Maharashtra", "short_name": "MH", "types": ["administrative_area_level_1"]},
            {"long_name": "411001", "short_name": "411001", "types": ["postal_code"]}],
        "geometry": {"location": {"lat": 18.5, "lng": 73.8}, "location_type": "ROOFTOP",
            "viewport": {"northeast": {"lat": 1, "lng": 1}, "southwest": {"lat": 1, "lng": 1}}}}]});
    Mock::given(path("/maps/api/geocode/json"))
        .and(query_param("address", "MG Road, Pune"))
        .and(query_param("key", "maps-key"))
        .and(query_param("components", "country:IN"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let place = maps.geocode("MG Road, Pune").await.unwrap().unwrap();
    assert_eq!(place.pincode.unwrap().as_str(), "411001");
    assert_eq!(place.state.as_deref(), Some("Maharashtra"));
    assert_eq!(place.locality.as_deref(), Some("Pune"));
    assert_eq!(place.sublocality.as_deref(), Some("Camp"));
    assert_eq!(place.precision, Precision::Rooftop);
    assert!(place.partial);
}

#[tokio::test]
async fn nothing_found_is_not_an_error_and_refusals_inside_a_200_are() {
    let (server, maps) = setup().await;
    answers(&server, 200, json!({"status": "ZERO_RESULTS", "results": []})).await;
    assert_eq!(maps.reverse(HYDERABAD).await, Ok(None));
    for (status, transient) in [
        ("OVER_QUERY_LIMIT", true),
        ("UNKNOWN_ERROR", true),
        ("REQUEST_DENIED", false),
        ("OVER_DAILY_LIMIT", false),
        ("INVALID_REQUEST", false),
    ] {
        let (server, maps) = setup().await;
        answers(&server, 200, json!({"status": status, "results": [], "error_message": "why"})).await;
        let error = maps.geocode("x").await.unwrap_err();
        assert_eq!(error.is_transient(), transient, "{status}");
        let calls = server.received_requests().await.unwrap().len();
        assert_eq!(calls, if transient { 3 } else { 1 }, "{status}");
    }
}

#[tokio::test]
async fn a_matrix_is_put_in_order() {
    let (server, maps) = setup().await;
    Mock::given(path("/distanceMatrix/v2:computeRouteMatrix"))
        .and(header("x-goog-api-key", "maps-key"))
        .and(headers(
            "x-goog-fieldmask",
            vec!["originIndex", "destinationIndex", "status", "condition", "distanceMeters", "duration"],
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"originIndex": 0, "destinationIndex": 1, "status": {}, "condition": "ROUTE_NOT_FOUND"},
            {"status": {}, "condition": "ROUTE_EXISTS", "distanceMeters": 5230, "duration": "617.5s"}])))
        .mount(&server)
        .await;
    let matrix = maps.route_matrix(&[HYDERABAD], &[HYDERABAD, HYDERABAD]).await.unwrap();
    assert_eq!(matrix, vec![vec![Some(Leg { distance_metres: 5230, duration_seconds: 618 }), None]]);
}

#[tokio::test]
async fn a_matrix_that_lacks_or_fails_an_element_is_no_answer() {
    let (server, maps) = setup().await;
    answers(&server, 200, json!([])).await;
    assert!(matches!(maps.route(HYDERABAD, HYDERABAD).await, Err(OutboundError::Unknown { .. })));
    let (server, maps) = setup().await;
    answers(&server, 200, json!([{"status": {"code": 3, "message": "bad"}}])).await;
    assert!(matches!(maps.route(HYDERABAD, HYDERABAD).await, Err(OutboundError::Reject { .. })));
    let (server, maps) = setup().await;
    answers(&server, 403, json!([{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}])).await;
    let error = maps.route(HYDERABAD, HYDERABAD).await.unwrap_err();
    assert_eq!(error, OutboundError::reject(403, "PERMISSION_DENIED", "no"));
}
