//! A short run of `realserv soak`; `make soak` is the long one.

use crate::stage::{free_ports, home, programs, realserv};
use std::{fs, thread::sleep, time::Duration};

/// Seeds that are played at every `make test`; the long run draws its own.
const SEED: &str = "20261120";

#[test]
fn random_orders_end_as_the_model_says_and_every_corrupted_row_is_named() {
    // The batches 1 and 2 of this seed have a service killed, messages that fail and a clock that jumps.
    let said = soak(&["--from", "1", "--batches", "2", "--sequences", "16", "--between", "2", "--spoil"]);
    assert!(said.contains(", 0 findings in"), "{said}");
    assert!(said.matches("  named: ").count() >= 8, "{said}");
}

#[test]
fn sixty_four_clients_at_the_same_orders_leave_the_books_in_order() {
    let said = soak(&["--storm", "--minutes", "0.08"]);
    assert!(said.contains("of 64 clients, 0 findings"), "{said}");
}

fn soak(more: &[&str]) -> String {
    programs();
    let home = home("fleet-soak");
    let base = free_ports().gateway.to_string();
    let mut command = realserv(&home);
    command.args(["soak", "--no-build", "--port-base", &base, "--seed", SEED]).args(more);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    let logs = home.state.join("soak/logs");
    assert!(output.status.success(), "{said}\n{complained}\nThe logs are in {}", logs.display());
    // Postgres may take a moment more to leave its folder.
    sleep(Duration::from_millis(200));
    let _ = fs::remove_dir_all(&home.state);
    said
}
