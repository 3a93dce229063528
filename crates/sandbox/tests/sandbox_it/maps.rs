use serde_json::{Value, json};

use crate::support::{Answer, Stage, send};

fn component(result: &Value, kind: &str) -> Value {
    let components = result["address_components"].as_array().unwrap();
    components.iter().find(|one| one["types"].as_array().unwrap().contains(&json!(kind))).unwrap()["long_name"].clone()
}

async fn geocode(stage: &Stage, query: &[(&str, &str)]) -> Value {
    send(stage.http.get(stage.url("/maps/maps/api/geocode/json")).query(query)).await.1
}

#[tokio::test]
async fn gachibowli_is_found_by_name_and_by_pincode() {
    let stage = Stage::new().await;
    let by_name = geocode(&stage, &[("address", "Plot 12, Gachibowli, Hyderabad"), ("key", "k")]).await;
    let by_pincode = geocode(&stage, &[("components", "country:IN|postal_code:500032"), ("key", "k")]).await;
    for found in [by_name, by_pincode] {
        assert_eq!(found["status"], "OK");
        let result = &found["results"][0];
        assert_eq!(component(result, "postal_code"), "500032");
        assert_eq!(component(result, "administrative_area_level_1"), "Telangana");
        assert!((result["geometry"]["location"]["lat"].as_f64().unwrap() - 17.44).abs() < 0.01);
    }
}

#[tokio::test]
async fn a_point_is_given_the_nearest_address_and_the_sea_none() {
    let stage = Stage::new().await;
    let found = geocode(&stage, &[("latlng", "17.4485,78.3920"), ("key", "k")]).await;
    assert_eq!(component(&found["results"][0], "postal_code"), "500081");
    assert_eq!(geocode(&stage, &[("latlng", "10.0,65.0"), ("key", "k")]).await["status"], "ZERO_RESULTS");
    assert_eq!(geocode(&stage, &[("latlng", "north"), ("key", "k")]).await["status"], "INVALID_REQUEST");
    assert_eq!(geocode(&stage, &[("address", "Gachibowli")]).await["status"], "REQUEST_DENIED");
}

async fn matrix(stage: &Stage, mask: Option<&str>) -> Answer {
    let place = |lat: f64, lng: f64| json!({"waypoint": {"location": {"latLng": {"latitude": lat, "longitude": lng}}}});
    let body = json!({"origins": [place(17.4401, 78.3489)], "destinations": [place(17.4483, 78.3915), {"waypoint": {"address": "Atlantis"}}], "travelMode": "DRIVE"});
    let mut request =
        stage.http.post(stage.url("/routes/distanceMatrix/v2:computeRouteMatrix")).header("x-goog-api-key", "k").json(&body);
    if let Some(mask) = mask {
        request = request.header("x-goog-fieldmask", mask);
    }
    send(request).await
}

#[tokio::test]
async fn a_route_matrix_needs_a_field_mask_and_answers_each_pair() {
    let stage = Stage::new().await;
    assert_eq!(matrix(&stage, None).await.0, 400);
    assert_eq!(matrix(&stage, Some("distance")).await.0, 400);
    let (status, elements) = matrix(&stage, Some("originIndex,destinationIndex,status,condition,distanceMeters,duration")).await;
    assert_eq!(status, 200);
    let to = |index: u64| elements.as_array().unwrap().iter().find(|element| element["destinationIndex"] == index).unwrap();
    let metres = to(0)["distanceMeters"].as_u64().unwrap();
    assert!((5_500..6_500).contains(&metres), "{metres}");
    assert!(to(0)["duration"].as_str().unwrap().ends_with('s'));
    assert!(to(0).get("staticDuration").is_none());
    assert_eq!(to(1)["condition"], "ROUTE_NOT_FOUND");
}
