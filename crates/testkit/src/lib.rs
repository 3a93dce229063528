//! One service or the whole fleet in a test: databases, tokens, clock, drop check.
//!
//! Everything here panics instead of returning errors: it runs in tests only.

mod database;
mod fixed;
mod leftovers;

pub use database::{TestDb, database};
pub use fixed::{TestClock, TestIds};
pub use leftovers::{assert_nothing_left, drain_outbox};
