//! How long to wait before the next try.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Doubles from `first` to `longest`, with a third of jitter so that failures do not march in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// No pause is longer, before jitter.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after failure number `attempt`, counted from one.
    pub fn after(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        let plain = self.first.saturating_mul(1_u32 << doublings).min(self.longest);
        plain + jitter(plain / 3)
    }
}

/// Anything from nothing to `most`. Every `RandomState` has keys of its own, which is random enough
/// to spread retries and needs no generator.
fn jitter(most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    if most == 0 {
        return Duration::ZERO;
    }
    Duration::from_millis(RandomState::new().build_hasher().finish() % (most + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_jitter_adds_at_most_a_third() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        for (attempt, plain) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (500, 60)] {
            let pause = backoff.after(attempt);
            let plain = Duration::from_secs(plain);
            assert!(pause >= plain && pause <= plain + plain / 3, "{pause:?}");
        }
    }
}
