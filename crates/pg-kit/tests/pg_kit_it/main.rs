//! The kit against a real Postgres.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod idempotency;
mod inbox_and_access;
mod jobs;
mod migrations;
mod outbox;
mod support;
