use serde_json::{Value, json};
use testkit::Person;

use crate::support::{CEMENT, Catalogue, MASON, STEEL};

async fn ask(catalogue: &Catalogue, vendor: &Person, scheme: &str, on: &str, lines: &Value) -> Vec<Value> {
    let body = json!({"vendor_id": vendor.vendor_id, "gst_scheme": scheme, "on": on, "lines": lines});
    let answer = catalogue.service.post("/internal/v1/catalog/validate", &catalogue.order_service, &body).await;
    answer.data(200)["lines"].as_array().unwrap().clone()
}

#[tokio::test]
async fn mixed_lines_are_answered_one_by_one_in_the_order_asked() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    catalogue.offer_labor(&vendor, MASON, 2).await;
    let priced = catalogue.change(&vendor, &offer["id"], "\"1\"", &json!({"vendor_price": "400.00"})).await;
    assert_eq!(priced.status, 200);
    let (cement, mason, steel) = (catalogue.id(CEMENT).await, catalogue.id(MASON).await, catalogue.id(STEEL).await);
    let nothing = uuid::Uuid::from_u128(99);
    let lines = json!([
        {"item_type": "material", "item_id": cement, "quantity": "50"},
        {"item_type": "labor", "item_id": mason, "quantity": "8", "unit": "hour"},
        {"item_type": "labor", "item_id": mason, "quantity": "2", "unit": "day"},
        {"item_type": "labor", "item_id": mason, "quantity": "3.5", "unit": "hour"},
        {"item_type": "material", "item_id": steel, "quantity": "100"},
        {"item_type": "material", "item_id": nothing, "quantity": "1"},
        {"item_type": "material", "item_id": mason, "quantity": "1"},
        {"item_type": "material", "item_id": cement, "quantity": "9"},
        {"item_type": "material", "item_id": cement, "quantity": "10", "unit": "kg"},
    ]);
    // Three lines of labour are more than two workers: with fewer lines the same ones are fine.
    let answers = ask(&catalogue, &vendor, "regular", "2026-11-16", &lines).await;
    let codes: Vec<&str> =
        answers.iter().map(|line| line["code"].as_str().unwrap_or_else(|| line["outcome"].as_str().unwrap())).collect();
    assert_eq!(
        codes,
        [
            "priced",
            "out_of_stock",
            "out_of_stock",
            "below_minimum",
            "item_not_offered",
            "item_not_found",
            "item_not_found",
            "below_minimum",
            "unit_not_offered"
        ]
    );
    let cement = &answers[0];
    assert_eq!((&cement["unit_price"], &cement["unit"]), (&json!("400.00"), &json!("bag")));
    assert_eq!((&cement["tax_code"], &cement["gst_rate"]), (&json!("2523"), &json!("18.00")));
    assert_eq!(cement["inventory_id"], offer["id"]);
    assert_eq!(cement["snapshot"]["specifications"]["grade"], "OPC 53");
    let two = json!([lines[1], lines[2]]);
    let answers = ask(&catalogue, &vendor, "regular", "2026-11-16", &two).await;
    assert_eq!((&answers[0]["unit_price"], &answers[0]["unit"]), (&json!("130.00"), &json!("hour")));
    assert_eq!((&answers[1]["unit_price"], &answers[1]["unit"]), (&json!("1050.00"), &json!("day")));
    assert_eq!(answers[0]["tax_code"], "995456");
    catalogue.finish().await;
}

#[tokio::test]
async fn both_ends_of_a_tax_period_belong_to_it_and_a_day_without_a_rate_is_refused() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    catalogue.offer(&vendor, CEMENT, "100").await;
    let lines = json!([{"item_type": "material", "item_id": catalogue.id(CEMENT).await, "quantity": "10"}]);
    for (day, scheme, expected) in [
        ("2017-06-30", "regular", "no_tax_rate"),
        ("2017-07-01", "regular", "28.00"),
        ("2025-09-21", "regular", "28.00"),
        ("2025-09-22", "regular", "18.00"),
        ("2026-11-16", "regular", "18.00"),
        ("2026-11-16", "composition", "0.00"),
        ("2026-11-16", "unregistered", "0.00"),
    ] {
        let answer = &ask(&catalogue, &vendor, scheme, day, &lines).await[0];
        let got = answer["gst_rate"].as_str().or(answer["code"].as_str());
        assert_eq!(got, Some(expected), "{day} {scheme}");
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn what_the_vendor_took_off_or_sold_out_is_refused() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "15").await;
    let cement = catalogue.id(CEMENT).await;
    let line = json!({"item_type": "material", "item_id": cement, "quantity": "10"});
    let answers = ask(&catalogue, &vendor, "regular", "2026-11-16", &json!([line, line])).await;
    assert_eq!((&answers[0]["code"], &answers[1]["code"]), (&json!("out_of_stock"), &json!("out_of_stock")));
    let _ = catalogue.change(&vendor, &offer["id"], "1", &json!({"is_available": false})).await.data(200);
    let answers = ask(&catalogue, &vendor, "regular", "2026-11-16", &json!([line])).await;
    assert_eq!(answers[0]["code"], "item_unavailable");
    catalogue.finish().await;
}

#[tokio::test]
async fn only_services_ask_and_only_in_the_agreed_shape() {
    let catalogue = Catalogue::seeded().await;
    let body = json!({"vendor_id": catalogue.staff.vendor_id, "gst_scheme": "regular", "on": "2026-11-16", "lines": []});
    let at = "/internal/v1/catalog/validate";
    assert_eq!(catalogue.service.post(at, &catalogue.staff.token, &body).await.code(403), "forbidden");
    assert_eq!(catalogue.service.post(at, &catalogue.order_service, &body).await.code(422), "validation_failed");
    assert_eq!(catalogue.browse(at).await.status, 405);
    catalogue.finish().await;
}
