//! Every operation of every service, called by everybody, against the access table.

mod bodies;
mod cast;
mod expected;
#[path = "../../../shared/surface.rs"]
mod table;

use crate::stage::Stage;
use cast::{Caller, Cast};
use expected::{Expected, expected};
use std::collections::BTreeMap;
use table::{Operation, described, promised};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_in_where_the_access_table_says_so_and_nowhere_else() {
    let cast = Cast::on(Stage::start("fleet-surface", &[]).await).await;
    let described = described();
    let (mut walk, mut missing) = (Walk::default(), Vec::new());
    for operation in promised() {
        if described.contains_key(&operation.key()) {
            walk.over(&cast, &operation).await;
        } else {
            missing.push(operation.name());
        }
    }
    println!("{} operations, {} calls", walk.operations, walk.calls);
    println!("missing from openapi/: {}", if missing.is_empty() { "none".to_owned() } else { missing.join(", ") });
    assert!(walk.disagreements.is_empty(), "{}", walk.table());
}

/// What was seen on the way.
#[derive(Default)]
struct Walk {
    operations: usize,
    calls: usize,
    /// By operation: who got what instead of what.
    disagreements: BTreeMap<String, Vec<String>>,
}

impl Walk {
    /// Those who are refused come first: they change nothing, if the service is right.
    async fn over(&mut self, cast: &Cast, operation: &Operation) {
        self.operations += 1;
        let mut calls: Vec<(&Caller, Expected)> =
            cast.callers.iter().map(|caller| (caller, expected(operation, caller))).collect();
        calls.sort_by_key(|(_, expected)| *expected == Expected::Allowed);
        for (caller, expected) in calls {
            let (status, answer) = cast.call(operation, caller).await;
            self.calls += 1;
            if !expected.agrees(status) {
                let code = answer["error"]["code"].as_str().unwrap_or_default();
                let line = format!("{:<16} expected {:<20} got {status} {code}", caller.name, expected.words());
                self.disagreements.entry(format!("{:<18} {}", operation.service, operation.name())).or_default().push(line);
            }
        }
    }

    fn table(&self) -> String {
        let mut lines = vec![format!("{} operations disagree with openapi/access.tsv:", self.disagreements.len())];
        for (operation, seen) in &self.disagreements {
            lines.push(operation.clone());
            lines.extend(seen.iter().map(|line| format!("    {line}")));
        }
        lines.join("\n")
    }
}
