//! Rules of the house that no compiler checks: who may depend on whom, and that the events of code, catalogue and
//! checked-in schemas are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The names of our own packages that a manifest's `[dependencies]` list.
fn own_dependencies(manifest: &Path, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some((name, _)) = line.split_once('=') {
            let name = name.trim().trim_end_matches(".workspace").to_owned();
            if ours.contains(&name) {
                found.insert(name);
            }
        }
    }
    found
}

fn packages(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_crate_depends_only_on_those_below_it() {
    let (crates, services) = (packages("crates"), packages("services"));
    let ours: BTreeSet<String> = crates.union(&services).cloned().collect();
    let below: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("domain", &[][..]),
        ("context", &["domain"]),
        ("auth", &["domain", "context"]),
        ("pg-kit", &["domain", "context"]),
        ("bus", &["domain", "context"]),
        ("outbound", &["domain", "context"]),
        ("service-kit", &["domain", "context", "auth", "pg-kit", "bus", "outbound"]),
        ("clients", &["domain", "context", "auth", "outbound"]),
    ]);
    for name in &crates {
        let depends = own_dependencies(&root().join("crates").join(name).join("Cargo.toml"), &ours);
        assert!(depends.is_disjoint(&services) || name == "realserv", "{name} depends on a service: {depends:?}");
        if let Some(allowed) = below.get(name.as_str()) {
            let above: Vec<&String> = depends.iter().filter(|d| !allowed.contains(&d.as_str())).collect();
            assert!(above.is_empty(), "{name} may not depend on {above:?}");
        }
    }
    for name in &services {
        let depends = own_dependencies(&root().join("services").join(name).join("Cargo.toml"), &ours);
        assert!(depends.is_disjoint(&services), "the {name} service depends on another service: {depends:?}");
        for not_in_production in ["sandbox", "testkit", "realserv"] {
            assert!(!depends.contains(not_in_production), "the {name} service depends on {not_in_production}");
        }
    }
}

#[test]
fn code_and_catalogue_know_the_same_events() {
    let catalogue = bus::Catalogue::load().unwrap();
    let listed: BTreeSet<(String, i16)> = catalogue.events.iter().map(|e| (e.r#type.clone(), e.version)).collect();
    let known: BTreeSet<(String, i16)> =
        domain::events::schemas().into_iter().map(|s| (s.r#type.to_owned(), s.version)).collect();
    assert_eq!(listed, known);
}

/// `UPDATE_EVENT_SCHEMAS=1` writes them; without it they are compared.
#[test]
fn the_checked_in_event_schemas_are_those_of_the_code() {
    let folder = root().join("openapi/events");
    let wanted: BTreeMap<String, String> = domain::events::schemas()
        .into_iter()
        .map(|s| (format!("{}.v{}.json", s.r#type, s.version), format!("{:#}\n", s.schema)))
        .collect();
    if std::env::var_os("UPDATE_EVENT_SCHEMAS").is_some() {
        for (name, text) in &wanted {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let there: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    assert_eq!(there.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "run scripts/openapi");
    for (name, text) in wanted {
        assert_eq!(there[&name], text, "openapi/events/{name} differs from the code: run scripts/openapi");
    }
}
