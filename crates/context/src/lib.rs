//! What travels with every piece of work, from the first request through calls, events and jobs: the correlation id,
//! the W3C trace context and the event that caused it.
//!
//! It is task-local, so that a use case need not hand it on; whoever spawns a task wraps it in [`scope`].

mod file_clock;

use std::future::Future;

use domain::{CorrelationId, EventId};
use uuid::Uuid;

pub use file_clock::FileClock;

/// The header that carries the correlation id over HTTP.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// The W3C trace context header.
pub const TRACEPARENT_HEADER: &str = "traceparent";
/// The header that says through which channel somebody acts: `web`, `mobile` or `whatsapp`.
pub const CHANNEL_HEADER: &str = "x-channel";
/// The header in which the gateway says from which address a request came; it overwrites what the client sent.
pub const CLIENT_ADDRESS_HEADER: &str = "x-realserv-client-address";

/// What travels with a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The piece of work, over all services.
    pub correlation_id: CorrelationId,
    /// The event that caused this part of it.
    pub causation_id: Option<EventId>,
    /// W3C `traceparent` of the span this runs in.
    pub traceparent: Option<String>,
}

impl Context {
    /// A context of a piece of work that begins here.
    #[must_use]
    pub const fn new(correlation_id: CorrelationId) -> Self {
        Self { correlation_id, causation_id: None, traceparent: None }
    }
}

tokio::task_local! {
    static CURRENT: Context;
}

/// Runs a future as part of a piece of work.
pub async fn scope<F: Future>(context: Context, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

/// The piece of work that is being done; the nil correlation outside of any.
#[must_use]
pub fn current() -> Context {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Context::new(CorrelationId::new(Uuid::nil())))
}
