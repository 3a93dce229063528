use domain::VendorStatus;
use serde_json::json;

use crate::support::{CEMENT, Catalogue, facts, names};

#[tokio::test]
async fn only_vendors_who_are_active_accepting_and_have_it_are_listed_the_cheapest_first() {
    let catalogue = Catalogue::seeded().await;
    let material = catalogue.id(CEMENT).await;
    let path = format!("/api/v1/materials/{material}/offers");
    let (dear, cheap, unknown, empty) =
        (catalogue.vendor().await, catalogue.vendor().await, catalogue.service.people.vendor(), catalogue.vendor().await);
    catalogue.offer(&dear, CEMENT, "100").await;
    let offer = catalogue.offer(&cheap, CEMENT, "100").await;
    let _ = catalogue.change(&cheap, &offer["id"], "1", &json!({"vendor_price": "380.00"})).await.data(200);
    catalogue.offer(&unknown, CEMENT, "100").await;
    catalogue.offer(&empty, CEMENT, "9").await;
    let sellers = async |query: &str| {
        let answer = catalogue.browse(&format!("{path}{query}")).await;
        let rows = answer.data(200).as_array().unwrap().clone();
        let ids: Vec<String> = rows.iter().map(|row| row["vendor_id"].as_str().unwrap().to_owned()).collect();
        (ids, answer.body["page"]["next_cursor"].clone())
    };
    let both = vec![cheap.vendor_id.to_string(), dear.vendor_id.to_string()];
    assert_eq!(sellers("").await.0, both);
    let (first, cursor) = sellers("?limit=1").await;
    let (second, end) = sellers(&format!("?limit=1&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!(([first, second].concat(), end), (both, json!(null)));
    catalogue.know(&facts(cheap.vendor_id, VendorStatus::Active, false, 2)).await;
    assert_eq!(sellers("").await.0, [dear.vendor_id.to_string()]);
    catalogue.know(&facts(dear.vendor_id, VendorStatus::Suspended, true, 2)).await;
    assert_eq!(sellers("").await.0.len(), 0);
    assert_eq!(catalogue.browse(&format!("/api/v1/materials/vendor/{}", dear.vendor_id)).await.data(200), &json!([]));
    catalogue.finish().await;
}

#[tokio::test]
async fn an_older_fact_never_overwrites_a_newer_one() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.service.people.vendor();
    assert_eq!(catalogue.know(&facts(vendor.vendor_id, VendorStatus::Active, true, 5)).await, bus::Outcome::Done);
    assert_eq!(catalogue.know(&facts(vendor.vendor_id, VendorStatus::Pending, false, 4)).await, bus::Outcome::Stale);
    assert_eq!(catalogue.know(&facts(vendor.vendor_id, VendorStatus::Blocked, false, 5)).await, bus::Outcome::Stale);
    assert_eq!(catalogue.count("vendors WHERE status = 'active' AND revision = 5").await, 1);
    assert_eq!(catalogue.know(&facts(vendor.vendor_id, VendorStatus::Blocked, false, 6)).await, bus::Outcome::Done);
    assert_eq!(catalogue.count("vendors WHERE status = 'blocked'").await, 1);
    catalogue.finish().await;
}

#[tokio::test]
async fn a_vendors_list_shows_the_vendors_own_price_and_stock_flag() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "9").await;
    let _ = catalogue.change(&vendor, &offer["id"], "1", &json!({"vendor_price": "380.00"})).await.data(200);
    catalogue.offer_labor(&vendor, "mason", 1).await;
    let answer = catalogue.browse(&format!("/api/v1/materials/vendor/{}", vendor.vendor_id)).await;
    let row = &answer.data(200)[0];
    assert_eq!((&row["base_price"], &row["vendor"]["unit_price"]), (&json!("395.00"), &json!("380.00")));
    assert_eq!(row["vendor"]["in_stock"], false);
    let answer = catalogue.browse(&format!("/api/v1/labor/vendor/{}", vendor.vendor_id)).await;
    assert_eq!(names(&answer), ["Mason (Mestri)"]);
    assert_eq!(answer.data(200)[0]["vendor"]["in_stock"], true);
    catalogue.finish().await;
}
