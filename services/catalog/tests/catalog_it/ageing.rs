//! Goods that age: first to expire is first to go, and what has expired is not sold.

use chrono::TimeDelta;
use domain::ServiceName;
use domain::events::{StockExpired, StockExpiring, StockLow};
use serde_json::{Value, json};
use testkit::{Answer, Person};

use crate::reservations::cement;
use crate::support::{CEMENT, Catalogue, MASON, STEEL, order};

async fn offer(catalogue: &Catalogue, vendor: &Person, batches: Value) -> Answer {
    let body = json!({"material_id": catalogue.id(CEMENT).await, "batches": batches});
    catalogue.service.post("/api/v1/inventory", &vendor.token, &body).await
}

/// Number, what is there and what is kept of each batch.
async fn batches(catalogue: &Catalogue, vendor: &Person) -> Vec<(String, String, String)> {
    let path = format!("/api/v1/inventory/vendor/{}", vendor.vendor_id);
    let listed = catalogue.service.get(&path, &vendor.token).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |b: &Value| (text(&b["batch_number"]), text(&b["quantity"]), text(&b["reserved_quantity"]));
    listed.data(200)[0]["batches"].as_array().unwrap().iter().map(of).collect()
}

fn batch(number: &str, quantity: &str, reserved: &str) -> (String, String, String) {
    (number.to_owned(), quantity.to_owned(), reserved.to_owned())
}

#[tokio::test]
async fn what_expires_first_is_reserved_first_and_what_has_expired_is_neither_sold_nor_counted() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let id = catalogue.id(CEMENT).await;
    let said = json!([
        {"batch_number": "LATE", "expires_on": "2027-02-01", "quantity": "50"},
        {"batch_number": "SOON", "manufactured_on": "2026-08-20", "expires_on": "2026-11-20", "quantity": "30"},
    ]);
    let bags = offer(&catalogue, &vendor, said).await.data(201).clone();
    assert_eq!((&bags["stock_quantity"], &bags["batches"][0]["batch_number"]), (&json!("80"), &json!("SOON")));
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "40")).await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("SOON", "30", "30"), batch("LATE", "50", "10")]);
    // Fewer bags: the rest of the later batch is free again, not the older one.
    let _ = catalogue.replace(order(1), 2, &cement(id, "35")).await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("SOON", "30", "30"), batch("LATE", "50", "5")]);
    catalogue.service.clock.advance(TimeDelta::days(5));
    let vendor = catalogue.back(&vendor);
    let _ = catalogue.end(order(1), "release").await.data(200);

    // Nobody has taken out yet what is too old; it is not sold all the same.
    let path = format!("/api/v1/inventory/vendor/{}", vendor.vendor_id);
    let listed = catalogue.service.get(&path, &vendor.token).await;
    assert_eq!(listed.data(200)[0]["available_quantity"], "50");
    let refused = catalogue.reserve(order(2), vendor.vendor_id, &cement(id, "50.001")).await;
    assert_eq!((refused.code(409), &refused.body["error"]["details"][0]["available"]), ("out_of_stock", &json!("50")));
    let question = json!({"vendor_id": vendor.vendor_id, "gst_scheme": "regular", "on": "2026-11-21", "lines": cement(id, "51")});
    let token = catalogue.service.service_token(ServiceName::Order);
    let answer = catalogue.service.post("/internal/v1/catalog/validate", &token, &question).await;
    assert_eq!(answer.data(200)["lines"][0]["code"], "out_of_stock");

    catalogue.service.said().await;
    for _ in 0..2 {
        catalogue.sweep().await;
    }
    let said = catalogue.service.said().await;
    let gone: Vec<StockExpired> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!(gone.len(), 1);
    let facts = (gone[0].batch.batch_number.as_str(), gone[0].quantity.to_string(), gone[0].reserved.to_string());
    assert_eq!(facts, ("SOON", "30".to_owned(), "0".to_owned()));
    assert_eq!(catalogue.stock(&bags).await, ("50".to_owned(), "0".to_owned()));
    assert_eq!(batches(&catalogue, &vendor).await, [batch("LATE", "50", "0")]);
    let _ = catalogue.reserve(order(3), vendor.vendor_id, &cement(id, "50")).await.data(200);
    catalogue.finish().await;
}

