//! What can go wrong with a database, and how to tell the cases apart.

use sqlx::migrate::MigrateError;

/// A failure of the database or of what was read from it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database refused, failed or could not be reached.
    #[error("database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// A stored document does not have the shape the code expects, or cannot be written as JSON.
    #[error("stored document: {0}")]
    Document(#[from] serde_json::Error),
    /// A stored text is no value of its type.
    #[error("stored value in {column}: {reason}")]
    Value {
        /// Where it was read.
        column: &'static str,
        /// Why it is not a value.
        reason: String,
    },
    /// A migration failed or does not fit what was applied earlier.
    #[error("migration: {0}")]
    Migrate(#[from] MigrateError),
    /// Something of ours is missing: a row a moment ago there, a lock nobody releases.
    #[error("{0}")]
    State(&'static str),
}

impl DbError {
    /// The same insert was there before, by this unique constraint or index.
    pub fn is_unique_violation(&self, constraint: &str) -> bool {
        matches!(self, Self::Sqlx(error) if is_unique_violation(error, constraint))
    }

    /// Two transactions got in each other's way; doing it again will likely work.
    pub fn is_serialization_failure(&self) -> bool {
        matches!(self, Self::Sqlx(error) if is_serialization_failure(error))
    }

    /// Somebody else held the lock for too long.
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Sqlx(error) if is_lock_timeout(error))
    }

    /// The same thing may work a moment later: no fault of the request.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Sqlx(error) if is_transient(error))
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned())
}

/// The name of the constraint that refused, if one did.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}

/// The unique constraint or index of this name refused.
pub fn is_unique_violation(error: &sqlx::Error, name: &str) -> bool {
    code(error).as_deref() == Some("23505") && constraint(error) == Some(name)
}

/// The foreign key of this name refused.
pub fn is_foreign_key_violation(error: &sqlx::Error, name: &str) -> bool {
    code(error).as_deref() == Some("23503") && constraint(error) == Some(name)
}

/// The CHECK of this name refused.
pub fn is_check_violation(error: &sqlx::Error, name: &str) -> bool {
    code(error).as_deref() == Some("23514") && constraint(error) == Some(name)
}

/// A serialization failure or a deadlock: the transaction is gone, a new one will likely do.
pub fn is_serialization_failure(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01"))
}

/// `lock_timeout` struck, or NOWAIT found the row taken.
pub fn is_lock_timeout(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("55P03")
}

/// `statement_timeout` struck.
pub fn is_statement_timeout(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("57014")
}

/// Worth trying again: conflicts, time-outs, a lost or missing connection, a restarting server.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(_) => code(error).is_some_and(|code| {
            code.starts_with("08")
                || code.starts_with("53")
                || code.starts_with("57P")
                || matches!(code.as_str(), "40001" | "40P01" | "55P03" | "57014" | "25P03")
        }),
        _ => false,
    }
}
