//! Batches of goods that age, as vendors see and say them.

use chrono::NaiveDate;
use domain::Quantity;
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::domain::batch::{Batch, Said};
use crate::http::lists::text;
use crate::http::materials::some_quantity;

/// A batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BatchOut {
    batch_number: String,
    manufactured_on: Option<NaiveDate>,
    /// The last Indian day on which it is sold.
    expires_on: NaiveDate,
    quantity: Quantity,
    /// Kept for orders.
    reserved_quantity: Quantity,
    /// Too old to be sold; only what is kept for orders is left of it.
    is_expired: bool,
}

impl BatchOut {
    pub(super) fn on(batch: &Batch, today: NaiveDate) -> Self {
        Self {
            batch_number: batch.number.clone(),
            manufactured_on: batch.manufactured_on,
            expires_on: batch.expires_on,
            quantity: batch.quantity,
            reserved_quantity: batch.reserved,
            is_expired: !batch.is_sold_on(today),
        }
    }
}

/// A batch as its vendor says it.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchIn {
    /// What is printed on it, or what you call it.
    #[garde(length(chars, min = 1, max = 64), custom(text))]
    #[schema(min_length = 1, max_length = 64)]
    batch_number: String,
    /// Not in the future.
    #[garde(skip)]
    manufactured_on: Option<NaiveDate>,
    /// The last Indian day on which it is sold; not over yet.
    #[garde(skip)]
    expires_on: NaiveDate,
    /// How much of it is there.
    #[garde(custom(some_quantity))]
    quantity: Quantity,
}

/// In our words.
pub(super) fn said(batches: Option<Vec<BatchIn>>) -> Option<Vec<Said>> {
    let said = |batch: BatchIn| Said {
        number: batch.batch_number.trim().to_owned(),
        manufactured_on: batch.manufactured_on,
        expires_on: batch.expires_on,
        quantity: batch.quantity,
    };
    batches.map(|batches| batches.into_iter().map(said).collect())
}

/// More batches of one thing than any vendor has are refused.
pub(super) fn few_enough(batches: &Option<Vec<BatchIn>>, (): &()) -> garde::Result {
    let fits = batches.as_ref().is_none_or(|batches| batches.len() <= 100);
    if fits { Ok(()) } else { Err(garde::Error::new("must be at most 100 batches")) }
}
