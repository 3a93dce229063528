//! Time from start to ready, and resident memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use crate::fleet::{Fact, Probe, memory_megabytes};
use crate::process::Running;

/// How exactly readiness is timed.
const STEP: Duration = Duration::from_millis(5);

/// The process of a child, when it runs.
pub(super) fn pid(run: &std::path::Path, name: &str) -> Option<i32> {
    Running::read(&run.join(format!("{name}.pid"))).map(|running| running.pid)
}

/// Milliseconds from the start of a child's process until it was first ready, for each that has a readiness address.
pub(super) async fn time_to_ready(run: PathBuf, facts: Vec<Fact>) -> BTreeMap<String, u128> {
    let watched = facts.into_iter().filter(|fact| fact.ready_url.is_some()).map(|fact| {
        let run = run.clone();
        tokio::spawn(async move { (fact.name.clone(), one(&run, &fact).await) })
    });
    let mut times = BTreeMap::new();
    for task in watched.collect::<Vec<_>>() {
        if let Ok((name, Ok(time))) = task.await {
            times.insert(name, time);
        }
    }
    times
}

async fn one(run: &std::path::Path, fact: &Fact) -> Result<u128> {
    let probe = Probe::new()?;
    while pid(run, &fact.name).is_none() {
        sleep(STEP).await;
    }
    let started = Instant::now();
    while !probe.is_ready(fact).await {
        sleep(STEP).await;
    }
    Ok(started.elapsed().as_millis())
}

/// Resident megabytes by name.
pub(super) fn memory(run: &std::path::Path, names: &[String]) -> BTreeMap<String, u64> {
    names.iter().filter_map(|name| Some((name.clone(), memory_megabytes(pid(run, name)?)?))).collect()
}

/// The table of both.
pub(super) fn print(
    names: &[String],
    ready: &BTreeMap<String, u128>,
    idle: &BTreeMap<String, u64>,
    loaded: &BTreeMap<String, u64>,
) {
    println!("\nTHE PROCESSES");
    println!("{:<20} {:>14} {:>12} {:>14}", "", "start → ready", "idle", "after load");
    let megabytes = |of: &BTreeMap<String, u64>, name: &str| of.get(name).map_or("-".to_owned(), |mb| format!("{mb} MB"));
    for name in names {
        let time = ready.get(name).map_or("-".to_owned(), |time| format!("{time} ms"));
        println!("{name:<20} {time:>14} {:>12} {:>14}", megabytes(idle, name), megabytes(loaded, name));
    }
    println!("(all of them start at the same moment on the same processors)");
}
