//! Lists that are searched, filtered and sorted as the caller likes. Every value is bound; only the words of this file are SQL.
//!
//! How a page is found depends on what narrows it down, because 50,000 materials are too many to look at for each page:
//! - nothing or something common: along the index of the order, until the page is full;
//! - a category: the first rows of each category below it, along the index of both, merged;
//! - several words, or words with filters: all that have the words, by the inverted index, and of those the first. How common
//!   words are together is not known to the planner, so it is not left to choose.

use chrono::NaiveDate;
use domain::{CategoryId, Money, Unit, VendorId};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::Stored;
use super::labor::LaborRow;
use super::materials::MaterialRow;
use crate::domain::words::{Looking, Meant};

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

/// How well something fits what is looked for; what fits better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Its name says all of it.
    Name,
    /// Its name with its category, brand and codes does.
    Kind,
    /// Only its description does.
    Description,
}

impl Tier {
    /// The best first.
    pub(crate) const ALL: [Self; 3] = [Self::Name, Self::Kind, Self::Description];
}

/// What a list is narrowed down to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    pub looking: Option<Looking>,
    pub category: Option<CategoryId>,
    pub min_price: Option<Money>,
    pub max_price: Option<Money>,
    pub unit: Option<Unit>,
    /// In small letters.
    pub brand: Option<String>,
    /// `key=value` in small letters; all of them.
    pub specifications: Vec<String>,
    /// Offered by this vendor, who is shown.
    pub vendor: Option<VendorId>,
    /// To be had from one of these now.
    pub near: Option<Vec<VendorId>>,
}

impl Filter {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn has_more_than_words(&self) -> bool {
        !Self { looking: None, ..self.clone() }.is_plain()
    }
}

/// Where the page before ended: the value it is sorted by, and the id.
pub(crate) type After = Option<(String, Uuid)>;

/// A page that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask<'a> {
    pub filter: &'a Filter,
    pub sort: Sort,
    /// With [`Sort::Relevance`], what is wanted of it.
    pub tier: Option<Tier>,
    pub after: &'a After,
    pub limit: i64,
    pub today: NaiveDate,
}

/// A row of a list.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    /// The row.
    pub row: T,
    /// Its place among those that fit equally well.
    pub shuffle: i32,
}

impl<'r, T: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Listed<T> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { row: T::from_row(row)?, shuffle: row.try_get("shuffle")? })
    }
}

/// What differs between the two lists.
pub(crate) struct Table {
    columns: &'static str,
    name: &'static str,
    code: &'static str,
    price: &'static str,
    /// What a vendor has of it; `o` is the offer.
    offers: &'static str,
    item: &'static str,
    in_stock: &'static str,
    is_material: bool,
}

/// What can be listed.
pub(crate) trait Sold: for<'r> FromRow<'r, PgRow> + Send + Unpin {
    /// Where it is.
    const TABLE: Table;
    /// Its id.
    fn id(&self) -> Uuid;
    /// The value that it is sorted by, as text.
    fn sort_value(&self, sort: Sort) -> String;
}

impl Sold for MaterialRow {
    const TABLE: Table = Table {
        columns: "m.id, m.category_id, m.name, m.description, m.sku, m.base_price, m.unit, m.min_order_quantity, m.image_urls, \
             m.specifications, m.hsn_code, m.price_band_percent, m.is_active, m.updated_at",
        name: "materials",
        code: "m.hsn_code",
        price: "m.base_price",
        offers: "vendor_inventory",
        item: "o.material_id",
        in_stock: "o.is_available \
             AND o.stock_quantity - o.reserved_quantity >= coalesce(o.min_order_quantity, m.min_order_quantity)",
        is_material: true,
    };
    fn id(&self) -> Uuid {
        self.id.as_uuid()
    }
    fn sort_value(&self, sort: Sort) -> String {
        match sort {
            Sort::PriceUp | Sort::PriceDown => self.base_price.to_string(),
            _ => self.name.clone(),
        }
    }
}

impl Sold for LaborRow {
    const TABLE: Table = Table {
        columns: "m.id, m.category_id, m.name, m.slug, m.description, m.hourly_rate, m.daily_rate, m.min_hours, \
             m.skills_required, m.image_url, m.sac_code, m.price_band_percent, m.is_active, m.updated_at",
        name: "labor_categories",
        code: "m.sac_code",
        price: "coalesce(m.hourly_rate, m.daily_rate)",
        offers: "vendor_labor_availability",
        item: "o.labor_category_id",
        in_stock: "o.is_available AND o.available_workers > o.reserved_workers",
        is_material: false,
    };
    fn id(&self) -> Uuid {
        self.id.as_uuid()
    }
    fn sort_value(&self, sort: Sort) -> String {
        match sort {
            Sort::PriceUp | Sort::PriceDown => self.hourly_rate.or(self.daily_rate).unwrap_or_default().to_string(),
            _ => self.name.clone(),
        }
    }
}

