//! The order service over a real database, with neighbours that answer as their shapes say.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod audits;
mod crashes;
mod disputes;
mod document;
mod editing;
mod idempotency;
mod life;
mod overtaken;
mod placing;
mod reading;
mod rules;
mod saga;
mod statements;
mod support;
mod tickets;
mod time_outs;
mod watching;
