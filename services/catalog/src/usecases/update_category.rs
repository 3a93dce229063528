//! A category with other content, perhaps at another place in the tree.

use domain::{Actor, CategoryId, ItemType};

use super::CatalogError;
use super::audit::{self, Deed};
use super::create_category::{CategoryDraft, refused};
use crate::App;
use crate::domain::tree::makes_cycle;
use crate::store::categories::{self, CategoryRow};

/// A category with other content. Its type stays; it never hangs under itself.
pub(crate) async fn update_category(
    app: &App,
    actor: &Actor,
    id: CategoryId,
    draft: CategoryDraft,
    r#type: ItemType,
) -> Result<CategoryRow, CatalogError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let parents = categories::lock_tree(&mut tx).await?;
    let known = categories::find(&mut tx, id).await?.ok_or(CatalogError::NotFound("category"))?;
    if known.r#type != r#type {
        return Err(CatalogError::field("type", "stays as it was made"));
    }
    if draft.parent_id.is_some_and(|parent| makes_cycle(&parents, id, parent)) {
        return Err(CatalogError::Cycle);
    }
    let row = draft.row(id, known.r#type);
    if !categories::update(&mut tx, &row, now).await.map_err(refused)? {
        return Err(CatalogError::NotFound("category"));
    }
    let (before, after) = (Some(&known), Some(&row));
    let deed = Deed { action: "category.updated", entity: "category", id: id.as_uuid(), before, after };
    audit::record(app, &mut tx, actor, deed).await?;
    tx.commit().await?;
    Ok(row)
}
