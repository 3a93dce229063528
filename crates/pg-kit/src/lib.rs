//! PostgreSQL habits every service shares: pool, migrations, outbox, inbox, idempotency records,
//! jobs.
//!
//! Everything a use case calls takes the `&mut PgConnection` of its transaction and the time as an
//! argument. The two workers, [`outbox::Relay`] and [`jobs::JobWorker`], take the pool and never
//! hold a transaction while they talk to the outside.

pub mod access;
pub mod errors;
pub mod housekeeping;
pub mod idempotency;
pub mod inbox;
pub mod jobs;
pub mod outbox;

mod backoff;
mod lease;
mod migrate;
mod settings;
mod wake;

pub use backoff::Backoff;
pub use errors::DbError;
pub use migrate::{kit_migrator, migrate, migration_fingerprint};
pub use settings::{PgSettings, connect};
