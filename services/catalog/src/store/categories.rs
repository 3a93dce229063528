//! Categories.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{CategoryId, ItemType};
use sqlx::PgConnection;

use super::Stored;

/// A category as stored.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct CategoryRow {
    pub id: CategoryId,
    pub name: String,
    pub slug: String,
    pub parent_id: Option<CategoryId>,
    pub r#type: ItemType,
    pub icon_url: Option<String>,
    pub display_order: i32,
    pub is_active: bool,
}

/// All that are shown, in the order of their display.
pub(crate) async fn active(conn: &mut PgConnection) -> Stored<Vec<CategoryRow>> {
    sqlx::query_as!(
        CategoryRow,
        r#"SELECT id as "id: CategoryId", name, slug, parent_id as "parent_id: CategoryId", type as "type: ItemType",
                  icon_url, display_order, is_active
             FROM categories WHERE is_active ORDER BY display_order, name, id"#
    )
    .fetch_all(conn)
    .await
}

/// One of them, shown or not.
pub(crate) async fn find(conn: &mut PgConnection, id: CategoryId) -> Stored<Option<CategoryRow>> {
    sqlx::query_as!(
        CategoryRow,
        r#"SELECT id as "id: CategoryId", name, slug, parent_id as "parent_id: CategoryId", type as "type: ItemType",
                  icon_url, display_order, is_active
             FROM categories WHERE id = $1"#,
        id as CategoryId
    )
    .fetch_optional(conn)
    .await
}

/// Keeps everybody else from changing the tree until the transaction ends: two moves that are fine each for itself can
/// make a cycle together.
pub(crate) async fn lock_tree(conn: &mut PgConnection) -> Stored<HashMap<CategoryId, Option<CategoryId>>> {
    sqlx::query!("LOCK TABLE categories IN SHARE ROW EXCLUSIVE MODE").execute(&mut *conn).await?;
    let rows = sqlx::query!(r#"SELECT id as "id: CategoryId", parent_id as "parent_id: CategoryId" FROM categories"#)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.parent_id)).collect())
}

/// A new one.
pub(crate) async fn insert(conn: &mut PgConnection, row: &CategoryRow, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO categories (id, name, slug, parent_id, type, icon_url, display_order, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        row.id as CategoryId,
        row.name,
        row.slug,
        row.parent_id as Option<CategoryId>,
        row.r#type.as_str(),
        row.icon_url,
        row.display_order,
        row.is_active,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same with other content; its type stays.
pub(crate) async fn update(conn: &mut PgConnection, row: &CategoryRow, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE categories SET name = $2, slug = $3, parent_id = $4, icon_url = $5, display_order = $6, is_active = $7,
                updated_at = $8
          WHERE id = $1",
        row.id as CategoryId,
        row.name,
        row.slug,
        row.parent_id as Option<CategoryId>,
        row.icon_url,
        row.display_order,
        row.is_active,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From the seeds: by slug, and only where something differs.
pub(crate) async fn upsert(conn: &mut PgConnection, row: &CategoryRow, now: DateTime<Utc>) -> Stored<Option<CategoryId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO categories AS known
               (id, name, slug, parent_id, type, icon_url, display_order, is_active, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, NULL, $6, true, $7, $7)
           ON CONFLICT (slug) DO UPDATE
              SET name = excluded.name, parent_id = excluded.parent_id, display_order = excluded.display_order,
                  updated_at = excluded.updated_at
            WHERE (known.name, known.parent_id, known.display_order)
                  IS DISTINCT FROM (excluded.name, excluded.parent_id, excluded.display_order)
           RETURNING id as "id: CategoryId""#,
        row.id as CategoryId,
        row.name,
        row.slug,
        row.parent_id as Option<CategoryId>,
        row.r#type.as_str(),
        row.display_order,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Which category has this slug.
pub(crate) async fn id_of(conn: &mut PgConnection, slug: &str) -> Stored<Option<CategoryId>> {
    sqlx::query_scalar!(r#"SELECT id as "id: CategoryId" FROM categories WHERE slug = $1"#, slug).fetch_optional(conn).await
}
