//! What is promised is described, and nothing else is.

#[path = "../shared/surface.rs"]
mod table;

use std::collections::BTreeMap;
use table::{described, documents, promised};

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

#[test]
fn every_reference_of_a_description_leads_somewhere() {
    for (service, text) in documents() {
        let defined: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != "  schemas:")
            .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
            .map(|line| line.trim().trim_end_matches(':'))
            .collect();
        let unknown: Vec<&str> = text
            .split("#/components/schemas/")
            .skip(1)
            .map(|rest| rest.split(['\'', '"', '\n']).next().unwrap_or_default())
            .filter(|name| !defined.contains(name))
            .collect();
        assert!(unknown.is_empty(), "openapi/{service}.yaml speaks of {unknown:?} and does not say what that is");
    }
}

#[test]
fn every_operation_of_a_description_has_a_name_of_its_own() {
    for (service, text) in documents() {
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("      operationId: ")).collect();
        names.sort_unstable();
        let twice: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert!(twice.is_empty(), "openapi/{service}.yaml calls several operations {twice:?}: no client can be generated");
    }
}
