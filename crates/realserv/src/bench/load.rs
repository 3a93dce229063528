//! Closed-loop load: so many users, each asking again as soon as it was answered.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What a while of load came to.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) users: usize,
    pub(super) took: Duration,
    pub(super) errors: usize,
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

    /// Milliseconds below which so many percent of the good answers came.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let index = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Lets `users` ask for `time`. `ask` gets the number of the user and of its question, and says whether the answer was good.
pub(super) async fn run<F, Fut>(users: usize, time: Duration, ask: F) -> Measured
where
    F: Fn(usize, usize) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = bool> + Send,
{
    let ask = Arc::new(ask);
    let begun = Instant::now();
    let until = begun + time;
    let mut crowd = JoinSet::new();
    for user in 0..users {
        let ask = Arc::clone(&ask);
        crowd.spawn(async move {
            let (mut good, mut errors) = (Vec::new(), 0_usize);
            let mut question = 0;
            while Instant::now() < until {
                let asked = Instant::now();
                if ask(user, question).await {
                    good.push(asked.elapsed());
                } else {
                    errors += 1;
                }
                question += 1;
            }
            (good, errors)
        });
    }
    let (mut latencies, mut errors) = (Vec::new(), 0);
    while let Some(ended) = crowd.join_next().await {
        if let Ok((good, failed)) = ended {
            latencies.extend(good);
            errors += failed;
        }
    }
    latencies.sort_unstable();
    Measured { users, took: begun.elapsed(), errors, latencies }
}
