//! Materials.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CategoryId, MaterialId, Money, Quantity, Rate, Unit};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::Stored;

/// A material as stored, with the rate of the day for registered suppliers.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub(crate) struct MaterialRow {
    pub id: MaterialId,
    pub category_id: CategoryId,
    pub name: String,
    pub description: Option<String>,
    pub sku: Option<String>,
    pub base_price: Money,
    pub unit: Unit,
    pub min_order_quantity: Quantity,
    pub image_urls: Json<Vec<String>>,
    pub specifications: serde_json::Value,
    pub hsn_code: String,
    pub price_band_percent: Rate,
    pub is_active: bool,
    pub updated_at: DateTime<Utc>,
    pub gst_rate: Option<Rate>,
}

/// One of them, sold or not.
pub(crate) async fn find(conn: &mut PgConnection, id: MaterialId, today: NaiveDate) -> Stored<Option<MaterialRow>> {
    sqlx::query_as!(
        MaterialRow,
        r#"SELECT m.id as "id: MaterialId", m.category_id as "category_id: CategoryId", m.name, m.description, m.sku,
                  m.base_price as "base_price: Money", m.unit as "unit: Unit",
                  m.min_order_quantity as "min_order_quantity: Quantity", m.image_urls as "image_urls: Json<Vec<String>>",
                  m.specifications, m.hsn_code, m.price_band_percent as "price_band_percent: Rate", m.is_active, m.updated_at,
                  g.rate as "gst_rate?: Rate"
             FROM materials m
             LEFT JOIN gst_rates g ON g.tax_code = m.hsn_code AND g.scheme = 'regular' AND g.valid_from <= $2
                                  AND (g.valid_to IS NULL OR g.valid_to >= $2)
            WHERE m.id = $1"#,
        id as MaterialId,
        today
    )
    .fetch_optional(conn)
    .await
}

/// Keeps others from changing it, and says how it is.
pub(crate) async fn lock(conn: &mut PgConnection, id: MaterialId) -> Stored<bool> {
    let found =
        sqlx::query_scalar!("SELECT 1 FROM materials WHERE id = $1 FOR UPDATE", id as MaterialId).fetch_optional(conn).await?;
    Ok(found.is_some())
}

/// A new one.
pub(crate) async fn insert(conn: &mut PgConnection, row: &MaterialRow) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO materials (id, category_id, name, description, sku, base_price, unit, min_order_quantity, image_urls,
                                specifications, hsn_code, price_band_percent, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        row.id as MaterialId,
        row.category_id as CategoryId,
        row.name,
        row.description,
        row.sku,
        row.base_price as Money,
        row.unit.as_str(),
        row.min_order_quantity as Quantity,
        &row.image_urls as &Json<Vec<String>>,
        row.specifications,
        row.hsn_code,
        row.price_band_percent as Rate,
        row.is_active,
        row.updated_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same with other content.
pub(crate) async fn update(conn: &mut PgConnection, row: &MaterialRow) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE materials SET category_id = $2, name = $3, description = $4, sku = $5, base_price = $6, unit = $7,
                min_order_quantity = $8, image_urls = $9, specifications = $10, hsn_code = $11, price_band_percent = $12,
                is_active = $13, updated_at = $14
          WHERE id = $1",
        row.id as MaterialId,
        row.category_id as CategoryId,
        row.name,
        row.description,
        row.sku,
        row.base_price as Money,
        row.unit.as_str(),
        row.min_order_quantity as Quantity,
        &row.image_urls as &Json<Vec<String>>,
        row.specifications,
        row.hsn_code,
        row.price_band_percent as Rate,
        row.is_active,
        row.updated_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes it out of the catalogue; false when it was out.
pub(crate) async fn deactivate(conn: &mut PgConnection, id: MaterialId, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE materials SET is_active = false, updated_at = $2 WHERE id = $1 AND is_active",
        id as MaterialId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From the seeds: by SKU, and only where something differs. What staff switched off stays off.
pub(crate) async fn upsert(conn: &mut PgConnection, row: &MaterialRow) -> Stored<Option<MaterialId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO materials AS known
               (id, category_id, name, description, sku, base_price, unit, min_order_quantity, specifications, hsn_code,
                price_band_percent, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
           ON CONFLICT (sku) DO UPDATE
              SET category_id = excluded.category_id, name = excluded.name, description = excluded.description,
                  base_price = excluded.base_price, unit = excluded.unit, min_order_quantity = excluded.min_order_quantity,
                  specifications = excluded.specifications, hsn_code = excluded.hsn_code, updated_at = excluded.updated_at
            WHERE (known.category_id, known.name, known.description, known.base_price, known.unit,
                   known.min_order_quantity, known.specifications, known.hsn_code)
                  IS DISTINCT FROM
                  (excluded.category_id, excluded.name, excluded.description, excluded.base_price, excluded.unit,
                   excluded.min_order_quantity, excluded.specifications, excluded.hsn_code)
           RETURNING id as "id: MaterialId""#,
        row.id as MaterialId,
        row.category_id as CategoryId,
        row.name,
        row.description,
        row.sku,
        row.base_price as Money,
        row.unit.as_str(),
        row.min_order_quantity as Quantity,
        row.specifications,
        row.hsn_code,
        row.price_band_percent as Rate,
        row.updated_at
    )
    .fetch_optional(conn)
    .await
}

/// Which materials have these SKUs, with their prices and bands, for an import.
pub(crate) async fn by_skus(conn: &mut PgConnection, skus: &[String]) -> Stored<Vec<SkuRow>> {
    sqlx::query_as!(
        SkuRow,
        r#"SELECT id as "id: MaterialId", sku as "sku!", base_price as "base_price: Money",
                  price_band_percent as "price_band_percent: Rate"
             FROM materials WHERE sku = ANY($1) AND is_active"#,
        skus
    )
    .fetch_all(conn)
    .await
}

/// A material as an import names it.
#[derive(Debug)]
pub(crate) struct SkuRow {
    pub id: MaterialId,
    pub sku: String,
    pub base_price: Money,
    pub price_band_percent: Rate,
}
