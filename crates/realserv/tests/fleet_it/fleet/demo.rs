//! The demo, as `make demo` runs it.

use crate::stage::{free_ports, home, programs, realserv};
use std::{fs, thread::sleep, time::Duration};

#[test]
fn the_demo_agrees_to_the_paisa() {
    play(&[]);
}

#[test]
fn the_demo_agrees_while_each_service_is_killed() {
    play(&["--kill", "each"]);
}

fn play(more: &[&str]) {
    programs();
    let home = home("fleet-demo");
    let base = free_ports().gateway.to_string();
    let output = realserv(&home).args(["demo", "--no-build", "--port-base", &base]).args(more).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    let logs = home.state.join("demo/logs");
    assert!(output.status.success(), "{said}\n{complained}\nThe logs are in {}", logs.display());
    assert!(said.contains("all agree"), "{said}");
    // Postgres may take a moment more to leave its folder.
    sleep(Duration::from_millis(200));
    let _ = fs::remove_dir_all(&home.state);
}
