//! The dated tax table (rule 23). Both ends of a period belong to it; both are Indian days.

use chrono::NaiveDate;
use domain::{GstScheme, Rate};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// One rate of one period.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct GstRateRow {
    pub id: Uuid,
    pub tax_code: String,
    pub scheme: GstScheme,
    pub rate: Rate,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub source: String,
}

/// The rate of a day.
pub(crate) async fn rate_on(conn: &mut PgConnection, tax_code: &str, scheme: GstScheme, on: NaiveDate) -> Stored<Option<Rate>> {
    sqlx::query_scalar!(
        r#"SELECT rate as "rate: Rate" FROM gst_rates
            WHERE tax_code = $1 AND scheme = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)"#,
        tax_code,
        scheme.as_str(),
        on
    )
    .fetch_optional(conn)
    .await
}

/// A new row; false when one begins that day already. An overlap is refused by the table.
pub(crate) async fn insert(conn: &mut PgConnection, row: &GstRateRow) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO gst_rates (id, tax_code, scheme, rate, valid_from, valid_to, source)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT ON CONSTRAINT gst_rates_from DO NOTHING",
        row.id,
        row.tax_code,
        row.scheme.as_str(),
        row.rate as Rate,
        row.valid_from,
        row.valid_to,
        row.source
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From the seeds: the row that begins that day is made to say the same; true when it did not.
pub(crate) async fn upsert(conn: &mut PgConnection, row: &GstRateRow) -> Stored<bool> {
    let updated = sqlx::query!(
        "UPDATE gst_rates SET rate = $4, valid_to = $5, source = $6
          WHERE tax_code = $1 AND scheme = $2 AND valid_from = $3
            AND (rate, valid_to, source) IS DISTINCT FROM ($4, $5, $6)",
        row.tax_code,
        row.scheme.as_str(),
        row.valid_from,
        row.rate as Rate,
        row.valid_to,
        row.source
    )
    .execute(&mut *conn)
    .await?;
    Ok(updated.rows_affected() == 1 || insert(conn, row).await?)
}
