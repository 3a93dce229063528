//! The checked-in description is what the code says.

use order::OrderService;

#[test]
fn the_document_that_is_checked_in_is_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/order.yaml");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let document = service_kit::process::document::<OrderService>().unwrap();
    assert!(checked_in == document, "run: cargo run -q -p order -- openapi > openapi/order.yaml");
}
