//! The kit as a whole, seen through a small service: over a real socket, with real tokens.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test code says what went wrong by panicking")]

mod callers;
mod document;
mod lifecycle;
mod limits;
mod refusals;
mod settings;
mod support;
mod watching;
