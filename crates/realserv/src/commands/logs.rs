//! `realserv logs`: what the children wrote.

use crate::home::Home;
use anyhow::{Result, bail};
use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};
use tokio::time;

struct Log {
    name: String,
    path: PathBuf,
    seen: u64,
    rest: Vec<u8>,
}

/// Prints the last lines of one log or of all, and goes on when asked to follow.
pub async fn run(home: &Home, name: Option<&str>, follow: bool, lines: usize) -> Result<ExitCode> {
    let folder = home.folder("logs")?;
    let mut logs: Vec<Log> = fs::read_dir(&folder)?
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let own = path.file_name()?.to_str()?.strip_suffix(".log")?.to_owned();
            name.is_none_or(|name| name == own).then_some(Log { name: own, path, seen: 0, rest: Vec::new() })
        })
        .collect();
    logs.sort_by(|one, other| one.name.cmp(&other.name));
    if logs.is_empty() {
        bail!("there is no such log in {}", folder.display());
    }
    let single = logs.len() == 1;
    let width = logs.iter().map(|log| log.name.len()).max().unwrap_or(0);
    let print = |name: &str, line: &str| {
        if single {
            println!("{line}");
        } else {
            println!("{name:<width$} | {line}");
        }
    };
    for log in &mut logs {
        let all = log.new_lines()?;
        for line in &all[all.len().saturating_sub(lines)..] {
            print(&log.name, line);
        }
    }
    loop {
        if !follow {
            return Ok(ExitCode::SUCCESS);
        }
        time::sleep(Duration::from_millis(200)).await;
        for log in &mut logs {
            for line in log.new_lines()? {
                print(&log.name, &line);
            }
        }
    }
}

impl Log {
    fn new_lines(&mut self) -> Result<Vec<String>> {
        let Ok(mut file) = File::open(&self.path) else {
            return Ok(Vec::new());
        };
        if file.metadata()?.len() < self.seen {
            self.seen = 0;
        }
        file.seek(SeekFrom::Start(self.seen))?;
        let read = file.read_to_end(&mut self.rest)?;
        self.seen += u64::try_from(read)?;
        let end = self.rest.iter().rposition(|byte| *byte == b'\n');
        let Some(end) = end else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        Ok(String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect())
    }
}