/// A page of what is sold.
pub(crate) async fn page<T: Sold>(conn: &mut PgConnection, ask: &Ask<'_>) -> Stored<Vec<Listed<T>>> {
    let mut query = write_page("SELECT ", &T::TABLE, ask);
    // A plan for values that are not known would take common words for rare ones; only the list of all needs no such thing.
    query.build_query_as().persistent(ask.filter.is_plain()).fetch_all(conn).await
}

/// How a page is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the planner thinks.
    Along,
    /// By the words or specifications first.
    ByWords,
    /// Category by category.
    ByCategory,
}

impl Way {
    fn of(filter: &Filter) -> Self {
        match &filter.looking {
            Some(looking) if looking.is_compound() || filter.has_more_than_words() => Self::ByWords,
            None if !filter.specifications.is_empty() => Self::ByWords,
            None if filter.category.is_some() => Self::ByCategory,
            _ => Self::Along,
        }
    }
}

/// The statement of a page, which begins with SELECT, or with what is to be done with it.
fn write_page(begin: &'static str, table: &Table, ask: &Ask<'_>) -> QueryBuilder<Postgres> {
    let way = Way::of(ask.filter);
    let mut query = QueryBuilder::new(begin);
    query.push(table.columns).push(", m.shuffle, g.rate AS gst_rate FROM ");
    match way {
        Way::Along => {
            query.push(table.name).push(" m");
        }
        Way::ByWords => {
            // In two steps: those with the words in their order, then as many of them as the page takes.
            query.push("(SELECT f.id FROM (SELECT m.id, ").push(minimum(table)).push(" AS minimum, ").push(key(table, ask.sort));
            query.push(" AS sort FROM ").push(table.name).push(" m WHERE m.is_active");
            push_filter(&mut query, table, ask);
            push_after(&mut query, table, ask);
            push_order(&mut query, table, ask.sort);
            query.push(" OFFSET 0) f");
            if ask.filter.near.is_some() {
                query.push(" WHERE ");
                push_near(&mut query, table, ask.filter, "f.id", "f.minimum");
            }
            query.push(" ORDER BY f.sort").push(direction(ask.sort)).push(", f.id").push(direction(ask.sort));
            query.push(" LIMIT ").push(ask.limit).push(") p JOIN ").push(table.name).push(" m ON m.id = p.id");
        }
        Way::ByCategory => {
            query.push("(SELECT f.id FROM unnest(");
            push_tree(&mut query, ask.filter);
            query.push(") AS c (id) CROSS JOIN LATERAL (SELECT m.id, ").push(key(table, ask.sort)).push(" AS sort FROM ");
            query.push(table.name).push(" m WHERE m.is_active AND m.category_id = c.id");
            push_filter(&mut query, table, ask);
            if ask.filter.near.is_some() {
                query.push(" AND ");
                push_near(&mut query, table, ask.filter, "m.id", minimum(table));
            }
            push_after(&mut query, table, ask);
            push_order(&mut query, table, ask.sort);
            query.push(" LIMIT ").push(ask.limit).push(") f ORDER BY f.sort").push(direction(ask.sort));
            query.push(", f.id").push(direction(ask.sort)).push(" LIMIT ").push(ask.limit);
            query.push(") p JOIN ").push(table.name).push(" m ON m.id = p.id");
        }
    }
    query.push(" LEFT JOIN gst_rates g ON g.tax_code = ").push(table.code).push(" AND g.scheme = 'regular' AND g.valid_from <= ");
    query.push_bind(ask.today).push(" AND (g.valid_to IS NULL OR g.valid_to >= ").push_bind(ask.today).push(")");
    if way == Way::Along {
        query.push(" WHERE m.is_active");
        push_filter(&mut query, table, ask);
        if ask.filter.near.is_some() {
            query.push(" AND ");
            push_near(&mut query, table, ask.filter, "m.id", minimum(table));
        }
        push_after(&mut query, table, ask);
    }
    push_order(&mut query, table, ask.sort);
    // Written, not bound: a plan that is kept for every number would be one for very many, and would never be kept.
    query.push(" LIMIT ").push(ask.limit);
    query
}

