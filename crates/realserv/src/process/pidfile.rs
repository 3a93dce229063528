//! Pid files: so that a start after a crash of the runner finds what was left running.
//!
//! A pid alone may by now belong to somebody else, so the file also holds when the process started.

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

/// A process as remembered in its pid file.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Running {
    /// Process id.
    pub pid: i32,
    /// When it started, in the words of the operating system.
    pub started: String,
}

impl Running {
    /// Reads a pid file; none when it is missing or its process is gone.
    pub fn read(file: &Path) -> Option<Self> {
        let running: Self = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
        running.is_alive().then_some(running)
    }

    /// Whether that very process still runs.
    pub fn is_alive(&self) -> bool {
        started(self.pid).is_some_and(|when| when == self.started)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        if let (true, Some(pid)) = (self.is_alive(), Pid::from_raw(self.pid)) {
            let _ = kill_process(pid, signal);
        }
    }

    fn end(&self) {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return;
        };
        for signal in [Signal::INT, Signal::QUIT] {
            self.signal(signal);
            for _ in 0..50 {
                if !self.is_alive() {
                    return;
                }
                thread::sleep(Duration::from_millis(100));
            }
        }
        if self.is_alive() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Writes a pid file for a process that was just started.
pub fn record(run: &Path, name: &str, pid: Pid) -> Result<PathBuf> {
    fs::create_dir_all(run)?;
    let file = run.join(format!("{name}.pid"));
    let pid = pid.as_raw_nonzero().get();
    let running = Running { pid, started: started(pid).unwrap_or_default() };
    fs::write(&file, serde_json::to_string(&running)?).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(file)
}

/// Ends everything the pid files of a folder still point to, and says what that was.
pub fn reap(run: &Path) -> Vec<String> {
    let mut reaped = Vec::new();
    for entry in fs::read_dir(run).into_iter().flatten().flatten() {
        let file = entry.path();
        if file.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        if let Some(running) = Running::read(&file) {
            running.end();
            reaped.push(file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
        let _ = fs::remove_file(file);
    }
    reaped
}

fn started(pid: i32) -> Option<String> {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The name in parentheses may hold blanks; state and start time are fields 3 and 22.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        return (fields.first() != Some(&"Z")).then(|| fields.get(19).map(ToString::to_string)).flatten();
    }
    test_kill_process(Pid::from_raw(pid)?).ok()?;
    let output = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let when = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!when.is_empty()).then_some(when)
}
