//! Kinds of labour.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CategoryId, LaborId, Money, Quantity, Rate};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::Stored;

/// A kind of labour as stored, with the rate of the day for registered suppliers.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub(crate) struct LaborRow {
    pub id: LaborId,
    pub category_id: CategoryId,
    pub name: String,
    pub slug: String,
    pub description: Option<String>,
    pub hourly_rate: Option<Money>,
    pub daily_rate: Option<Money>,
    pub min_hours: Quantity,
    pub skills_required: Json<Vec<String>>,
    pub image_url: Option<String>,
    pub sac_code: String,
    pub price_band_percent: Rate,
    pub is_active: bool,
    pub updated_at: DateTime<Utc>,
    pub gst_rate: Option<Rate>,
}

/// One of them, sold or not.
pub(crate) async fn find(conn: &mut PgConnection, id: LaborId, today: NaiveDate) -> Stored<Option<LaborRow>> {
    sqlx::query_as!(
        LaborRow,
        r#"SELECT l.id as "id: LaborId", l.category_id as "category_id: CategoryId", l.name, l.slug, l.description,
                  l.hourly_rate as "hourly_rate: Money", l.daily_rate as "daily_rate: Money",
                  l.min_hours as "min_hours: Quantity", l.skills_required as "skills_required: Json<Vec<String>>",
                  l.image_url, l.sac_code, l.price_band_percent as "price_band_percent: Rate", l.is_active, l.updated_at,
                  g.rate as "gst_rate?: Rate"
             FROM labor_categories l
             LEFT JOIN gst_rates g ON g.tax_code = l.sac_code AND g.scheme = 'regular' AND g.valid_from <= $2
                                  AND (g.valid_to IS NULL OR g.valid_to >= $2)
            WHERE l.id = $1"#,
        id as LaborId,
        today
    )
    .fetch_optional(conn)
    .await
}

/// Keeps others from changing it.
pub(crate) async fn lock(conn: &mut PgConnection, id: LaborId) -> Stored<bool> {
    let found = sqlx::query_scalar!("SELECT 1 FROM labor_categories WHERE id = $1 FOR UPDATE", id as LaborId)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// A new one.
pub(crate) async fn insert(conn: &mut PgConnection, row: &LaborRow) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO labor_categories (id, category_id, name, slug, description, hourly_rate, daily_rate, min_hours,
                                       skills_required, image_url, sac_code, price_band_percent, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        row.id as LaborId,
        row.category_id as CategoryId,
        row.name,
        row.slug,
        row.description,
        row.hourly_rate as Option<Money>,
        row.daily_rate as Option<Money>,
        row.min_hours as Quantity,
        &row.skills_required as &Json<Vec<String>>,
        row.image_url,
        row.sac_code,
        row.price_band_percent as Rate,
        row.is_active,
        row.updated_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same with other content.
pub(crate) async fn update(conn: &mut PgConnection, row: &LaborRow) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE labor_categories SET category_id = $2, name = $3, slug = $4, description = $5, hourly_rate = $6,
                daily_rate = $7, min_hours = $8, skills_required = $9, image_url = $10, sac_code = $11,
                price_band_percent = $12, is_active = $13, updated_at = $14
          WHERE id = $1",
        row.id as LaborId,
        row.category_id as CategoryId,
        row.name,
        row.slug,
        row.description,
        row.hourly_rate as Option<Money>,
        row.daily_rate as Option<Money>,
        row.min_hours as Quantity,
        &row.skills_required as &Json<Vec<String>>,
        row.image_url,
        row.sac_code,
        row.price_band_percent as Rate,
        row.is_active,
        row.updated_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes it out of the catalogue; false when it was out.
pub(crate) async fn deactivate(conn: &mut PgConnection, id: LaborId, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE labor_categories SET is_active = false, updated_at = $2 WHERE id = $1 AND is_active",
        id as LaborId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From the seeds: by slug, and only where something differs. What staff switched off stays off.
pub(crate) async fn upsert(conn: &mut PgConnection, row: &LaborRow) -> Stored<Option<LaborId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO labor_categories AS known
               (id, category_id, name, slug, description, hourly_rate, daily_rate, min_hours, skills_required, sac_code,
                price_band_percent, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
           ON CONFLICT (slug) DO UPDATE
              SET category_id = excluded.category_id, name = excluded.name, description = excluded.description,
                  hourly_rate = excluded.hourly_rate, daily_rate = excluded.daily_rate, min_hours = excluded.min_hours,
                  skills_required = excluded.skills_required, sac_code = excluded.sac_code, updated_at = excluded.updated_at
            WHERE (known.category_id, known.name, known.description, known.hourly_rate, known.daily_rate, known.min_hours,
                   known.skills_required, known.sac_code)
                  IS DISTINCT FROM
                  (excluded.category_id, excluded.name, excluded.description, excluded.hourly_rate, excluded.daily_rate,
                   excluded.min_hours, excluded.skills_required, excluded.sac_code)
           RETURNING id as "id: LaborId""#,
        row.id as LaborId,
        row.category_id as CategoryId,
        row.name,
        row.slug,
        row.description,
        row.hourly_rate as Option<Money>,
        row.daily_rate as Option<Money>,
        row.min_hours as Quantity,
        &row.skills_required as &Json<Vec<String>>,
        row.sac_code,
        row.price_band_percent as Rate,
        row.updated_at
    )
    .fetch_optional(conn)
    .await
}
