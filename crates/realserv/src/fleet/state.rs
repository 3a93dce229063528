//! What other commands read about the running fleet: `.realserv/fleet.json`.

use super::Ports;
use crate::{home::Home, process::Running};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};

/// How far the fleet has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// On its way.
    Starting,
    /// All ready.
    Ready,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fact {
    /// Name of the child.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Where its readiness is asked; none to look whether the port is open.
    pub ready_url: Option<String>,
    /// Where its description is.
    pub docs_url: Option<String>,
}

/// The running fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// How far it is.
    pub phase: Phase,
    /// Its ports.
    pub ports: Ports,
    /// Its children.
    pub facts: Vec<Fact>,
}

impl State {
    /// Of the fleet that runs; none when there is none.
    pub fn read(home: &Home) -> Option<Self> {
        runner(home)?;
        serde_json::from_str(&fs::read_to_string(file(home)).ok()?).ok()
    }

    /// Writes it for others to read.
    pub fn write(&self, home: &Home) -> Result<()> {
        let fresh = home.state.join("fleet.json.new");
        fs::write(&fresh, serde_json::to_string_pretty(self)?)?;
        fs::rename(fresh, file(home))?;
        Ok(())
    }

    /// Takes it away at the end.
    pub fn remove(home: &Home) {
        let _ = fs::remove_file(file(home));
    }
}

/// The process that holds the fleet, when one does.
pub fn runner(home: &Home) -> Option<Running> {
    Running::read(&home.state.join("realserv.pid"))
}

fn file(home: &Home) -> PathBuf {
    home.state.join("fleet.json")
}
