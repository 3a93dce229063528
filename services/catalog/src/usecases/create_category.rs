//! A new category.

use domain::{Actor, CategoryId, ItemType};

use super::CatalogError;
use super::audit::{self, Deed};
use crate::App;
use crate::store::categories::{self, CategoryRow};

/// What a category is to be.
#[derive(Debug, Clone)]
pub(crate) struct CategoryDraft {
    pub name: String,
    pub slug: String,
    pub parent_id: Option<CategoryId>,
    pub icon_url: Option<String>,
    pub display_order: i32,
    pub is_active: bool,
}

impl CategoryDraft {
    pub(super) fn row(self, id: CategoryId, r#type: ItemType) -> CategoryRow {
        CategoryRow {
            id,
            name: self.name,
            slug: self.slug,
            parent_id: self.parent_id,
            r#type,
            icon_url: self.icon_url,
            display_order: self.display_order,
            is_active: self.is_active,
        }
    }
}

/// A new category.
pub(crate) async fn create_category(
    app: &App,
    actor: &Actor,
    draft: CategoryDraft,
    r#type: ItemType,
) -> Result<CategoryRow, CatalogError> {
    let now = app.kit.clock.now();
    let row = draft.row(app.kit.ids.next(), r#type);
    let mut tx = app.kit.pool.begin().await?;
    categories::insert(&mut tx, &row, now).await.map_err(refused)?;
    let id = row.id.as_uuid();
    let deed = Deed { action: "category.created", entity: "category", id, before: None, after: Some(&row) };
    audit::record(app, &mut tx, actor, deed).await?;
    tx.commit().await?;
    Ok(row)
}

pub(super) fn refused(error: sqlx::Error) -> CatalogError {
    if pg_kit::errors::is_unique_violation(&error, "categories_slug") {
        return CatalogError::Taken { field: "slug" };
    }
    if pg_kit::errors::is_foreign_key_violation(&error, "categories_parent") {
        return CatalogError::field("parent_id", "there is no such category of this type");
    }
    error.into()
}
