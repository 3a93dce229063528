//! Reading the catalogue.

use chrono::NaiveDate;
use domain::business_time::ist_date;
use domain::{CategoryId, InventoryId, LaborId, MaterialId, Money, VendorId};
use service_kit::http::PageRequest;
use sqlx::PgConnection;
use uuid::Uuid;

use super::CatalogError;
use crate::App;
use crate::domain::tree::{Node, grow};
use crate::domain::words::Looking;
use crate::store::categories::{self, CategoryRow};
use crate::store::inventory::{self, OfferRow};
use crate::store::labor::{self, LaborRow};
use crate::store::materials::{self, MaterialRow};
use crate::store::offers::{self, MaterialOfferRow, TermsRow};
use crate::store::search::{self, Ask, Filter, Listed, Sold, Sort, Tier};
use crate::store::vendors::{self, Place};

/// Where a sorted list continues.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct ListCursor {
    /// The order of the list; a cursor of another order is none of this one.
    pub by: String,
    /// The value the list is sorted by.
    pub at: String,
    /// The id.
    pub id: Uuid,
    /// What is looked for instead of what was typed, so that the next page looks for the same whatever is new by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A row of a list.
#[derive(Debug)]
pub(crate) struct ListRow<T> {
    /// The row.
    pub row: T,
    /// Its id.
    pub id: Uuid,
    /// Where the list goes on after it.
    pub at: String,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found<T> {
    /// At most one more than asked for.
    pub rows: Vec<ListRow<T>>,
    /// What was really looked for.
    pub filter: Filter,
    /// The words, when they are not those that were typed.
    pub corrected: Option<String>,
}

/// The categories that are shown, as a tree.
pub(crate) async fn category_tree(app: &App) -> Result<Vec<Node<CategoryRow>>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    let rows = categories::active(&mut conn).await?;
    Ok(grow(rows, |row| row.id, |row| row.parent_id))
}

/// What is sold.
pub(crate) async fn list<T: Sold>(
    app: &App,
    mut filter: Filter,
    place: Option<&Place>,
    sort: Sort,
    page: &PageRequest<ListCursor>,
) -> Result<Found<T>, CatalogError> {
    let today = ist_date(app.kit.clock.now());
    let mut corrected = page.after.as_ref().and_then(|cursor| cursor.words.clone());
    if let Some(words) = &corrected {
        filter.looking = Looking::from_compact(words);
    }
    let mut conn = app.kit.pool.acquire().await?;
    if let Some(place) = place {
        let vendors = vendors::delivering_to(&mut conn, place).await?;
        filter.near = Some(vendors);
    }
    let after = page.after.as_ref().map(|cursor| (cursor.at.as_str(), cursor.id));
    let mut rows = rows(&mut conn, &filter, sort, after, page.fetch(), today).await?;
    if rows.is_empty() && after.is_none() && filter.near.as_ref().is_none_or(|near| !near.is_empty()) {
        let doubtful = filter.looking.as_ref().map(Looking::doubtful).unwrap_or_default();
        if !doubtful.is_empty() {
            let meant = search::meant(&mut conn, &doubtful).await?;
            if let Some(looking) = filter.looking.as_ref().and_then(|looking| looking.corrected(&meant)) {
                corrected = Some(looking.compact());
                filter.looking = Some(looking);
                rows = self::rows(&mut conn, &filter, sort, None, page.fetch(), today).await?;
            }
        }
    }
    Ok(Found { rows, filter, corrected })
}

/// The rows of a page. By relevance, first those whose name says it, then those whose kind does, then the others.
async fn rows<T: Sold>(
    conn: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: Option<(&str, Uuid)>,
    limit: i64,
    today: NaiveDate,
) -> Result<Vec<ListRow<T>>, CatalogError> {
    if filter.near.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    if sort != Sort::Relevance {
        let after = after.map(|(value, id)| (value.to_owned(), id));
        let found = search::page::<T>(conn, &Ask { filter, sort, tier: None, after: &after, limit, today }).await?;
        return Ok(found.into_iter().map(|one| list_row(one, |one| one.row.sort_value(sort))).collect());
    }
    // `tier:shuffle` of the row before.
    let (first, mut after) = match after.and_then(|(at, id)| Some((at.split_once(':')?, id))) {
        Some(((tier, shuffle), id)) => (tier.parse::<usize>().unwrap_or(0), Some((shuffle.to_owned(), id))),
        None => (0, None),
    };
    let mut rows = Vec::new();
    for (number, tier) in Tier::ALL.into_iter().enumerate().skip(first) {
        let missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if missing <= 0 {
            break;
        }
        let ask = Ask { filter, sort, tier: Some(tier), after: &after.take(), limit: missing, today };
        let found = search::page::<T>(conn, &ask).await?;
        rows.extend(found.into_iter().map(|one| list_row(one, |one| format!("{number}:{}", one.shuffle))));
    }
    Ok(rows)
}

fn list_row<T: Sold>(one: Listed<T>, at: impl Fn(&Listed<T>) -> String) -> ListRow<T> {
    let at = at(&one);
    ListRow { id: one.row.id(), at, row: one.row }
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

/// Vendors who have a material now, the cheapest first; with a place, only those who deliver there.
pub(crate) async fn offers_of(
    app: &App,
    id: MaterialId,
    place: Option<&Place>,
    page: &PageRequest<(Money, InventoryId)>,
) -> Result<Vec<MaterialOfferRow>, CatalogError> {
    let mut conn = app.kit.pool.acquire().await?;
    if !offers::material_is_sold(&mut conn, id).await? {
        return Err(CatalogError::NotFound("material"));
    }
    let near = match place {
        Some(place) => Some(vendors::delivering_to(&mut conn, place).await?),
        None => None,
    };
    Ok(offers::of_material(&mut conn, id, near.as_deref(), page.after, page.fetch()).await?)
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
