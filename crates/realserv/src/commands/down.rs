//! `realserv down`: stops the fleet wherever it was started.

use crate::{
    fleet::{State, runner},
    home::Home,
    process,
};
use anyhow::{Result, bail};
use rustix::process::Signal;
use std::{fs, path::Path, process::ExitCode, time::Duration};
use tokio::time;

/// What `--wipe` removes. The virtual environment and the test clusters hold nothing of anybody.
const DATA: [&str; 8] = ["pg", "aws", "logs", "run", "clock", "secrets.json", "sandbox.json", "fleet.json"];

/// Stops it and, when asked, removes its data.
pub async fn run(home: &Home, wipe: bool) -> Result<ExitCode> {
    match runner(home) {
        Some(running) => {
            running.signal(Signal::TERM);
            let mut waited = 0;
            while running.is_alive() {
                time::sleep(Duration::from_millis(100)).await;
                waited += 1;
                if waited == 20 {
                    println!("waiting for work in hand to finish");
                }
                if waited > 600 {
                    bail!("the runner (process {}) does not stop", running.pid);
                }
            }
            println!("stopped");
        }
        None => println!("nothing runs"),
    }
    let left = process::reap(&home.folder("run")?);
    if !left.is_empty() {
        println!("stopped what was left behind: {}", left.join(", "));
    }
    State::remove(home);
    if wipe {
        for name in DATA {
            remove(&home.state.join(name))?;
        }
        println!("data removed");
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(path: &Path) -> Result<()> {
    let Ok(kind) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if kind.is_symlink() {
        let target = fs::read_link(path)?;
        fs::remove_file(path)?;
        return remove(&target);
    }
    if kind.is_dir() {
        fs::remove_dir_all(path)?;
    } else {
        fs::remove_file(path)?;
    }
    Ok(())
}