const fn minimum(table: &Table) -> &'static str {
    if table.is_material { "m.min_order_quantity" } else { "NULL::numeric" }
}

/// What a list is sorted by, besides the id. Ids are made in the order of time.
const fn key(table: &Table, sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "m.name",
        Sort::PriceUp | Sort::PriceDown => table.price,
        Sort::Newest => "m.id",
        Sort::Relevance => "m.shuffle",
    }
}

const fn direction(sort: Sort) -> &'static str {
    if matches!(sort, Sort::PriceDown | Sort::Newest) { " DESC" } else { "" }
}

fn push_order(query: &mut QueryBuilder<Postgres>, table: &Table, sort: Sort) {
    query.push(" ORDER BY ").push(key(table, sort)).push(direction(sort)).push(", m.id").push(direction(sort));
}

/// The page lies behind the row that the one before ended with.
fn push_after(query: &mut QueryBuilder<Postgres>, table: &Table, ask: &Ask<'_>) {
    let Some((value, id)) = ask.after else { return };
    let cast = match ask.sort {
        Sort::Name => "",
        Sort::PriceUp | Sort::PriceDown => "::numeric",
        Sort::Newest => "::uuid",
        Sort::Relevance => "::integer",
    };
    let than = if direction(ask.sort).is_empty() { ">" } else { "<" };
    query.push(" AND (").push(key(table, ask.sort)).push(", m.id) ").push(than).push(" (");
    query.push_bind(value.clone()).push(cast).push(", ").push_bind(*id).push(")");
}

/// The category and what hangs under it, as an array.
fn push_tree(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push("ARRAY(WITH RECURSIVE tree AS (SELECT id FROM categories WHERE id = ").push_bind(filter.category);
    query.push(" UNION SELECT c.id FROM categories c JOIN tree t ON c.parent_id = t.id) SELECT id FROM tree)");
}

/// Everything but the place, and but the category where rows are found by it.
fn push_filter(query: &mut QueryBuilder<Postgres>, table: &Table, ask: &Ask<'_>) {
    let filter = ask.filter;
    if let Some(looking) = &filter.looking {
        push_words(query, &looking.query(), ask.tier);
    }
    if filter.category.is_some() && Way::of(filter) != Way::ByCategory {
        query.push(" AND m.category_id = ANY (");
        push_tree(query, filter);
        query.push(")");
    }
    push_terms(query, table, filter);
}

fn push_words(query: &mut QueryBuilder<Postgres>, words: &str, tier: Option<Tier>) {
    let (fits, better) = match tier {
        Some(Tier::Name) => ("m.name_doc", None),
        Some(Tier::Kind) => ("m.kind_doc", Some("m.name_doc")),
        Some(Tier::Description) => ("m.doc", Some("m.kind_doc")),
        None => ("m.doc", None),
    };
    query.push(" AND ").push(fits).push(" @@ to_tsquery('english', ").push_bind(words.to_owned()).push(")");
    if let Some(better) = better {
        query.push(" AND NOT ").push(better).push(" @@ to_tsquery('english', ").push_bind(words.to_owned()).push(")");
    }
}

/// Price, unit, brand, specifications, vendor.
fn push_terms(query: &mut QueryBuilder<Postgres>, table: &Table, filter: &Filter) {
    if let Some(vendor) = filter.vendor {
        query.push(" AND m.id = ANY (ARRAY(SELECT ").push(table.item).push(" FROM ").push(table.offers);
        query.push(" o JOIN vendors v ON v.vendor_id = o.vendor_id AND v.status = 'active' AND v.is_accepting_orders");
        query.push(" WHERE o.vendor_id = ").push_bind(vendor).push("))");
    }
    if let Some(price) = filter.min_price {
        query.push(" AND ").push(table.price).push(" >= ").push_bind(price);
    }
    if let Some(price) = filter.max_price {
        query.push(" AND ").push(table.price).push(" <= ").push_bind(price);
    }
    if !table.is_material {
        return;
    }
    if let Some(unit) = filter.unit {
        query.push(" AND m.unit = ").push_bind(unit);
    }
    if let Some(brand) = &filter.brand {
        query.push(" AND lower(m.specifications ->> 'brand') = ").push_bind(brand.clone());
    }
    if !filter.specifications.is_empty() {
        query.push(" AND m.facets @> ").push_bind(filter.specifications.clone());
    }
}

/// So few vendors are asked what they have; of more, it is asked of each thing whether one of them has it.
const FEW_VENDORS: usize = 4;

