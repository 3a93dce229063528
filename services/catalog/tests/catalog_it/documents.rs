use catalog::CatalogService;

#[test]
fn the_checked_in_document_is_what_the_code_says() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/catalog.yaml");
    let checked_in = std::fs::read_to_string(file).unwrap_or_default();
    let code = service_kit::process::document::<CatalogService>().unwrap();
    assert!(checked_in == code, "make it anew: cargo run -q -p catalog -- openapi > openapi/catalog.yaml");
}
