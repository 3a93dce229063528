//! The sandbox's time: the machine's, moved by an offset that a file holds.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time everything here goes by.
#[derive(Default)]
pub(crate) struct Clock {
    offset_seconds: AtomicI64,
}

impl Clock {
    /// The sandbox's present.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
        let machine = Utc::now();
        machine + TimeDelta::seconds(self.offset_seconds.load(Ordering::Relaxed))
    }

    /// Unix seconds of now.
    pub(crate) fn unix(&self) -> i64 {
        self.now().timestamp()
    }

    /// Takes the offset from the file; a missing or half-written file changes nothing.
    pub(crate) async fn reread(&self, file: &Path) {
        if let Ok(text) = tokio::fs::read_to_string(file).await
            && let Ok(seconds) = text.trim().parse()
        {
            self.offset_seconds.store(seconds, Ordering::Relaxed);
        }
    }
}
