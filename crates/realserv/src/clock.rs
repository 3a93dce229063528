//! The fleet's clock: the machine's, moved by the seconds in `.realserv/clock`.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, SharedClock, SystemClock};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A clock that follows the offset in a file.
#[derive(Debug)]
pub struct FileClock {
    offset: AtomicI64,
}

impl FileClock {
    /// Follows the file from now on, looking at it ten times a second.
    pub fn follow(file: PathBuf) -> SharedClock {
        let clock = Arc::new(Self { offset: AtomicI64::new(read_offset(&file)) });
        let followed = Arc::clone(&clock);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                followed.offset.store(read_offset(&file), Ordering::Relaxed);
            }
        });
        clock
    }
}

impl Clock for FileClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.offset.load(Ordering::Relaxed))
    }
}

/// The offset in a clock file; a missing or unreadable one means no offset.
pub fn read_offset(file: &Path) -> i64 {
    fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
