//! The only SQL.

pub(crate) mod batches;
pub(crate) mod categories;
pub(crate) mod changes;
pub(crate) mod gst;
pub(crate) mod inventory;
pub(crate) mod labor;
pub(crate) mod materials;
pub(crate) mod offers;
pub(crate) mod quick_reserve;
pub(crate) mod reservations;
pub(crate) mod search;
pub(crate) mod stock_book;
pub(crate) mod validation;
pub(crate) mod vendors;

/// What the store answers with.
pub(crate) type Stored<T> = Result<T, sqlx::Error>;
