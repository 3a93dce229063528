//! The document that is checked in.

use user::UserService;

#[test]
fn the_checked_in_document_is_the_one_the_code_makes() {
    let made = service_kit::process::document::<UserService>().unwrap();
    let checked_in = std::fs::read_to_string("../../openapi/user.yaml").unwrap();
    assert!(made == checked_in, "openapi/user.yaml is old: cargo run -p user -- openapi > openapi/user.yaml");
}