#[tokio::test]
async fn an_order_that_was_placed_in_time_keeps_its_goods_and_the_rest_of_the_batch_is_taken_out() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let id = catalogue.id(CEMENT).await;
    let said = json!([{"batch_number": "SOON", "expires_on": "2026-11-17", "quantity": "30"}]);
    let bags = offer(&catalogue, &vendor, said).await.data(201).clone();
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.data(200);
    sqlx::query("UPDATE stock_reservations SET expires_at = NULL").execute(&catalogue.service.db.pool).await.unwrap();
    catalogue.service.said().await;
    // Its last day is over at midnight in India, which is half past six in the evening before.
    catalogue.service.clock.advance(TimeDelta::hours(37));
    catalogue.sweep().await;
    assert_eq!(catalogue.stock(&bags).await.0, "30", "it is still the seventeenth there");
    catalogue.service.clock.advance(TimeDelta::hours(1));
    catalogue.sweep().await;
    assert_eq!(catalogue.stock(&bags).await, ("20".to_owned(), "20".to_owned()));
    let said = catalogue.service.said().await;
    let gone: Vec<StockExpired> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!((gone[0].quantity.to_string(), gone[0].reserved.to_string()), ("10".to_owned(), "20".to_owned()));
    assert_eq!(said.iter().filter(|said| said.is::<StockLow>()).count(), 1, "nothing is left to sell");
    let _ = catalogue.end(order(1), "commit").await.data(200);
    assert_eq!(catalogue.stock(&bags).await, ("0".to_owned(), "0".to_owned()));
    catalogue.finish().await;
}

#[tokio::test]
async fn an_order_edited_after_its_goods_expired_keeps_those_it_has_and_gets_no_more_of_them() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let (bags, rods) = (catalogue.id(CEMENT).await, catalogue.id(STEEL).await);
    let said = json!([{"batch_number": "SOON", "expires_on": "2026-11-17", "quantity": "30"}]);
    let _ = offer(&catalogue, &vendor, said).await.data(201);
    catalogue.offer(&vendor, STEEL, "50").await;
    let wanted = |cement: &str, steel: &str| {
        json!([{"item_type": "material", "item_id": bags, "quantity": cement},
               {"item_type": "material", "item_id": rods, "quantity": steel}])
    };
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &wanted("20", "5")).await.data(200);
    sqlx::query("UPDATE stock_reservations SET expires_at = NULL").execute(&catalogue.service.db.pool).await.unwrap();
    catalogue.service.clock.advance(TimeDelta::hours(38));
    let vendor = catalogue.back(&vendor);
    // Another line.
    let _ = catalogue.replace(order(1), 2, &wanted("20", "7")).await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("SOON", "30", "20")]);
    // Fewer of them.
    let _ = catalogue.replace(order(1), 3, &wanted("15", "7")).await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("SOON", "30", "15")]);
    // More of them.
    let refused = catalogue.replace(order(1), 4, &wanted("16", "7")).await;
    assert_eq!(refused.code(409), "out_of_stock");
    let short = json!([{"item_id": bags, "wanted": "16", "available": "15"}]);
    assert_eq!(refused.body["error"]["details"], short);
    // What left is what it kept, batch and all.
    let _ = catalogue.end(order(1), "commit").await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("SOON", "15", "0")]);
    catalogue.finish().await;
}

