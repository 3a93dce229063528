//! The operator's own commands held against what was played: they have to find nothing.

use anyhow::{Context as _, Result};
use tokio::process::Command;

use super::books::Broken;
use crate::home::Home;

/// Each with the line that it says when all is well beginning so, which is no finding.
const TOOLS: [(&str, &[&str]); 2] =
    [("replay", &["replay", "--all", "--patience", "3"]), ("books check", &["books", "check", "--grace", "0"])];

/// Every line of complaint.
pub(super) async fn complaints(home: &Home) -> Result<Vec<Broken>> {
    let mut found = Vec::new();
    for (name, args) in TOOLS {
        let output = Command::new(std::env::current_exe()?)
            .args(args)
            .env("REALSERV_HOME", &home.state)
            .current_dir(&home.root)
            .output()
            .await
            .with_context(|| format!("{name} cannot be started"))?;
        if output.status.success() {
            continue;
        }
        let said = [output.stdout, output.stderr].concat();
        for line in String::from_utf8_lossy(&said).lines().filter(|line| !line.trim().is_empty()) {
            found.push(Broken { rule: format!("realserv {name} finds nothing"), row: line.to_owned(), how: String::new() });
        }
    }
    Ok(found)
}
