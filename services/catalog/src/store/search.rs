//! Lists that are filtered and sorted as the caller likes. Every value is bound; only the words of this file are SQL.

use chrono::NaiveDate;
use domain::{CategoryId, Money, Unit, VendorId};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::Stored;
use super::labor::LaborRow;
use super::materials::MaterialRow;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// By name.
    Name,
    /// The cheapest first.
    PriceUp,
    /// The dearest first.
    PriceDown,
    /// The newest first.
    Newest,
    /// What fits the search text best first.
    Relevance,
}

/// What a list is narrowed down to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub words: Vec<String>,
    pub category: Option<CategoryId>,
    pub min_price: Option<Money>,
    pub max_price: Option<Money>,
    pub unit: Option<Unit>,
    pub brand: Option<String>,
    pub vendor: Option<VendorId>,
}

/// Where the page before ended: the value it is sorted by, and the id.
pub(crate) type After = Option<(String, Uuid)>;

/// A row and the value it is sorted by.
#[derive(Debug)]
pub(crate) struct Sorted<T> {
    /// The row.
    pub row: T,
    /// As text.
    pub sort_value: String,
    /// Its id.
    pub sort_id: Uuid,
}

impl<'r, T: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Sorted<T> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { row: T::from_row(row)?, sort_value: row.try_get("sort_value")?, sort_id: row.try_get("sort_id")? })
    }
}

const MATERIAL: &str = "m.id, m.category_id, m.name, m.description, m.sku, m.base_price, m.unit, m.min_order_quantity, \
     m.image_urls, m.specifications, m.hsn_code, m.price_band_percent, m.is_active, m.updated_at, g.rate AS gst_rate";
const LABOR: &str = "m.id, m.category_id, m.name, m.slug, m.description, m.hourly_rate, m.daily_rate, m.min_hours, \
     m.skills_required, m.image_url, m.sac_code, m.price_band_percent, m.is_active, m.updated_at, g.rate AS gst_rate";

/// Until the transaction ends: what is much like a word (`cemnt` is half of `cement`), and that reading an index costs
/// little, for the planner thinks that comparing texts costs nothing and would compare them all.
pub(crate) async fn tolerate_errors(conn: &mut PgConnection) -> Stored<()> {
    sqlx::query!(
        "SELECT set_config('pg_trgm.word_similarity_threshold', '0.45', true) AS alike,
                set_config('random_page_cost', '1.1', true) AS cost"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Materials that are sold.
pub(crate) async fn materials(
    conn: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: After,
    limit: i64,
    today: NaiveDate,
) -> Stored<Vec<Sorted<MaterialRow>>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(MATERIAL);
    list(&mut query, &MATERIALS, filter, sort, after, limit, today);
    query.build_query_as().fetch_all(conn).await
}

/// Labour that is sold.
pub(crate) async fn labor(
    conn: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: After,
    limit: i64,
    today: NaiveDate,
) -> Stored<Vec<Sorted<LaborRow>>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(LABOR);
    list(&mut query, &KINDS, filter, sort, after, limit, today);
    query.build_query_as().fetch_all(conn).await
}

/// What differs between the two lists.
struct Table {
    name: &'static str,
    code: &'static str,
    price: &'static str,
    offers: &'static str,
    has_unit_and_brand: bool,
}

const MATERIALS: Table = Table {
    name: "materials",
    code: "m.hsn_code",
    price: "m.base_price",
    offers: "vendor_inventory o ON o.material_id = m.id",
    has_unit_and_brand: true,
};
const KINDS: Table = Table {
    name: "labor_categories",
    code: "m.sac_code",
    price: "coalesce(m.hourly_rate, m.daily_rate)",
    offers: "vendor_labor_availability o ON o.labor_category_id = m.id",
    has_unit_and_brand: false,
};

