//! One service or the whole fleet in a test: databases, tokens, clock, drop check.
//!
//! Everything here panics instead of returning errors: it runs in tests only.
#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "test code says what went wrong by panicking")]

mod database;
mod fixed;
mod leftovers;
mod people;
mod service;

pub use database::{TestDb, database};
pub use fixed::{TestClock, TestIds};
pub use leftovers::{assert_nothing_left, drain_outbox};
pub use people::{Identity, Person};
pub use service::{Answer, TestService};
pub use wiremock;
