//! What a use case can end in besides its result.

use domain::{InventoryId, Money, MoneyError, Quantity, Rate};
use pg_kit::DbError;
use serde::Serialize;

use crate::domain::batch::BatchError;
use crate::domain::offer::OfferError;
use crate::domain::reservation::ReservationStatus;

/// Something wanted of which there is not enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Short {
    /// Of what.
    pub item_id: uuid::Uuid,
    /// How much was wanted.
    pub wanted: Quantity,
    /// How much there is.
    pub available: Quantity,
}

/// A row of an import that is not good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RowError {
    /// Line of the file, the heading being the first.
    pub line: u64,
    /// The column, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    /// What is wrong.
    pub message: String,
}

/// What a use case can end in besides its result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error("{field}: {message}")]
    Field { field: &'static str, message: String },
    #[error("{field} is taken")]
    Taken { field: &'static str },
    #[error("a category cannot hang under itself")]
    Cycle,
    #[error("already offered")]
    AlreadyOffered { inventory_id: InventoryId },
    #[error("{field} outside the band")]
    OutsideBand { field: &'static str, lowest: Money, highest: Money },
    #[error("{reserved} are kept for orders")]
    BelowReserved { field: &'static str, reserved: Quantity },
    #[error("the version is {current} by now")]
    VersionDiffers { current: i64 },
    #[error("out of stock")]
    OutOfStock { lines: Vec<Short> },
    #[error("the reservation is {status}")]
    ReservationEnded { status: ReservationStatus },
    #[error("revision {revision} is known")]
    ReservationSuperseded { revision: i64 },
    #[error("the order keeps other things already")]
    ReservationDiffers,
    #[error("the tax table says {known}")]
    TaxRateDiffers { known: Rate },
    #[error("{} rows are not good", rows.len())]
    BadRows { rows: Vec<RowError> },
    #[error("somebody else changed it meanwhile")]
    ChangedMeanwhile,
    #[error(transparent)]
    Amount(#[from] MoneyError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl CatalogError {
    /// A field that is not as it should be.
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field { field, message: message.into() }
    }

    /// Terms of an offer that are not acceptable, by the field they are in.
    pub(crate) fn offer(field: &'static str, error: OfferError) -> Self {
        match error {
            OfferError::OutsideBand { lowest, highest } => Self::OutsideBand { field, lowest, highest },
            OfferError::NotSoldThisWay => Self::field(field, error.to_string()),
            OfferError::BelowReserved { reserved } => Self::BelowReserved { field, reserved },
            OfferError::Amount(error) => Self::Amount(error),
        }
    }

    /// Batches that cannot be as a vendor says.
    pub(crate) fn batch(error: BatchError) -> Self {
        match error {
            BatchError::BelowReserved { reserved, .. } => Self::BelowReserved { field: "batches", reserved },
            other => Self::field("batches", other.to_string()),
        }
    }

    /// A violation of the unique constraint `name` becomes "taken", one of the foreign key `category` a field error.
    pub(crate) fn from_write(error: sqlx::Error, unique: (&str, &'static str), category: &str) -> Self {
        if pg_kit::errors::is_unique_violation(&error, unique.0) {
            return Self::Taken { field: unique.1 };
        }
        if pg_kit::errors::is_foreign_key_violation(&error, category) {
            return Self::field("category_id", "there is no such category of this type");
        }
        error.into()
    }
}
