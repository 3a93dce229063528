//! Time that stands still until told otherwise, and ids that come again in the same order.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, IdGen, SharedClock};
use uuid::Uuid;

/// A clock that a test moves.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// Stands at this moment, given as RFC 3339.
    ///
    /// # Panics
    /// When the text is no time.
    #[must_use]
    #[expect(clippy::expect_used, reason = "test code")]
    pub fn at(moment: &str) -> Arc<Self> {
        let moment = DateTime::parse_from_rfc3339(moment).expect("an RFC 3339 time");
        Arc::new(Self(Mutex::new(moment.to_utc())))
    }

    /// Stands at ten in the morning of an Indian working day.
    #[must_use]
    pub fn start() -> Arc<Self> {
        Self::at("2026-11-16T04:30:00Z")
    }

    /// Moves it.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Sets it.
    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// As what code wants.
    #[must_use]
    pub fn shared(self: &Arc<Self>) -> SharedClock {
        Arc::<Self>::clone(self)
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// UUID v7 with counted instead of random bits: a test with the same seed sees the same ids.
#[derive(Debug)]
pub struct TestIds {
    seed: u64,
    milliseconds: AtomicI64,
    count: AtomicU64,
}

impl TestIds {
    /// The ids of this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Arc<Self> {
        Arc::new(Self { seed, milliseconds: AtomicI64::new(1_794_803_400_000), count: AtomicU64::new(0) })
    }
}

impl IdGen for TestIds {
    fn uuid(&self) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let time = self.milliseconds.fetch_add(1, Ordering::Relaxed).unsigned_abs();
        let high = (time << 16) | 0x7000 | (self.seed & 0x0fff);
        let low = (0b10 << 62) | ((self.seed & 0xffff) << 40) | (count & 0xff_ffff_ffff);
        Uuid::from_u64_pair(high, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_seed_are_sorted_and_of_version_seven() {
        let ids = TestIds::seeded(7);
        let (first, second) = (ids.uuid(), ids.uuid());
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(TestIds::seeded(7).uuid(), first);
    }
}
