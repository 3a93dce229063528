//! The kit against a real Postgres.

mod idempotency;
mod inbox_and_access;
mod jobs;
mod migrations;
mod outbox;
mod support;
