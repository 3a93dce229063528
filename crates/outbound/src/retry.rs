//! Trying again, for calls that are safe to repeat.

use std::{fmt, time::Duration};

use backon::{ExponentialBuilder, Retryable};

use crate::OutboundError;

/// How often and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Tries in all, the first one included.
    pub attempts: usize,
    /// Wait before the second try; doubled from then on, with jitter.
    pub first_wait: Duration,
    /// No wait is longer. A system that asks for more is left alone.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, first_wait: Duration::from_millis(100), longest_wait: Duration::from_secs(2) }
    }
}

/// What [`retry`] wants to know of an error.
pub trait Failure: fmt::Display {
    /// Whether the same call may work later.
    fn is_transient(&self) -> bool;
    /// The wait the other side asked for.
    fn after(&self) -> Option<Duration>;
}

impl Failure for OutboundError {
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }

    fn after(&self) -> Option<Duration> {
        Self::after(self)
    }
}

/// Repeats a call while its failure is transient. Only for calls without an effect, or whose effect
/// is guarded by a key: an [`OutboundError::Unknown`] is repeated as well.
pub async fn retry<T, E, F, Fut>(policy: RetryPolicy, call: F) -> Result<T, E>
where
    E: Failure,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let waits = ExponentialBuilder::default()
        .with_min_delay(policy.first_wait)
        .with_max_delay(policy.longest_wait)
        .with_max_times(policy.attempts.saturating_sub(1))
        .with_jitter();
    call.retry(waits)
        .when(E::is_transient)
        .adjust(move |error: &E, wait| {
            let wait = wait?;
            match error.after() {
                Some(asked) if asked > policy.longest_wait => None,
                Some(asked) => Some(asked.max(wait)),
                None => Some(wait),
            }
        })
        .notify(|error: &E, wait: Duration| {
            tracing::debug!(%error, wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), "trying again");
        })
        .await
}
