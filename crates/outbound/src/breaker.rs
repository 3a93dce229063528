//! A circuit breaker: a system that is down is not asked again at once.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::OutboundError;

/// When to stop asking, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row that open the circuit.
    pub failures: u32,
    /// How long nobody asks, before one call may try.
    pub rest: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 8, rest: Duration::from_secs(5) }
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is out to see whether the system is back; it has until then to say so.
    Probing {
        until: Instant,
    },
}

type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The breaker of one system. Clones share their state.
#[derive(Clone)]
pub struct Breaker {
    name: &'static str,
    settings: BreakerSettings,
    state: Arc<Mutex<State>>,
    now: Now,
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("name", &self.name).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Breaker {
    /// A closed breaker on the machine's monotonic clock.
    pub fn new(name: &'static str, settings: BreakerSettings) -> Self {
        Self::with_clock(name, settings, Instant::now)
    }

    /// A closed breaker on a clock of the caller's.
    pub fn with_clock(name: &'static str, settings: BreakerSettings, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { name, settings, state: Arc::new(Mutex::new(State::Closed { failures: 0 })), now: Arc::new(now) }
    }

    /// Leave to make one call, or the wait until there is one.
    pub fn permit(&self) -> Result<Permit, OutboundError> {
        let now = (self.now)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Closed { .. } => {}
            State::Open { until } | State::Probing { until } if now < until => {
                return Err(OutboundError::Retry {
                    reason: format!("{} is resting after failures", self.name),
                    after: Some(until - now),
                });
            }
            State::Open { .. } | State::Probing { .. } => {
                *state = State::Probing { until: now + self.settings.rest };
            }
        }
        Ok(Permit { breaker: self.clone() })
    }

    /// Makes one call under the breaker: transient failures count, refusals do not.
    pub async fn run<T>(&self, call: impl Future<Output = Result<T, OutboundError>>) -> Result<T, OutboundError> {
        let permit = self.permit()?;
        let result = call.await;
        match &result {
            Err(error) if error.is_transient() => permit.failed(),
            _ => permit.worked(),
        }
        result
    }

    fn note(&self, worked: bool) {
        let now = (self.now)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match (*state, worked) {
            (State::Open { until }, false) => State::Open { until },
            (_, true) => State::Closed { failures: 0 },
            (State::Closed { failures }, false) if failures + 1 < self.settings.failures => {
                State::Closed { failures: failures + 1 }
            }
            (State::Closed { .. } | State::Probing { .. }, false) => {
                tracing::warn!(system = self.name, "an outside system keeps failing; it is left alone for a while");
                State::Open { until: now + self.settings.rest }
            }
        };
    }
}

/// Leave to make one call. One that is dropped without a word (a cancelled call) counts as nothing.
#[derive(Debug)]
#[must_use = "say how the call went"]
pub struct Permit {
    breaker: Breaker,
}

impl Permit {
    /// The system answered.
    pub fn worked(self) {
        self.breaker.note(true);
    }

    /// The system did not answer, or failed.
    pub fn failed(self) {
        self.breaker.note(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker_and_hand() -> (Breaker, Arc<Mutex<Instant>>) {
        let hand = Arc::new(Mutex::new(Instant::now()));
        let clock = Arc::clone(&hand);
        let settings = BreakerSettings { failures: 2, rest: Duration::from_secs(10) };
        let breaker = Breaker::with_clock("test", settings, move || *clock.lock().unwrap());
        (breaker, hand)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_says_how_long_to_wait() {
        let (breaker, _hand) = breaker_and_hand();
        breaker.permit().unwrap().failed();
        breaker.permit().unwrap().failed();
        let refused = breaker.permit().unwrap_err();
        assert_eq!(refused.after(), Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let (breaker, _hand) = breaker_and_hand();
        breaker.permit().unwrap().failed();
        breaker.permit().unwrap().worked();
        breaker.permit().unwrap().failed();
        assert!(breaker.permit().is_ok());
    }

    #[test]
    fn after_the_rest_one_call_tries_and_closes_it_again() {
        let (breaker, hand) = breaker_and_hand();
        breaker.permit().unwrap().failed();
        breaker.permit().unwrap().failed();
        *hand.lock().unwrap() += Duration::from_secs(11);
        let probe = breaker.permit().unwrap();
        assert!(breaker.permit().is_err(), "only one probe at a time");
        probe.worked();
        assert!(breaker.permit().is_ok());
    }

    #[test]
    fn a_failed_probe_opens_it_again_and_a_lost_one_frees_its_place() {
        let (breaker, hand) = breaker_and_hand();
        breaker.permit().unwrap().failed();
        breaker.permit().unwrap().failed();
        *hand.lock().unwrap() += Duration::from_secs(11);
        breaker.permit().unwrap().failed();
        assert!(breaker.permit().is_err());
        *hand.lock().unwrap() += Duration::from_secs(11);
        drop(breaker.permit().unwrap());
        *hand.lock().unwrap() += Duration::from_secs(11);
        assert!(breaker.permit().is_ok());
    }
}
