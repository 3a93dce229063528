//! A clock that the local runner can move, so that time-outs and settlements can be seen without waiting.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, SystemClock};

/// The machine's clock, moved by the number of seconds written in a file.
#[derive(Debug)]
pub(crate) struct MovedClock {
    offset_seconds: AtomicI64,
}

const READ_EVERY: Duration = Duration::from_millis(100);

impl MovedClock {
    /// Reads the file now and again ten times a second. A missing file means that the clock is right.
    pub(crate) fn follow(file: PathBuf) -> Arc<Self> {
        let clock = Arc::new(Self { offset_seconds: AtomicI64::new(read(&file)) });
        let follower = Arc::downgrade(&clock);
        tokio::spawn(async move {
            while let Some(clock) = follower.upgrade() {
                clock.offset_seconds.store(read(&file), Ordering::Relaxed);
                drop(clock);
                tokio::time::sleep(READ_EVERY).await;
            }
        });
        clock
    }
}

fn read(file: &PathBuf) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.offset_seconds.load(Ordering::Relaxed))
    }
}