#[tokio::test]
async fn a_vendor_hears_once_of_goods_that_expire_soon_and_again_only_when_the_date_is_another() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let said = json!([
        {"batch_number": "SOON", "expires_on": "2026-11-30", "quantity": "30"},
        {"batch_number": "LATE", "expires_on": "2026-12-01", "quantity": "30"},
    ]);
    let bags = offer(&catalogue, &vendor, said).await.data(201).clone();
    catalogue.service.said().await;
    let warned = async || -> Vec<String> {
        for _ in 0..2 {
            catalogue.sweep().await;
        }
        let said = catalogue.service.said().await;
        said.iter().filter_map(|said| said.parse::<StockExpiring>().ok()).map(|said| said.batch.batch_number).collect()
    };
    assert_eq!(warned().await, ["SOON"], "the sixteenth and fourteen days more");
    catalogue.service.clock.advance(TimeDelta::days(1));
    let vendor = catalogue.back(&vendor);
    assert_eq!(warned().await, ["LATE"]);
    let moved = json!({"batches": [
        {"batch_number": "SOON", "expires_on": "2026-11-29", "quantity": "30"},
        {"batch_number": "LATE", "expires_on": "2026-12-01", "quantity": "25"},
    ]});
    let _ = catalogue.change(&vendor, &bags["id"], "*", &moved).await.data(200);
    assert_eq!(warned().await, ["SOON"]);
    catalogue.finish().await;
}

#[tokio::test]
async fn batches_are_said_whole_and_what_contradicts_them_is_refused() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let id = catalogue.id(CEMENT).await;
    let one = |number: &str, expires: &str, quantity: &str| json!({"batch_number": number, "expires_on": expires, "quantity": quantity});
    for bad in [
        json!([one("A", "2026-11-15", "5")]),
        json!([one("A", "2026-12-15", "5"), one("A", "2026-12-16", "5")]),
        json!([one("A", "2026-12-15", "0")]),
        json!([one("", "2026-12-15", "5")]),
        json!([one("A", "someday", "5")]),
        json!([{"batch_number": "A", "manufactured_on": "2026-11-17", "expires_on": "2026-12-15", "quantity": "5"}]),
        json!([{"batch_number": "A", "expires_on": "2026-12-15", "quantity": "5", "colour": "grey"}]),
    ] {
        let refused = offer(&catalogue, &vendor, bad.clone()).await;
        assert_eq!(refused.code(422), "validation_failed", "{bad}");
    }
    let made = offer(&catalogue, &vendor, json!([one("A", "2026-12-15", "40"), one("B", "2026-12-31", "60")])).await;
    let bags = made.data(201).clone();
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "15")).await.data(200);
    let change = async |body: Value| catalogue.change(&vendor, &bags["id"], "*", &body).await;
    let short =
        change(json!({"stock_quantity": "99", "batches": [one("A", "2026-12-15", "40"), one("B", "2026-12-31", "60")]})).await;
    assert_eq!(short.code(422), "validation_failed");
    assert_eq!(change(json!({"batches": [one("A", "2026-12-15", "14")]})).await.code(409), "kept_for_orders");
    assert_eq!(change(json!({"batches": [one("B", "2026-12-31", "60")]})).await.code(409), "kept_for_orders");
    // More than the batches: the rest is of no known age. Less: what expires first has left first, but not what is kept.
    assert_eq!(change(json!({"stock_quantity": "130"})).await.data(200)["available_quantity"], "115");
    assert_eq!(change(json!({"stock_quantity": "70"})).await.data(200)["available_quantity"], "55");
    assert_eq!(batches(&catalogue, &vendor).await, [batch("A", "15", "15"), batch("B", "55", "0")]);
    let _ = catalogue.end(order(1), "commit").await.data(200);
    assert_eq!(batches(&catalogue, &vendor).await, [batch("B", "55", "0")]);
    // No batches any more: an offer like any other.
    assert_eq!(change(json!({"batches": [], "stock_quantity": "20"})).await.data(200)["batches"], json!([]));
    let _ = catalogue.reserve(order(2), vendor.vendor_id, &cement(id, "20")).await.data(200);
    let masons = catalogue.offer_labor(&vendor, MASON, 1).await;
    let stray = catalogue.change(&vendor, &masons["id"], "*", &json!({"batches": []})).await;
    assert_eq!(stray.code(422), "validation_failed");
    catalogue.finish().await;
}
