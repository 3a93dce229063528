//! Processor time and memory of processes, as the kernel counts them.

use std::collections::BTreeMap;
use std::fs;

/// Processor milliseconds used so far by a process; nothing when it is gone.
pub(super) fn of_process(pid: i32) -> f64 {
    let Some(fields) = stat(pid) else { return 0.0 };
    // After the name: state is field 3, so utime (14) and stime (15) are at 11 and 12.
    let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
    // The kernel's unit for this file is a hundredth of a second everywhere.
    ticks as f64 * 10.0
}

/// Processor milliseconds used so far by a process and its children, dead ones included.
pub(super) fn of_family(parent: i32) -> f64 {
    let waited_for: f64 = stat(parent).map_or(0.0, |fields| {
        [13, 14].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum::<u64>() as f64 * 10.0
    });
    waited_for + of_process(parent) + children(parent).into_iter().map(of_process).sum::<f64>()
}

fn children(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| stat(*pid).and_then(|fields| fields.get(1)?.parse::<i32>().ok()) == Some(parent))
        .collect()
}

/// The fields of `/proc/<pid>/stat` after the name, which may itself hold blanks.
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Processor time of several processes at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading(BTreeMap<String, f64>);

impl Reading {
    pub(super) fn add(&mut self, name: &str, milliseconds: f64) {
        self.0.insert(name.to_owned(), milliseconds);
    }

    /// What was used since `before`, by name.
    pub(super) fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        self.0.iter().map(|(name, now)| (name.clone(), now - before.0.get(name).copied().unwrap_or(0.0))).collect()
    }
}
