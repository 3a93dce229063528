//! Processor time and memory of processes, as the kernel counts them.

use std::collections::BTreeMap;
use std::fs;

/// Processor milliseconds used so far by a process; nothing when it is gone.
fn of_process(pid: i32) -> f64 {
    // After the name: state is field 3, so utime (14) and stime (15) are at 11 and 12.
    ticks(pid, [11, 12])
}

/// Processor milliseconds used so far by a process and its children, dead ones included.
fn of_family(parent: i32) -> f64 {
    let waited_for = ticks(parent, [13, 14]);
    waited_for + of_process(parent) + children(parent).into_iter().map(of_process).sum::<f64>()
}

/// The kernel's unit in these fields is a hundredth of a second everywhere.
fn ticks(pid: i32, fields: [usize; 2]) -> f64 {
    let Some(all) = stat(pid) else { return 0.0 };
    fields.iter().filter_map(|&at| all.get(at)?.parse::<u32>().ok()).map(f64::from).sum::<f64>() * 10.0
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

/// Processor milliseconds in which anything at all ran on this machine.
pub(super) fn of_everybody() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut fields =
        text.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|field| field.parse::<f64>().ok());
    // user, nice, system; then idle and iowait, which are none; then irq, softirq and steal.
    let working: f64 = fields.by_ref().take(3).sum();
    (working + fields.skip(2).take(3).sum::<f64>()) * 10.0
}

/// The processes to be watched: their names, and whether their children count as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched(BTreeMap<String, (i32, bool)>);

impl Watched {
    pub(super) fn add(&mut self, name: &str, pid: i32) {
        self.0.insert(name.to_owned(), (pid, false));
    }

    pub(super) fn add_family(&mut self, name: &str, pid: i32) {
        self.0.insert(name.to_owned(), (pid, true));
    }

    /// What they have used up to now.
    pub(super) fn read(&self) -> Reading {
        let used = |&(pid, family): &(i32, bool)| if family { of_family(pid) } else { of_process(pid) };
        Reading(self.0.iter().map(|(name, process)| (name.clone(), used(process))).collect())
    }
}

/// Processor time of several processes at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading(BTreeMap<String, f64>);

impl Reading {
    /// What was used since `before`, by name.
    pub(super) fn since(&self, before: &Self) -> Used {
        Used(self.0.iter().map(|(name, now)| (name.clone(), now - before.0.get(name).copied().unwrap_or(0.0))).collect())
    }
}

/// Processor milliseconds by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Used(pub(super) BTreeMap<String, f64>);

impl Used {
    pub(super) fn sum(&self) -> f64 {
        self.0.values().sum()
    }

    /// Of those whose name fits.
    pub(super) fn of(&self, fits: impl Fn(&str) -> bool) -> f64 {
        self.0.iter().filter(|(name, _)| fits(name)).map(|(_, used)| used).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_is_seen_working() {
        let mut watched = Watched::default();
        watched.add("self", i32::try_from(std::process::id()).unwrap());
        let before = watched.read();
        let mut sum = 0_u64;
        let begun = std::time::Instant::now();
        while begun.elapsed().as_millis() < 200 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        assert!(watched.read().since(&before).of(|name| name == "self") >= 20.0);
    }
}
