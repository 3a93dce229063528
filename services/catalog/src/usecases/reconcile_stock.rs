//! Whether stock, reservations, batches and the book of movements say the same.

use sqlx::PgPool;
use uuid::Uuid;

use crate::store::stock_book::{self, Mismatch};

/// Offers in one look; a look is one moment, so that work under way is never mistaken for an error.
const PART: i64 = 2000;
/// Nobody reads more; when there are so many, there may be others.
const MOST: usize = 1000;

/// Every row that does not agree with the others, at most a thousand.
///
/// # Errors
/// The database cannot be read.
pub async fn reconcile_stock(pool: &PgPool) -> Result<Vec<Mismatch>, sqlx::Error> {
    let mut found = Vec::new();
    let mut after = Uuid::nil();
    let mut conn = pool.acquire().await?;
    while let Some(last) = stock_book::end_of_part(&mut conn, after, PART).await? {
        let left = i64::try_from(MOST - found.len()).unwrap_or(0);
        found.extend(stock_book::mismatches(&mut conn, after, last, left).await?);
        if found.len() >= MOST {
            break;
        }
        after = last;
    }
    Ok(found)
}
