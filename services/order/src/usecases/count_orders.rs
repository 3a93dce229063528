//! Orders counted and summed for the staff.

use chrono::NaiveDate;
use domain::business_time::{end_of_ist_day, start_of_ist_day};

use super::Refusal;
use crate::App;
use crate::store::analytics::{self, Counted};

/// Counts the orders placed on these Indian days, both included.
pub(crate) async fn count_orders(app: &App, from: NaiveDate, to: NaiveDate) -> Result<Vec<Counted>, Refusal> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(analytics::count(&mut conn, start_of_ist_day(from), end_of_ist_day(to)).await?)
}