/// To be had from one of the vendors near.
fn push_near(query: &mut QueryBuilder<Postgres>, table: &Table, filter: &Filter, id: &'static str, minimum: &'static str) {
    let vendors: Vec<Uuid> = filter.near.iter().flatten().map(|vendor| vendor.as_uuid()).collect();
    if vendors.len() <= FEW_VENDORS {
        query.push(id).push(" = ANY (ARRAY(SELECT ").push(table.item).push(" FROM ").push(table.offers);
        query.push(" o WHERE o.is_available AND o.vendor_id = ANY (").push_bind(vendors.clone()).push("))) AND ");
    }
    query.push("EXISTS (SELECT FROM ").push(table.offers).push(" o WHERE ").push(table.item).push(" = ").push(id);
    query.push(" AND o.vendor_id = ANY (").push_bind(vendors).push(") AND ");
    query.push(table.in_stock.replace("m.min_order_quantity", minimum)).push(")");
}

/// How many of those that a filter leaves have which property.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Count {
    /// `category`, `unit`, `price` or `specification`.
    pub kind: String,
    /// Category id, unit, number of the price range, `key=value`.
    pub term: String,
    /// The value as it is written somewhere.
    pub label: Option<String>,
    pub count: i64,
}

/// Counts materials by category, unit, range of price (`bounds` between them) and specification.
pub(crate) async fn counts(conn: &mut PgConnection, filter: &Filter, bounds: &[Money]) -> Stored<Vec<Count>> {
    let table = &MaterialRow::TABLE;
    let mut query = QueryBuilder::new(
        "WITH found AS MATERIALIZED (SELECT m.category_id, m.unit, m.base_price, m.facets, m.facet_labels \
           FROM materials m WHERE m.is_active",
    );
    if let Some(looking) = &filter.looking {
        push_words(&mut query, &looking.query(), None);
    }
    if filter.category.is_some() {
        query.push(" AND m.category_id = ANY (");
        push_tree(&mut query, filter);
        query.push(")");
    }
    push_terms(&mut query, table, filter);
    if let Some(near) = &filter.near {
        let vendors: Vec<Uuid> = near.iter().map(|vendor| vendor.as_uuid()).collect();
        query.push(" AND m.id IN (SELECT o.material_id FROM vendor_inventory o JOIN materials m ON m.id = o.material_id WHERE ");
        query.push(table.in_stock).push(" AND o.vendor_id = ANY (").push_bind(vendors).push("))");
    }
    query.push(
        ") SELECT 'category' AS kind, category_id::text AS term, NULL AS label, count(*) AS count FROM found GROUP BY 2 \
         UNION ALL SELECT 'unit', unit, NULL, count(*) FROM found GROUP BY 2 \
         UNION ALL SELECT 'price', width_bucket(base_price, ",
    );
    query.push_bind(bounds.iter().map(ToString::to_string).collect::<Vec<_>>());
    query.push(
        "::text[]::numeric[])::text, NULL, count(*) FROM found GROUP BY 2 \
         UNION ALL SELECT 'specification', f.term, min(f.label), count(*) \
           FROM found, unnest(found.facets, found.facet_labels) AS f (term, label) GROUP BY 2",
    );
    query.build_query_as().persistent(false).fetch_all(conn).await
}

/// What words may have meant that the catalogue does not have: what begins with them, and what is much like them.
pub(crate) async fn meant(conn: &mut PgConnection, words: &[String]) -> Stored<Vec<Meant>> {
    let rows = sqlx::query!(
        r#"SELECT asked.word as "typed!", known.word IS NOT NULL as "known!",
                  array(SELECT alike.word FROM (
                      (SELECT w.word, 1::real AS alike FROM search_words w
                        WHERE known.word IS NULL AND length(asked.word) >= 2 AND w.word >= asked.word AND w.word < asked.word || U&'\FFFF' ORDER BY w.word LIMIT 6)
                      UNION ALL
                      (SELECT w.word, similarity(w.word, asked.word) FROM search_words w
                        WHERE known.word IS NULL AND w.word % asked.word AND similarity(w.word, asked.word) >= 0.35
                        ORDER BY similarity(w.word, asked.word) DESC, w.word LIMIT 3)
                  ) alike ORDER BY alike.alike DESC, alike.word) as "words!"
             FROM unnest($1::text[]) AS asked (word)
             LEFT JOIN LATERAL (SELECT w.word FROM search_words w
                   WHERE w.stem = ANY (ts_lexize('english_stem', asked.word)) LIMIT 1) known ON true"#,
        words
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Meant { typed: row.typed, known: row.known, words: row.words }).collect())
}

#[cfg(test)]
mod plans;
