//! What is promised is described, and nothing else is.

#[path = "../shared/surface.rs"]
mod table;

use std::collections::BTreeMap;
use table::{described, promised};

#[test]
fn every_operation_of_the_access_table_is_described_by_its_service() {
    let described = described();
    let mut missing = Vec::new();
    for operation in promised() {
        match described.get(&operation.key()) {
            Some(service) => assert_eq!(*service, operation.service, "{}", operation.name()),
            None => missing.push(operation.name()),
        }
    }
    assert!(missing.is_empty(), "{} operations are missing from openapi/:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_operation_that_is_described_is_in_the_access_table() {
    let promised: BTreeMap<_, _> = promised().into_iter().map(|operation| (operation.key(), operation)).collect();
    let unnamed: Vec<String> = described()
        .into_keys()
        .filter(|key| !promised.contains_key(key))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    assert!(unnamed.is_empty(), "openapi/access.tsv does not say who may:\n{}", unnamed.join("\n"));
}

#[test]
fn the_access_table_names_each_operation_once_and_speaks_in_known_words() {
    const WORDS: &[&str] = &[
        "anyone",
        "signed-in",
        "registered",
        "buyer",
        "vendor",
        "self",
        "owner",
        "creator",
        "parties",
        "service",
        "signature",
        "verify-token",
        "admin:super_admin",
        "admin:operations",
        "admin:support",
        "admin:finance",
    ];
    let mut seen = BTreeMap::new();
    for operation in promised() {
        for word in &operation.who {
            assert!(WORDS.contains(&word.as_str()), "{}: {word}", operation.name());
        }
        assert!(seen.insert(operation.key(), ()).is_none(), "{} is there twice", operation.name());
    }
}