fn list(
    query: &mut QueryBuilder<Postgres>,
    table: &Table,
    filter: &Filter,
    sort: Sort,
    after: After,
    limit: i64,
    today: NaiveDate,
) {
    query.push(", (");
    push_sort_value(query, table, filter, sort);
    query.push(")::text AS sort_value, m.id AS sort_id FROM ").push(table.name).push(" m LEFT JOIN gst_rates g ON g.tax_code = ");
    query.push(table.code).push(" AND g.scheme = 'regular' AND g.valid_from <= ").push_bind(today);
    query.push(" AND (g.valid_to IS NULL OR g.valid_to >= ").push_bind(today).push(")");
    if let Some(vendor) = filter.vendor {
        query.push(" JOIN ").push(table.offers).push(" AND o.vendor_id = ").push_bind(vendor);
        query.push(" JOIN vendors v ON v.vendor_id = o.vendor_id AND v.status = 'active' AND v.is_accepting_orders");
    }
    query.push(" WHERE m.is_active");
    push_filter(query, table, filter);
    if let Some((value, id)) = after {
        let (cast, than) = comparison(sort);
        query.push(" AND (");
        push_sort_value(query, table, filter, sort);
        query.push(", m.id) ").push(than).push(" (").push_bind(value).push(cast).push(", ").push_bind(id).push(")");
    }
    let direction = if matches!(sort, Sort::PriceDown | Sort::Newest | Sort::Relevance) { " DESC" } else { "" };
    query.push(" ORDER BY ");
    push_sort_value(query, table, filter, sort);
    query.push(direction).push(", m.id").push(direction).push(" LIMIT ").push_bind(limit);
}

/// How the value after which a page begins is read, and which side of it the page lies on.
const fn comparison(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Name => ("", ">"),
        Sort::PriceUp => ("::numeric", ">"),
        Sort::PriceDown => ("::numeric", "<"),
        Sort::Newest => ("::uuid", "<"),
        Sort::Relevance => ("::integer", "<"),
    }
}

/// The similarity in thousandths, a whole number, so that it survives being written into a cursor.
fn push_sort_value(query: &mut QueryBuilder<Postgres>, table: &Table, filter: &Filter, sort: Sort) {
    match sort {
        Sort::Name => query.push("m.name"),
        Sort::PriceUp | Sort::PriceDown => query.push(table.price),
        // Ids are made in the order of time.
        Sort::Newest => query.push("m.id"),
        Sort::Relevance => query
            .push("(1000 * (word_similarity(")
            .push_bind(filter.words.join(" "))
            .push(", lower(m.name)) + word_similarity(")
            .push_bind(filter.words.join(" "))
            .push(", m.search_text)))::integer"),
    };
}

fn push_filter(query: &mut QueryBuilder<Postgres>, table: &Table, filter: &Filter) {
    for word in &filter.words {
        // Each word is somewhere in the text, or something much like it is: `cemnt`.
        query.push(" AND (m.search_text LIKE ").push_bind(contains(word));
        query.push(" OR ").push_bind(word.clone()).push(" <% m.search_text)");
    }
    if let Some(category) = filter.category {
        query.push(" AND m.category_id IN (WITH RECURSIVE tree AS (SELECT id FROM categories WHERE id = ").push_bind(category);
        query.push(" UNION SELECT c.id FROM categories c JOIN tree t ON c.parent_id = t.id) SELECT id FROM tree)");
    }
    if let Some(price) = filter.min_price {
        query.push(" AND ").push(table.price).push(" >= ").push_bind(price);
    }
    if let Some(price) = filter.max_price {
        query.push(" AND ").push(table.price).push(" <= ").push_bind(price);
    }
    if !table.has_unit_and_brand {
        return;
    }
    if let Some(unit) = filter.unit {
        query.push(" AND m.unit = ").push_bind(unit);
    }
    if let Some(brand) = &filter.brand {
        query.push(" AND lower(m.specifications ->> 'brand') = ").push_bind(brand.to_lowercase());
    }
}

/// A LIKE pattern in which the word stands for itself.
fn contains(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_itself_in_a_pattern() {
        assert_eq!(contains("50%_off\\"), "%50\\%\\_off\\\\%");
    }
}
