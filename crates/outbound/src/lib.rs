//! Calls to the outside: one HTTP client builder, typed errors, safe retries, a circuit breaker.
//!
//! Every adapter of an outside system holds a [`Remote`]: its name, its time-out and its breaker over
//! the shared connection pool. What went wrong is told in three words that decide what happens next:
//! nothing was done and it may be tried again ([`OutboundError::Retry`]), nobody knows whether it was
//! done ([`OutboundError::Unknown`]), or the other side will never take it ([`OutboundError::Reject`]).

mod breaker;
mod client;
mod context_headers;
mod error;
mod remote;
mod reply;
mod retry;
mod settings;
mod text;

pub use breaker::{Breaker, BreakerSettings, Permit};
pub use client::{BuildError, HttpSettings, http_client};
pub use context_headers::with_context;
pub use error::{OutboundError, transport_error};
pub use remote::Remote;
pub use reply::{Reply, retry_after};
pub use retry::{Failure, RetryPolicy, retry};
pub use settings::{join, optional, seconds};
pub use text::strip_nul;
