//! Time, identifiers and randomness come in from outside, so that a test can hold them still and a replay can repeat them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::ids::Id;

/// Tells the time. Everything that decides by time takes it from here (house rule 16).
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment in UTC, to the microsecond, as PostgreSQL keeps it.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        let now = Utc::now();
        chrono::SubsecRound::trunc_subsecs(now, 6)
    }
}

/// Makes identifiers.
pub trait IdGen: Send + Sync + fmt::Debug {
    /// A new UUID v7.
    fn uuid(&self) -> Uuid;
}

/// An identifier source handed around.
pub type SharedIds = Arc<dyn IdGen>;

impl dyn IdGen + '_ {
    /// A new identifier of the wanted type.
    #[must_use]
    pub fn next<I: Id>(&self) -> I {
        I::from_uuid(self.uuid())
    }
}

/// UUID v7 from the machine's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdGen for SystemIds {
    fn uuid(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
        Uuid::now_v7()
    }
}

/// A secure source of random bytes.
pub trait Randomness: Send + Sync + fmt::Debug {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);

    /// A uniform number below `bound` (rejection sampling, no modulo bias). `bound` is at least 1.
    fn below(&self, bound: u32) -> u32 {
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let number = u32::from_le_bytes(bytes);
            if number < limit {
                return number % bound;
            }
        }
    }
}

/// A randomness source handed around.
pub type SharedRandom = Arc<dyn Randomness>;
