//! Reading the catalogue.

use domain::business_time::ist_date;
use domain::{CategoryId, InventoryId, LaborId, MaterialId, Money, VendorId};
use service_kit::http::PageRequest;
use uuid::Uuid;

use super::CatalogError;
use crate::App;
use crate::domain::tree::{Node, grow};
use crate::store::categories::{self, CategoryRow};
use crate::store::inventory::{self, OfferRow};
use crate::store::labor::{self, LaborRow};
use crate::store::materials::{self, MaterialRow};
use crate::store::offers::{self, MaterialOfferRow, TermsRow};
use crate::store::search::{self, Filter, Sort, Sorted};

/// Where a sorted list continues.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct ListCursor {
    /// The order of the list; a cursor of another order is none of this one.
    pub by: String,
    /// The value the list is sorted by.
    pub at: String,
    /// The id.
    pub id: Uuid,
}

/// The categories that are shown, as a tree.
pub(crate) async fn category_tree(app: &App) -> Result<Vec<Node<CategoryRow>>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    let rows = categories::active(&mut conn).await?;
    Ok(grow(rows, |row| row.id, |row| row.parent_id))
}

/// Materials that are sold.
pub(crate) async fn list_materials(
    app: &App,
    filter: &Filter,
    sort: Sort,
    page: &PageRequest<ListCursor>,
) -> Result<Vec<Sorted<MaterialRow>>, CatalogError> {
    let after = page.after.as_ref().map(|cursor| (cursor.at.clone(), cursor.id));
    let today = ist_date(app.kit.clock.now());
    if filter.words.is_empty() {
        let mut conn = app.kit.pool.acquire().await?;
        return Ok(search::materials(&mut conn, filter, sort, after, page.fetch(), today).await?);
    }
    let mut tx = app.kit.pool.begin().await?;
    search::tolerate_errors(&mut tx).await?;
    let found = search::materials(&mut tx, filter, sort, after, page.fetch(), today).await?;
    tx.commit().await?;
    Ok(found)
}

/// One material that is sold.
pub(crate) async fn material(app: &App, id: MaterialId) -> Result<MaterialRow, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    let row = materials::find(&mut conn, id, ist_date(app.kit.clock.now())).await?;
    row.filter(|row| row.is_active).ok_or(CatalogError::NotFound("material"))
}

/// What a shown vendor asks for these materials.
pub(crate) async fn terms_of_materials(app: &App, vendor: VendorId, ids: &[Uuid]) -> Result<Vec<TermsRow>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(offers::terms_of_materials(&mut conn, vendor, ids).await?)
}

/// Labour that is sold.
pub(crate) async fn list_labor(
    app: &App,
    filter: &Filter,
    sort: Sort,
    page: &PageRequest<ListCursor>,
) -> Result<Vec<Sorted<LaborRow>>, CatalogError> {
    let after = page.after.as_ref().map(|cursor| (cursor.at.clone(), cursor.id));
    let today = ist_date(app.kit.clock.now());
    if filter.words.is_empty() {
        let mut conn = app.kit.pool.acquire().await?;
        return Ok(search::labor(&mut conn, filter, sort, after, page.fetch(), today).await?);
    }
    let mut tx = app.kit.pool.begin().await?;
    search::tolerate_errors(&mut tx).await?;
    let found = search::labor(&mut tx, filter, sort, after, page.fetch(), today).await?;
    tx.commit().await?;
    Ok(found)
}

/// One kind of labour that is sold.
pub(crate) async fn labor_kind(app: &App, id: LaborId) -> Result<LaborRow, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    let row = labor::find(&mut conn, id, ist_date(app.kit.clock.now())).await?;
    row.filter(|row| row.is_active).ok_or(CatalogError::NotFound("labour"))
}

/// What a shown vendor asks for these kinds of labour.
pub(crate) async fn terms_of_labor(app: &App, vendor: VendorId, ids: &[Uuid]) -> Result<Vec<TermsRow>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(offers::terms_of_labor(&mut conn, vendor, ids).await?)
}

/// The category, shown or not, so that an address that names none is told apart from an empty one.
pub(crate) async fn known_category(app: &App, id: CategoryId) -> Result<(), CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    categories::find(&mut conn, id).await?.filter(|row| row.is_active).map(|_| ()).ok_or(CatalogError::NotFound("category"))
}

/// Vendors who have a material now, the cheapest first.
pub(crate) async fn offers_of(
    app: &App,
    id: MaterialId,
    page: &PageRequest<(Money, InventoryId)>,
) -> Result<Vec<MaterialOfferRow>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    if !offers::material_is_sold(&mut conn, id).await? {
        return Err(CatalogError::NotFound("material"));
    }
    Ok(offers::of_material(&mut conn, id, page.after, page.fetch()).await?)
}

/// Everything a vendor offers, as the vendor sees it.
pub(crate) async fn inventory_of(
    app: &App,
    vendor: VendorId,
    page: &PageRequest<InventoryId>,
) -> Result<Vec<OfferRow>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    Ok(inventory::of_vendor(&mut conn, vendor, page.after, page.fetch()).await?)
}
