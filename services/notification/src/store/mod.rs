//! The only SQL.

pub(crate) mod contacts;
pub(crate) mod devices;
pub(crate) mod notifications;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod preferences;
pub(crate) mod queue;
pub(crate) mod statuses;
pub(crate) mod templates;

/// What the store answers with.
pub(crate) type Stored<T> = Result<T, sqlx::Error>;

/// A word in a table that the code does not know: the CHECK beside it and the code have come apart.
pub(crate) fn unknown_word(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: "a word that the code does not know".into() }
}
