//! The only SQL.

pub(crate) mod available;
pub(crate) mod data_keys;
pub(crate) mod deliveries;
pub(crate) mod earnings;
pub(crate) mod history;
pub(crate) mod kyc;
pub(crate) mod otps;
pub(crate) mod performance;
pub(crate) mod proofs;
pub(crate) mod settlement_feed;
pub(crate) mod settlement_runs;
pub(crate) mod settlements;
pub(crate) mod vendors;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the store answers with.
pub(crate) type Stored<T> = Result<T, sqlx::Error>;

/// Where a row stands in a list that begins with the newest.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ByAge {
    /// When it was made.
    pub(crate) at: DateTime<Utc>,
    /// Which it is.
    pub(crate) id: Uuid,
}
