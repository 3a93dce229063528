//! The user service over a real Postgres and a sandboxed Firebase.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod addresses;
mod admins;
mod audit;
mod deleting;
mod document;
mod events;
mod internal;
mod register;
mod sign_in;
mod support;
mod tries;
mod users;
