//! The document that is checked in.

use notification::NotificationService;

#[test]
fn the_checked_in_document_is_the_one_the_code_makes() {
    let made = service_kit::process::document::<NotificationService>().unwrap();
    let checked_in = std::fs::read_to_string("../../openapi/notification.yaml").unwrap();
    assert!(
        made == checked_in,
        "openapi/notification.yaml is old: cargo run -p notification -- openapi > openapi/notification.yaml"
    );
}
