//! Delivery addresses.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Buyer, World, world};

fn site(label: &str) -> Value {
    json!({
        "label": label, "address_line1": "Plot 12, Financial District", "landmark": "Gachibowli flyover", "pincode": "500032",
        "latitude": 17.4401, "longitude": 78.3489,
    })
}

async fn add(world: &World, buyer: &Buyer, body: &Value) -> Value {
    world.post(&buyer.path("/addresses"), &buyer.human.token, body).await.data(201).clone()
}

async fn defaults(world: &World) -> (i64, i64) {
    (
        world.count("SELECT count(*) FROM delivery_addresses").await,
        world.count("SELECT count(*) FROM delivery_addresses WHERE is_default").await,
    )
}

#[tokio::test]
async fn the_first_address_is_the_default_one_and_another_can_take_its_place() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let first = add(&world, &buyer, &site("Home")).await;
    assert_eq!((&first["is_default"], &first["state_code"], &first["city"]), (&json!(true), &json!("36"), &json!("Hyderabad")));
    let second = add(&world, &buyer, &site("Site 1")).await;
    assert_eq!(second["is_default"], false);
    let at = buyer.path(&format!("/addresses/{}", second["id"].as_str().unwrap()));
    let moved = world.put(&at, &buyer.human.token, &json!({"is_default": true})).await;
    assert_eq!(moved.data(200)["is_default"], true);
    assert_eq!(moved.data(200)["latitude"], 17.4401, "the place is the same");
    let refused = world.put(&at, &buyer.human.token, &json!({"is_default": false})).await;
    assert_eq!(refused.code(409), "default_address_required");
    let all = world.get(&buyer.path("/addresses"), &buyer.human.token).await;
    assert_eq!(all.data(200)[0]["id"], second["id"]);
    assert_eq!(world.delete(&at, &buyer.human.token).await.status, 204);
    assert_eq!(defaults(&world).await, (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn there_is_exactly_one_default_whatever_happens_at_once() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let as_default = |n: usize| {
        let mut body = site(&format!("Site {n}"));
        body["is_default"] = json!(true);
        body
    };
    let bodies: Vec<Value> = (0..10).map(as_default).collect();
    let added = join_all(bodies.iter().map(|body| add(&world, &buyer, body))).await;
    assert_eq!(defaults(&world).await, (10, 1));
    let changes = added.iter().enumerate().map(|(n, address)| {
        let at = buyer.path(&format!("/addresses/{}", address["id"].as_str().unwrap()));
        let (world, buyer) = (&world, &buyer);
        async move {
            match n % 3 {
                0 => world.delete(&at, &buyer.human.token).await.status,
                1 => world.put(&at, &buyer.human.token, &json!({"is_default": true})).await.status,
                _ => world.put(&at, &buyer.human.token, &json!({"label": "Renamed"})).await.status,
            }
        }
    });
    let statuses = join_all(changes).await;
    assert!(statuses.iter().all(|status| [200, 204, 409].contains(status)), "{statuses:?}");
    assert_eq!(defaults(&world).await, (6, 1));
    world.finish().await;
}

#[tokio::test]
async fn the_tables_refuse_addresses_without_a_default() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    add(&world, &buyer, &site("Home")).await;
    let taken = sqlx::query("UPDATE delivery_addresses SET is_default = false").execute(&world.db.pool).await;
    assert!(taken.unwrap_err().to_string().contains("no default one"));
    world.finish().await;
}

#[tokio::test]
async fn an_address_without_coordinates_is_found_on_the_map() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let place = json!({"latitude": 17.4483, "longitude": 78.3915, "formatted_address": "Madhapur, Hyderabad"});
    world.neighbour("POST", "/api/v1/location/geocode", 200, place).await;
    let body = json!({"address_line1": "Hitech City Road", "pincode": "500081"});
    let added = add(&world, &buyer, &body).await;
    assert_eq!((&added["latitude"], &added["longitude"]), (&json!(17.4483), &json!(78.3915)));
    world.finish().await;
}

#[tokio::test]
async fn an_address_is_kept_while_the_map_is_down_and_found_later() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let added = add(&world, &buyer, &json!({"address_line1": "Hitech City Road", "pincode": "500081"})).await;
    assert_eq!(added["latitude"], Value::Null);
    let place = json!({"latitude": 17.4483, "longitude": 78.3915, "formatted_address": "Madhapur, Hyderabad"});
    world.neighbour("POST", "/api/v1/location/geocode", 200, place).await;
    world.later(60).await;
    let at = buyer.path(&format!("/addresses/{}", added["id"].as_str().unwrap()));
    let found = world.get(&at, &buyer.human.token).await;
    assert_eq!(found.data(200)["latitude"], 17.4483);
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_addresses_do_not_exist() {
    let world = world().await;
    let (mine, theirs) = (world.buyer("+919000000001").await, world.buyer("+919000000002").await);
    let address = add(&world, &theirs, &site("Home")).await;
    let id = address["id"].as_str().unwrap();
    for at in [theirs.path(&format!("/addresses/{id}")), mine.path(&format!("/addresses/{id}"))] {
        assert_eq!(world.get(&at, &mine.human.token).await.code(404), "not_found");
        assert_eq!(world.put(&at, &mine.human.token, &json!({"label": "Mine"})).await.code(404), "not_found");
        assert_eq!(world.delete(&at, &mine.human.token).await.code(404), "not_found");
    }
    assert_eq!(world.get(&theirs.path("/addresses"), &mine.human.token).await.code(404), "not_found");
    assert_eq!(world.post(&theirs.path("/addresses"), &mine.human.token, &site("x")).await.code(404), "not_found");
    let support = world.staff(domain::AdminRole::Support);
    assert_eq!(world.get(&theirs.path("/addresses"), &support).await.data(200).as_array().unwrap().len(), 1);
    let finance = world.staff(domain::AdminRole::Finance);
    assert_eq!(world.get(&theirs.path("/addresses"), &finance).await.code(403), "forbidden");
    assert_eq!(world.get(&mine.path("/addresses/nonsense"), &mine.human.token).await.code(404), "not_found");
    world.finish().await;
}

#[tokio::test]
async fn an_address_is_somewhere_in_india() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    for (field, value) in [
        ("state", json!("Atlantis")),
        ("pincode", json!("12")),
        ("latitude", json!(91)),
        ("longitude", Value::Null),
        ("city", json!(" ")),
    ] {
        let mut body = site("Home");
        body[field] = value;
        let refused = world.post(&buyer.path("/addresses"), &buyer.human.token, &body).await;
        assert_eq!(refused.code(422), "validation_failed", "{field}");
    }
    let mut elsewhere = site("Bengaluru");
    elsewhere["state"] = json!("karnataka");
    assert_eq!(add(&world, &buyer, &elsewhere).await["state_code"], "29");
    world.finish().await;
}
