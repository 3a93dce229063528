//! Ports of this machine.

use anyhow::{Context as _, Result};
use std::{net::TcpListener, path::Path, time::Duration};
use tokio::{net::TcpStream, time};

/// A port nobody listens on at this moment.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Whether somebody already listens on the port.
pub fn is_taken(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_err()
}

/// Waits until something accepts connections on the port; false when the time is over.
pub async fn listens_within(port: u16, patience: Duration) -> bool {
    time::timeout(patience, async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .is_ok()
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
