//! Places, distances and service areas.

use domain::ServiceName;
use serde_json::{Value, json};

use crate::world::{World, new_id, world, world_with_vendor};

const VALIDATE: &str = "/api/v1/location/validate-service-area";
/// Gachibowli.
const POINT: (f64, f64) = (17.4401, 78.3489);

fn point() -> Value {
    json!({"latitude": POINT.0, "longitude": POINT.1})
}

async fn calls_of(world: &World, operation: &str) -> i64 {
    let calls = world.http.get(world.outside.url("/_sandbox/calls")).send().await.unwrap().json::<Value>().await.unwrap();
    let all = calls["data"].as_object().cloned().unwrap_or_default();
    all.iter().filter(|(name, _)| name.contains(operation)).filter_map(|(_, count)| count.as_i64()).sum()
}

#[tokio::test]
async fn an_address_is_asked_once_and_forgotten_before_thirty_days() {
    let world = world().await;
    let buyer = world.people.buyer();
    let first = world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": "Gachibowli, Hyderabad"})).await;
    let first = first.data(200).clone();
    assert_eq!(first["pincode"], "500032", "{first}");
    let again = world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": "  gachibowli,   HYDERABAD "})).await;
    assert_eq!(again.data(200), &first);
    assert_eq!(calls_of(&world, "geocode").await, 1);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM location_cache WHERE expires_at < geocoded_at + interval '30 days'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    world.clock.advance(chrono::TimeDelta::days(29));
    let buyer = world.people.buyer();
    assert_eq!(
        world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": "Gachibowli, Hyderabad"})).await.status,
        200
    );
    assert_eq!(calls_of(&world, "geocode").await, 2);
    let nowhere = world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": "xyzzy plugh qwertz"})).await;
    assert_eq!(nowhere.code(404), "place_not_found");
    let short = world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": " "})).await;
    assert_eq!(short.code(422), "validation_failed");
    let more = world.post("/api/v1/location/geocode", &buyer.token, &json!({"address": "Uppal", "colour": 1})).await;
    assert_eq!(more.code(422), "validation_failed");
    let nobody =
        world.send(reqwest::Method::POST, "/api/v1/location/geocode", None, Some(&json!({"address": "Uppal"})), &[]).await;
    assert_eq!(nobody.code(401), "unauthenticated");
    world.service.finish().await;
}

#[tokio::test]
async fn a_vendor_delivers_to_its_pincodes_and_nowhere_else() {
    let world = world_with_vendor().await;
    let order = world.service_token(ServiceName::Order);
    let ask = async |body: Value| world.post(VALIDATE, &order, &body).await;
    let vendor = world.vendor_id;
    let covered = ask(json!({"vendor_id": vendor, "point": point(), "pincode": "500032"})).await;
    let covered = covered.data(200);
    assert_eq!((&covered["covered"], &covered["reason"]), (&json!(true), &json!("within_pincodes")));
    assert_eq!(covered["approximate"], false);
    let metres = covered["distance_metres"].as_u64().unwrap();
    let started_km = metres.saturating_sub(5_000).div_ceil(1_000);
    assert_eq!(covered["delivery_charge"], format!("{}.00", 150 + 20 * started_km), "{covered}");
    assert_eq!(covered["currency"], "INR");
    // Without a pincode the point's is looked up.
    let looked_up = ask(json!({"vendor_id": vendor, "point": point()})).await;
    assert_eq!(looked_up.data(200)["covered"], true);
    let by_address = ask(json!({"vendor_id": vendor, "address": "Gachibowli, Hyderabad"})).await;
    assert_eq!(by_address.data(200)["covered"], true);
    let outside = ask(json!({"vendor_id": vendor, "point": point(), "pincode": "500001"})).await;
    assert_eq!(outside.data(200)["reason"], "outside_service_area");
    let unknown = ask(json!({"vendor_id": new_id::<domain::VendorId>(), "point": point()})).await;
    assert_eq!(unknown.code(404), "not_found");
    let nowhere = ask(json!({"vendor_id": vendor})).await;
    assert_eq!(nowhere.code(422), "validation_failed");
    let off = ask(json!({"vendor_id": vendor, "point": {"latitude": 91.0, "longitude": 0.0}})).await;
    assert_eq!(off.code(422), "validation_failed");
    world.service.finish().await;
}

