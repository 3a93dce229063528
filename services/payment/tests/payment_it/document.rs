//! The document that is checked in.

use payment::PaymentService;

#[test]
fn the_checked_in_document_is_the_one_the_code_makes() {
    let made = service_kit::process::document::<PaymentService>().unwrap();
    let checked_in = std::fs::read_to_string("../../openapi/payment.yaml").unwrap();
    assert!(made == checked_in, "openapi/payment.yaml is old: cargo run -p payment -- openapi > openapi/payment.yaml");
}
