//! `realserv status`: the running fleet in one table.

use crate::{
    fleet::{Probe, State, table},
    home::Home,
};
use anyhow::Result;
use context::FileClock;
use std::process::ExitCode;

/// Prints the table; fails when something is not ready.
pub async fn run(home: &Home) -> Result<ExitCode> {
    let Some(state) = State::read(home) else {
        println!("nothing runs; `realserv up` starts the fleet");
        return Ok(ExitCode::FAILURE);
    };
    let (text, all_ready) = table(home, &state, &Probe::new()?).await;
    print!("{text}");
    let offset = FileClock::offset_in(&home.state.join("clock"));
    if offset != 0 {
        println!("\nclock moved by {}", super::clock::describe(offset));
    }
    Ok(if all_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