#[tokio::test]
async fn orders_go_through_while_google_is_down_and_the_distance_says_that_it_is_guessed() {
    let world = world_with_vendor().await;
    world.fault(&json!({"system": "maps", "kind": "status", "value": 503})).await;
    world.fault(&json!({"system": "routes", "kind": "status", "value": 503})).await;
    let order = world.service_token(ServiceName::Order);
    let body = json!({"vendor_id": world.vendor_id, "point": point(), "pincode": "500032"});
    let guessed = world.post(VALIDATE, &order, &body).await;
    let guessed = guessed.data(200);
    assert_eq!((&guessed["covered"], &guessed["approximate"]), (&json!(true), &json!(true)));
    let metres = guessed["distance_metres"].as_u64().unwrap();
    assert!((28_000..31_000).contains(&metres), "{metres}");
    let lost = world.post("/api/v1/location/geocode", &order, &json!({"address": "Uppal"})).await;
    assert_eq!(lost.code(503), "maps_unavailable");
    // An address that was never looked up: the middle of its PIN code has to do, and the answer says so.
    let new = json!({"vendor_id": world.vendor_id, "address": "Plot 7, Telecom Nagar, Hyderabad", "pincode": "500032"});
    let roughly = world.post(VALIDATE, &order, &new).await;
    assert_eq!((&roughly.data(200)["covered"], &roughly.data(200)["approximate"]), (&json!(true), &json!(true)));
    let named = json!({"vendor_id": world.vendor_id, "address": "Plot 7, Telecom Nagar, Hyderabad 500032"});
    assert_eq!(world.post(VALIDATE, &order, &named).await.data(200)["covered"], true);
    let far = json!({"vendor_id": world.vendor_id, "address": "Connaught Place, New Delhi 110001"});
    assert_eq!(world.post(VALIDATE, &order, &far).await.code(503), "maps_unavailable");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM location_cache").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(kept, 0, "a guess is not kept");
    world.service.finish().await;
}

#[tokio::test]
async fn a_drawn_area_counts_and_only_its_vendor_draws_it() {
    let world = world_with_vendor().await;
    let mine = world.people.vendor();
    let vendor = {
        let mut facts = world.vendor(1);
        facts.vendor_id = mine.vendor_id;
        facts.service_pincodes.clear();
        facts
    };
    world.deliver(ServiceName::VendorManagement, &domain::events::VendorOnboarded { vendor }).await;
    let at = format!("/api/v1/location/service-areas/{}", mine.vendor_id);
    let drawn =
        json!({"type": "Polygon", "coordinates": [[[78.3, 17.4], [78.4, 17.4], [78.4, 17.5], [78.3, 17.5], [78.3, 17.4]]]});
    let stranger = world.people.vendor();
    assert_eq!(world.put(&at, &stranger.token, &json!({"geojson": drawn})).await.code(404), "not_found");
    let bow = json!({"type": "Polygon", "coordinates": [[[78.3, 17.4], [78.4, 17.5], [78.4, 17.4], [78.3, 17.5], [78.3, 17.4]]]});
    assert_eq!(world.put(&at, &mine.token, &json!({"geojson": bow})).await.code(422), "validation_failed");
    let kept = world.put(&at, &mine.token, &json!({"geojson": drawn})).await;
    assert_eq!(kept.data(200)["geojson"]["features"][0]["geometry"]["type"], "Polygon");
    assert_eq!(world.get(&at, &mine.token).await.data(200), kept.data(200));
    let order = world.service_token(ServiceName::Order);
    let inside = world.post(VALIDATE, &order, &json!({"vendor_id": mine.vendor_id, "point": point()})).await;
    assert_eq!(inside.data(200)["reason"], "within_polygon");
    let outside = world
        .post(VALIDATE, &order, &json!({"vendor_id": mine.vendor_id, "point": {"latitude": 17.6, "longitude": 78.35}}))
        .await;
    assert_eq!(outside.data(200)["covered"], false);
    let search = "/internal/v1/service-areas/search";
    let vendors = world.service_token(ServiceName::VendorManagement);
    let elsewhere = json!({"latitude": 17.6, "longitude": 78.35});
    for (asked, found) in [
        (json!({"point": point()}), json!([mine.vendor_id])),
        (json!({"vendor_id": mine.vendor_id}), json!([mine.vendor_id])),
        (json!({"vendor_id": stranger.vendor_id}), json!([])),
        (json!({"vendor_id": mine.vendor_id, "point": elsewhere}), json!([])),
    ] {
        assert_eq!(world.post(search, &vendors, &asked).await.data(200)["vendor_ids"], found, "{asked}");
    }
    assert_eq!(world.post(search, &vendors, &json!({})).await.code(422), "validation_failed");
    assert_eq!(world.post(search, &mine.token, &json!({"point": point()})).await.code(403), "forbidden");
    world.service.finish().await;
}

#[tokio::test]
async fn many_who_want_to_know_the_same_place_at_once_ask_google_once() {
    let world = world().await;
    world.fault(&json!({"system": "maps", "kind": "latency", "value": 500})).await;
    let buyer = world.people.buyer();
    let body = json!({"address": "Kondapur, Hyderabad"});
    let asks = (0..20).map(|_| world.post("/api/v1/location/geocode", &buyer.token, &body));
    for answer in futures::future::join_all(asks).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(calls_of(&world, "geocode").await, 1);
    world.service.finish().await;
}
