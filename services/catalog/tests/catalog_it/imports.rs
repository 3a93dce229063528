use serde_json::json;
use testkit::Person;

use crate::support::Catalogue;

pub(crate) async fn import(catalogue: &Catalogue, vendor: &Person, file: &str) -> (u16, serde_json::Value) {
    let http = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    let response = http
        .post(format!("{}/api/v1/inventory/import", catalogue.service.base_url))
        .bearer_auth(&vendor.token)
        .header("content-type", "text/csv")
        .body(file.to_owned())
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_good_file_is_taken_in_whole_and_again_changes_what_it_names() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let file = "\u{feff}sku,stock_quantity,vendor_price,is_available\nCEM-ULT-OPC53,200,400.00,yes\nTMT-VIZ-12, 5000 ,,\n";
    let (status, body) = import(&catalogue, &vendor, file).await;
    assert_eq!((status, &body["data"]), (200, &json!({"created": 2, "updated": 0})));
    let (status, body) = import(&catalogue, &vendor, "sku,stock_quantity\nCEM-ULT-OPC53,150\n").await;
    assert_eq!((status, &body["data"]), (200, &json!({"created": 0, "updated": 1})));
    let path = format!("/api/v1/inventory/vendor/{}", vendor.vendor_id);
    let rows = catalogue.service.get(&path, &vendor.token).await.data(200).clone();
    let cement = rows.as_array().unwrap().iter().find(|row| row["name"].as_str().unwrap().contains("UltraTech")).unwrap();
    assert_eq!((&cement["stock_quantity"], &cement["vendor_price"]), (&json!("150"), &json!(null)));
    catalogue.finish().await;
}

#[tokio::test]
async fn a_file_with_bad_rows_changes_nothing_and_each_is_named() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let file = "sku,stock_quantity,vendor_price\nCEM-ULT-OPC53,200,\nNO-SUCH,1,\nTMT-VIZ-12,many,\n\
                SND-RIVER,5,1.00\nCEM-ULT-OPC53,1,\nshort\n";
    let (status, body) = import(&catalogue, &vendor, file).await;
    assert_eq!((status, body["error"]["code"].as_str().unwrap()), (422, "import_refused"));
    let lines: Vec<u64> = body["error"]["details"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
    assert_eq!(catalogue.count("vendor_inventory").await, 0);
    let (status, _) = import(&catalogue, &vendor, "sku,colour\nx,red\n").await;
    assert_eq!(status, 422);
    catalogue.finish().await;
}
