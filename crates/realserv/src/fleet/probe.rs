//! Looks at the running fleet from outside.

use super::{Fact, State};
use crate::{home::Home, net, process::Running};
use anyhow::Result;
use std::{fs, time::Duration};

/// Asks children whether they are ready.
#[derive(Debug, Clone)]
pub struct Probe {
    http: reqwest::Client,
}

impl Probe {
    /// A probe that waits a second.
    pub fn new() -> Result<Self> {
        let settings = outbound::HttpSettings {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_millis(500),
            ..outbound::HttpSettings::default()
        };
        Ok(Self { http: outbound::http_client(settings)? })
    }

    /// Whether one child is ready.
    pub async fn is_ready(&self, fact: &Fact) -> bool {
        match &fact.ready_url {
            Some(url) => match self.http.get(url).send().await {
                Ok(answer) => answer.status().is_success(),
                Err(_) => false,
            },
            None => net::listens_within(fact.port, Duration::from_millis(300)).await,
        }
    }
}

/// Service, port, ready, memory, docs: one line a child.
pub async fn table(home: &Home, state: &State, probe: &Probe) -> (String, bool) {
    let mut rows = vec![["SERVICE", "PORT", "READY", "MEMORY", "DOCS"].map(str::to_owned)];
    let mut all_ready = true;
    for fact in &state.facts {
        let ready = probe.is_ready(fact).await;
        all_ready &= ready;
        let pidfile = home.state.join("run").join(format!("{}.pid", fact.name));
        let memory = Running::read(&pidfile)
            .and_then(|running| memory_megabytes(running.pid))
            .map_or_else(|| "-".to_owned(), |megabytes| format!("{megabytes} MB"));
        rows.push([
            fact.name.clone(),
            fact.port.to_string(),
            if ready { "yes" } else { "NO" }.to_owned(),
            memory,
            fact.docs_url.clone().unwrap_or_default(),
        ]);
    }
    (aligned(&rows), all_ready)
}

/// Resident memory of a process, where the system tells.
pub fn memory_megabytes(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}

fn aligned(rows: &[[String; 5]]) -> String {
    let mut widths = [0; 5];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
