use domain::events::{OfferChanged, StockLow};
use serde_json::json;

use crate::support::{CEMENT, Catalogue, MASON, order};

#[tokio::test]
async fn a_change_wants_the_version_that_was_seen() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let change = json!({"stock_quantity": "120"});
    let path = format!("/api/v1/inventory/{}", offer["id"].as_str().unwrap());
    assert_eq!(catalogue.service.put(&path, &vendor.token, &change).await.code(428), "if_match_required");
    assert_eq!(catalogue.change(&vendor, &offer["id"], "\"2\"", &change).await.code(412), "version_differs");
    let done = catalogue.change(&vendor, &offer["id"], "\"1\"", &change).await;
    assert_eq!((&done.data(200)["version"], done.headers["etag"].to_str().unwrap()), (&json!(2), "\"2\""));
    assert_eq!(catalogue.change(&vendor, &offer["id"], "\"1\"", &change).await.code(412), "version_differs");
    // Goods that leave are a new version: who counted before does not undo it.
    let lines = json!([{"item_type": "material", "item_id": catalogue.id(CEMENT).await, "quantity": "20"}]);
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &lines).await.data(200);
    let _ = catalogue.end(order(1), "commit").await.data(200);
    assert_eq!(catalogue.change(&vendor, &offer["id"], "\"2\"", &change).await.code(412), "version_differs");
    catalogue.finish().await;
}

#[tokio::test]
async fn a_vendor_price_outside_the_band_is_refused_with_both_ends() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let material = catalogue.id(CEMENT).await;
    let body = json!({"material_id": material, "stock_quantity": "10", "vendor_price": "454.26"});
    let refused = catalogue.service.post("/api/v1/inventory", &vendor.token, &body).await;
    assert_eq!(refused.code(422), "price_outside_band");
    assert_eq!(refused.body["error"]["details"]["lowest"], "335.75");
    assert_eq!(refused.body["error"]["details"]["highest"], "454.25");
    let body = json!({"material_id": material, "stock_quantity": "10", "vendor_price": "454.25"});
    let offer = catalogue.service.post("/api/v1/inventory", &vendor.token, &body).await.data(201).clone();
    assert_eq!(
        (&offer["unit_price"], &offer["base_price"], &offer["currency"]),
        (&json!("454.25"), &json!("395.00"), &json!("INR"))
    );
    let back = catalogue.change(&vendor, &offer["id"], "*", &json!({"vendor_price": null})).await;
    assert_eq!((&back.data(200)["vendor_price"], &back.data(200)["unit_price"]), (&json!(null), &json!("395.00")));
    catalogue.finish().await;
}

#[tokio::test]
async fn an_offer_belongs_to_one_vendor() {
    let catalogue = Catalogue::seeded().await;
    let (vendor, other) = (catalogue.vendor().await, catalogue.vendor().await);
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    assert_eq!(catalogue.change(&other, &offer["id"], "1", &json!({"is_available": false})).await.code(404), "not_found");
    let again = json!({"material_id": catalogue.id(CEMENT).await});
    let refused = catalogue.service.post("/api/v1/inventory", &vendor.token, &again).await;
    assert_eq!(refused.code(409), "already_offered");
    assert_eq!(refused.body["error"]["details"]["inventory_id"], offer["id"]);
    let path = format!("/api/v1/inventory/vendor/{}", vendor.vendor_id);
    assert_eq!(catalogue.service.get(&path, &other.token).await.code(403), "forbidden");
    assert_eq!(catalogue.service.get(&path, &catalogue.staff.token).await.data(200).as_array().unwrap().len(), 1);
    let buyer = catalogue.service.people.buyer();
    assert_eq!(catalogue.service.post("/api/v1/inventory", &buyer.token, &again).await.code(403), "forbidden");
    catalogue.finish().await;
}

#[tokio::test]
async fn what_is_kept_for_orders_cannot_be_taken_away() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let lines = json!([{"item_type": "material", "item_id": catalogue.id(CEMENT).await, "quantity": "30"}]);
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &lines).await.data(200);
    let refused = catalogue.change(&vendor, &offer["id"], "1", &json!({"stock_quantity": "29.999"})).await;
    assert_eq!(refused.code(409), "kept_for_orders");
    let done = catalogue.change(&vendor, &offer["id"], "1", &json!({"stock_quantity": "30"})).await;
    assert_eq!(done.data(200)["available_quantity"], "0");
    catalogue.finish().await;
}

#[tokio::test]
async fn running_low_is_told_once_for_each_crossing_and_every_change_of_terms_is_told() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = &offer["id"];
    let _ = catalogue.change(&vendor, id, "1", &json!({"low_stock_threshold": "50"})).await.data(200);
    catalogue.service.said().await;
    for (version, stock) in [("2", "49"), ("3", "40"), ("4", "60"), ("5", "10")] {
        let _ = catalogue.change(&vendor, id, version, &json!({"stock_quantity": stock})).await.data(200);
    }
    let said = catalogue.service.said().await;
    let low: Vec<StockLow> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!(low.iter().map(|low| low.available.to_string()).collect::<Vec<_>>(), ["49", "10"]);
    let changed: Vec<OfferChanged> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!(changed.len(), 4);
    assert_eq!(changed[3].unit_price.to_string(), "395.00");
    catalogue.finish().await;
}

#[tokio::test]
async fn labour_is_offered_by_workers_and_rates() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer_labor(&vendor, MASON, 3).await;
    assert_eq!((&offer["item_type"], &offer["available_workers"]), (&json!("labor"), &json!(3)));
    assert_eq!(offer.get("stock_quantity"), None);
    let stray = catalogue.change(&vendor, &offer["id"], "1", &json!({"stock_quantity": "1"})).await;
    assert_eq!(stray.code(422), "validation_failed");
    let outside = catalogue.change(&vendor, &offer["id"], "1", &json!({"vendor_hourly_rate": "200.00"})).await;
    assert_eq!(outside.code(422), "price_outside_band");
    let done = catalogue.change(&vendor, &offer["id"], "1", &json!({"vendor_hourly_rate": "149.50"})).await;
    assert_eq!(done.data(200)["vendor_hourly_rate"], "149.50");
    catalogue.finish().await;
}
