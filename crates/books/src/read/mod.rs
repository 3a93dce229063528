//! Reading the facts. The statements look at the services' tables; none changes anything.

mod gateway;
mod orders;
mod payments;
mod vendors;

use chrono::{DateTime, Utc};

pub use gateway::{begun_between, with_missing};
pub use orders::orders;
pub use payments::payments;
pub use vendors::vendors;

/// How much is read.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Everything.
    All,
    /// What was opened or moved in `[from, to)`, and the payments behind these payments of the gateway's.
    Range {
        /// From this moment on.
        from: DateTime<Utc>,
        /// Before this moment.
        to: DateTime<Utc>,
        /// The gateway's payments that must be accounted for.
        gateway_payments: Vec<String>,
    },
}
