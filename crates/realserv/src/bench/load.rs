//! Closed-loop load: so many users, each asking again as soon as it was answered.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What a while of load came to.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) users: usize,
    pub(super) took: Duration,
    /// What went wrong, and how often.
    pub(super) errors: BTreeMap<String, usize>,
    /// Of the good answers, ascending.
    latencies: Vec<Duration>,
}

impl Measured {
    pub(super) fn answers(&self) -> usize {
        self.latencies.len()
    }

    pub(super) fn per_second(&self) -> f64 {
        self.answers() as f64 / self.took.as_secs_f64()
    }

    pub(super) fn error_count(&self) -> usize {
        self.errors.values().sum()
    }

    /// Milliseconds below which so many percent of the good answers came.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let index = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Lets `users` ask for `time`. `ask` gets the number of the user and of its question, and says what was wrong with the
/// answer if anything was.
pub(super) async fn run<F, Fut>(users: usize, time: Duration, ask: F) -> Measured
where
    F: Fn(usize, usize) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), String>> + Send,
{
    let ask = Arc::new(ask);
    let begun = Instant::now();
    let until = begun + time;
    let mut crowd = JoinSet::new();
    for user in 0..users {
        let ask = Arc::clone(&ask);
        crowd.spawn(async move {
            let (mut good, mut errors) = (Vec::new(), BTreeMap::<String, usize>::new());
            let mut question = 0;
            while Instant::now() < until {
                let asked = Instant::now();
                match ask(user, question).await {
                    Ok(()) => good.push(asked.elapsed()),
                    Err(what) => *errors.entry(what).or_default() += 1,
                }
                question += 1;
            }
            (good, errors)
        });
    }
    let (mut latencies, mut errors) = (Vec::new(), BTreeMap::new());
    while let Some(ended) = crowd.join_next().await {
        let Ok((good, failed)) = ended else { continue };
        latencies.extend(good);
        for (what, times) in failed {
            *errors.entry(what).or_default() += times;
        }
    }
    latencies.sort_unstable();
    Measured { users, took: begun.elapsed(), errors, latencies }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(milliseconds: impl Iterator<Item = u64>) -> Measured {
        let latencies = milliseconds.map(Duration::from_millis).collect();
        Measured { users: 1, took: Duration::from_secs(2), errors: BTreeMap::new(), latencies }
    }

    #[test]
    fn percentiles_are_taken_from_the_good_answers() {
        let hundred = measured(1..=100);
        assert!((hundred.percentile(50) - 51.0).abs() < 1e-9);
        assert!((hundred.percentile(99) - 100.0).abs() < 1e-9);
        assert!((hundred.per_second() - 50.0).abs() < 1e-9);
        assert!(measured(std::iter::empty()).percentile(99).is_nan());
    }
}
