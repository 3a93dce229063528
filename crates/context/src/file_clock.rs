//! A clock that the local runner can move, so that time-outs and settlements can be seen without waiting.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, SystemClock};

const READ_EVERY: Duration = Duration::from_millis(100);

/// The machine's clock, moved by the number of seconds written in a file. Never in production.
#[derive(Debug)]
pub struct FileClock {
    offset_seconds: AtomicI64,
}

impl FileClock {
    /// Reads the file now and again ten times a second, for as long as the clock is in use. Without a file the clock is
    /// right; one that is gone or half-written later changes nothing. Must be called inside of a tokio runtime.
    #[must_use]
    pub fn follow(file: PathBuf) -> Arc<Self> {
        let clock = Arc::new(Self { offset_seconds: AtomicI64::new(Self::offset_in(&file)) });
        let follower = Arc::downgrade(&clock);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(READ_EVERY).await;
                let Some(clock) = follower.upgrade() else { return };
                if let Some(seconds) = read(&file) {
                    clock.offset_seconds.store(seconds, Ordering::Relaxed);
                }
            }
        });
        clock
    }

    /// The seconds that a file holds; none when it is not there or holds something else.
    #[must_use]
    pub fn offset_in(file: &Path) -> i64 {
        read(file).unwrap_or(0)
    }
}

/// Blocking, because it is a few bytes of a local file.
fn read(file: &Path) -> Option<i64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

impl Clock for FileClock {
    fn now(&self) -> DateTime<Utc> {
        let machine = SystemClock.now();
        // An offset that leaves the calendar is a slip of the pen, not a reason to fall over.
        let moved = TimeDelta::try_seconds(self.offset_seconds.load(Ordering::Relaxed));
        moved.and_then(|by| machine.checked_add_signed(by)).unwrap_or(machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn until(clock: &FileClock, wanted: i64) {
        for _ in 0..100 {
            if (clock.now() - SystemClock.now()).num_seconds().abs_diff(wanted) <= 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the clock never moved by {wanted} s");
    }

    #[tokio::test]
    async fn the_clock_follows_its_file_and_keeps_its_time_when_the_file_is_torn_or_gone() {
        let file = std::env::temp_dir().join(format!("file-clock-{}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        let clock = FileClock::follow(file.clone());
        until(&clock, 0).await;
        std::fs::write(&file, "7200\n").unwrap();
        until(&clock, 7200).await;
        std::fs::write(&file, "").unwrap();
        tokio::time::sleep(READ_EVERY * 2).await;
        until(&clock, 7200).await;
        std::fs::remove_file(&file).unwrap();
        tokio::time::sleep(READ_EVERY * 2).await;
        until(&clock, 7200).await;
        std::fs::write(&file, "-60").unwrap();
        until(&clock, -60).await;
        std::fs::write(&file, i64::MAX.to_string()).unwrap();
        until(&clock, 0).await;
        std::fs::remove_file(&file).unwrap();
    }
}
