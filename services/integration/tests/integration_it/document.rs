//! The checked-in description is the code's.

use integration::IntegrationService;

#[test]
fn the_openapi_document_is_the_one_checked_in() {
    let written = include_str!("../../../../openapi/integration.yaml");
    let current = service_kit::process::document::<IntegrationService>().unwrap();
    assert!(written == current, "run: cargo run -p integration -- openapi > openapi/integration.yaml");
}
