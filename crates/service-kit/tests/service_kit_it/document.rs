//! The document that every service writes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Probe;
use service_kit::Service as _;

fn document() -> Value {
    let (_, document) = Probe::router().split_for_parts();
    serde_json::to_value(service_kit::http::docs::complete(Probe::NAME, document)).unwrap()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target.clone());
            }
            fields.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/ErrorEnvelope"));
    let lost: Vec<&String> = found.iter().filter(|target| document.pointer(target.trim_start_matches('#')).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn the_document_tells_how_to_sign_in_how_refusals_look_and_which_words_there_are() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    for scheme in ["firebase", "service"] {
        assert_eq!(schemes[scheme]["scheme"], "bearer", "{schemes}");
    }
    let schemas = &document["components"]["schemas"];
    for name in ["ErrorEnvelope", "ErrorBody", "FieldError", "Parcel"] {
        assert!(schemas[name].is_object(), "{name} is not described");
    }
    let words: Vec<&str> = schemas["DeliveryStatus"]["enum"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(words, ["pending", "assigned", "in_transit", "delivered", "failed"]);
    assert_eq!(schemas["Money"]["type"], "string", "money is a decimal string: {}", schemas["Money"]);
    assert_eq!(schemas["Parcel"]["additionalProperties"], false, "unknown fields are refused, and the document says so");
    let refusal = &document["paths"]["/api/v1/parcels"]["post"]["responses"]["413"]["content"]["application/json"]["schema"];
    assert_eq!(refusal["$ref"], "#/components/schemas/ErrorEnvelope");
    let text = service_kit::process::document::<Probe>().unwrap();
    assert!(text.starts_with("openapi: 3.1") && text.contains("in_transit"));
}
