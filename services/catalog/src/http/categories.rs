//! Categories.

use axum::extract::State;
use axum::response::Response;
use domain::{CategoryId, ItemType};
use garde::Validate;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Body, Created, Data, PathId, Problems};

use super::CatalogStaff;
use super::lists::{slug_form, text, web_address};
use super::tagged::{Keep, tagged};
use crate::App;
use crate::domain::tree::Node;
use crate::store::categories::CategoryRow;
use crate::usecases::browse;
use crate::usecases::create_category::{CategoryDraft, create_category};
use crate::usecases::update_category::update_category;

/// A category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryOut {
    id: CategoryId,
    name: String,
    slug: String,
    parent_id: Option<CategoryId>,
    r#type: ItemType,
    icon_url: Option<String>,
    display_order: i32,
    is_active: bool,
    /// What hangs under it; only in the tree.
    #[schema(no_recursion)]
    children: Vec<CategoryOut>,
}

impl From<CategoryRow> for CategoryOut {
    fn from(row: CategoryRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            parent_id: row.parent_id,
            r#type: row.r#type,
            icon_url: row.icon_url,
            display_order: row.display_order,
            is_active: row.is_active,
            children: Vec::new(),
        }
    }
}

impl From<Node<CategoryRow>> for CategoryOut {
    fn from(node: Node<CategoryRow>) -> Self {
        Self { children: node.children.into_iter().map(Self::from).collect(), ..Self::from(node.item) }
    }
}

/// What a category is to be.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryIn {
    #[garde(length(chars, min = 1, max = 100), custom(text))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Unique; small letters, digits and dashes.
    #[garde(custom(slug_form))]
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 100)]
    slug: String,
    /// What it hangs under; of the same type.
    #[garde(skip)]
    parent_id: Option<CategoryId>,
    /// Of what it is; stays as it was made.
    #[garde(skip)]
    r#type: ItemType,
    #[garde(inner(custom(web_address)))]
    #[schema(max_length = 512)]
    icon_url: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    display_order: i32,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

pub(super) const fn yes() -> bool {
    true
}

impl CategoryIn {
    fn draft(self) -> (CategoryDraft, ItemType) {
        let draft = CategoryDraft {
            name: self.name.trim().to_owned(),
            slug: self.slug,
            parent_id: self.parent_id,
            icon_url: self.icon_url,
            display_order: self.display_order,
            is_active: self.is_active,
        };
        (draft, self.r#type)
    }
}

/// All categories, as trees.
#[utoipa::path(get, path = "/api/v1/categories", tag = "categories", operation_id = "listCategories",
    responses((status = 200, body = Data<Vec<CategoryOut>>, headers(("ETag" = String, description = "Give it as If-None-Match"))),
        (status = 304, description = "You have it"), Problems))]
pub(crate) async fn tree(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let tree = browse::category_tree(&app).await?;
    let tree: Vec<CategoryOut> = tree.into_iter().map(CategoryOut::from).collect();
    tagged(&headers, Keep::For(app.config.public_cache_seconds), &Data::new(tree))
}

/// A new category.
#[utoipa::path(post, path = "/api/v1/categories", tag = "categories", operation_id = "createCategory", request_body = CategoryIn,
    responses((status = 201, body = Data<CategoryOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn create(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    Body(category): Body<CategoryIn>,
) -> Result<Created<CategoryOut>, ApiError> {
    let (draft, r#type) = category.draft();
    Ok(Created(create_category(&app, &staff.actor, draft, r#type).await?.into()))
}

/// A category with other content, whole. Its type cannot change.
#[utoipa::path(put, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "updateCategory", params(("id" = CategoryId, Path)),
    request_body = CategoryIn, responses((status = 200, body = Data<CategoryOut>), Problems), security(("firebase" = [])))]
pub(crate) async fn update(
    State(app): State<App>,
    staff: Allowed<CatalogStaff>,
    PathId(id): PathId<CategoryId>,
    Body(category): Body<CategoryIn>,
) -> Result<Data<CategoryOut>, ApiError> {
    let (draft, r#type) = category.draft();
    Ok(Data::new(update_category(&app, &staff.actor, id, draft, r#type).await?.into()))
}
