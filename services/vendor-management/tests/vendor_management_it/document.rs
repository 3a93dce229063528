//! The checked-in description is what the code says.

use vendor_management::VendorManagementService;

#[test]
fn the_document_that_is_checked_in_is_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/vendor-management.yaml");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let document = service_kit::process::document::<VendorManagementService>().unwrap();
    assert!(checked_in == document, "run: cargo run -q -p vendor-management -- openapi > openapi/vendor-management.yaml");
}
