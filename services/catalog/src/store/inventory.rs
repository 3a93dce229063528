//! What vendors offer, as they see and set it.

use chrono::{DateTime, Utc};
use domain::{InventoryId, ItemType, LaborId, MaterialId, Money, Quantity, Rate, Unit, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// An offer of either kind. Columns of the other kind are empty.
#[derive(Debug, Clone)]
pub(crate) struct OfferRow {
    pub id: InventoryId,
    pub vendor_id: VendorId,
    pub item_type: ItemType,
    pub item_id: Uuid,
    pub name: String,
    pub is_active: bool,
    pub unit: Option<Unit>,
    pub base_price: Option<Money>,
    pub vendor_price: Option<Money>,
    pub stock_quantity: Option<Quantity>,
    pub reserved_quantity: Option<Quantity>,
    pub min_order_quantity: Option<Quantity>,
    pub low_stock_threshold: Option<Quantity>,
    pub hourly_rate: Option<Money>,
    pub vendor_hourly_rate: Option<Money>,
    pub daily_rate: Option<Money>,
    pub vendor_daily_rate: Option<Money>,
    pub available_workers: Option<i32>,
    pub reserved_workers: Option<i32>,
    pub min_hours: Option<Quantity>,
    pub is_available: bool,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// A vendor's offers after one of them, in the order they were made.
pub(crate) async fn of_vendor(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    after: Option<InventoryId>,
    limit: i64,
) -> Stored<Vec<OfferRow>> {
    sqlx::query_as!(
        OfferRow,
        r#"SELECT id as "id!: InventoryId", vendor_id as "vendor_id!: VendorId", item_type as "item_type!: ItemType",
                  item_id as "item_id!", name as "name!", is_active as "is_active!", unit as "unit?: Unit",
                  base_price as "base_price?: Money",
                  vendor_price as "vendor_price?: Money", stock_quantity as "stock_quantity?: Quantity",
                  reserved_quantity as "reserved_quantity?: Quantity", min_order_quantity as "min_order_quantity?: Quantity",
                  low_stock_threshold as "low_stock_threshold?: Quantity", hourly_rate as "hourly_rate?: Money",
                  vendor_hourly_rate as "vendor_hourly_rate?: Money", daily_rate as "daily_rate?: Money",
                  vendor_daily_rate as "vendor_daily_rate?: Money", available_workers as "available_workers?",
                  reserved_workers as "reserved_workers?", min_hours as "min_hours?: Quantity",
                  is_available as "is_available!", version as "version!", updated_at as "updated_at!"
             FROM vendor_offers WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id > $2)
            ORDER BY id LIMIT $3"#,
        vendor_id as VendorId,
        after as Option<InventoryId>,
        limit
    )
    .fetch_all(conn)
    .await
}

/// One of a vendor's own offers.
pub(crate) async fn find_own(conn: &mut PgConnection, id: InventoryId, vendor_id: VendorId) -> Stored<Option<OfferRow>> {
    sqlx::query_as!(
        OfferRow,
        r#"SELECT id as "id!: InventoryId", vendor_id as "vendor_id!: VendorId", item_type as "item_type!: ItemType",
                  item_id as "item_id!", name as "name!", is_active as "is_active!", unit as "unit?: Unit",
                  base_price as "base_price?: Money",
                  vendor_price as "vendor_price?: Money", stock_quantity as "stock_quantity?: Quantity",
                  reserved_quantity as "reserved_quantity?: Quantity", min_order_quantity as "min_order_quantity?: Quantity",
                  low_stock_threshold as "low_stock_threshold?: Quantity", hourly_rate as "hourly_rate?: Money",
                  vendor_hourly_rate as "vendor_hourly_rate?: Money", daily_rate as "daily_rate?: Money",
                  vendor_daily_rate as "vendor_daily_rate?: Money", available_workers as "available_workers?",
                  reserved_workers as "reserved_workers?", min_hours as "min_hours?: Quantity",
                  is_available as "is_available!", version as "version!", updated_at as "updated_at!"
             FROM vendor_offers WHERE id = $1 AND vendor_id = $2"#,
        id as InventoryId,
        vendor_id as VendorId
    )
    .fetch_optional(conn)
    .await
}

/// Of a material: what the vendor's own row says, and the catalogue's price to compare with; locked.
#[derive(Debug, Clone)]
pub(crate) struct MaterialTerms {
    pub material_id: MaterialId,
    pub name: String,
    pub unit: Unit,
    pub base_price: Money,
    pub price_band_percent: Rate,
    pub default_minimum: Quantity,
    pub is_available: bool,
    pub stock_quantity: Quantity,
    pub reserved_quantity: Quantity,
    pub vendor_price: Option<Money>,
    pub min_order_quantity: Option<Quantity>,
    pub low_stock_threshold: Option<Quantity>,
    pub is_low: bool,
    pub is_batched: bool,
    pub version: i64,
}

/// Locks a vendor's own material offer.
pub(crate) async fn lock_material(
    conn: &mut PgConnection,
    id: InventoryId,
    vendor_id: VendorId,
) -> Stored<Option<MaterialTerms>> {
    sqlx::query_as!(
        MaterialTerms,
        r#"SELECT o.material_id as "material_id: MaterialId", m.name, m.unit as "unit: Unit",
                  m.base_price as "base_price: Money", m.price_band_percent as "price_band_percent: Rate",
                  m.min_order_quantity as "default_minimum: Quantity", o.is_available,
                  o.stock_quantity as "stock_quantity: Quantity", o.reserved_quantity as "reserved_quantity: Quantity",
                  o.vendor_price as "vendor_price: Money", o.min_order_quantity as "min_order_quantity: Quantity",
                  o.low_stock_threshold as "low_stock_threshold: Quantity", o.is_low, o.is_batched, o.version
             FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
            WHERE o.id = $1 AND o.vendor_id = $2 FOR UPDATE OF o FOR SHARE OF m"#,
        id as InventoryId,
        vendor_id as VendorId
    )
    .fetch_optional(conn)
    .await
}

/// A new material offer; false when the vendor has one.
pub(crate) async fn insert_material(
    conn: &mut PgConnection,
    id: InventoryId,
    vendor_id: VendorId,
    terms: &MaterialTerms,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "WITH made AS (
             INSERT INTO vendor_inventory (id, vendor_id, material_id, is_available, stock_quantity, vendor_price,
                                           min_order_quantity, low_stock_threshold, is_low, is_batched, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
             ON CONFLICT ON CONSTRAINT vendor_inventory_once DO NOTHING RETURNING id, stock_quantity),
         booked AS (
             INSERT INTO stock_movements (inventory_id, kind, quantity, occurred_at)
             SELECT id, 'opening', stock_quantity, $11 FROM made WHERE stock_quantity > 0)
         SELECT id FROM made",
        id as InventoryId,
        vendor_id as VendorId,
        terms.material_id as MaterialId,
        terms.is_available,
        terms.stock_quantity as Quantity,
        terms.vendor_price as Option<Money>,
        terms.min_order_quantity as Option<Quantity>,
        terms.low_stock_threshold as Option<Quantity>,
        terms.is_low,
        terms.is_batched,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(done.is_some())
}

/// New terms for the version that was read; false when it is another by now.
pub(crate) async fn update_material(
    conn: &mut PgConnection,
    id: InventoryId,
    terms: &MaterialTerms,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "WITH before AS (SELECT stock_quantity FROM vendor_inventory WHERE id = $1),
         done AS (
             UPDATE vendor_inventory SET is_available = $2, stock_quantity = $3, vendor_price = $4, min_order_quantity = $5,
                    low_stock_threshold = $6, is_low = $7, is_batched = $8, version = version + 1, updated_at = $9
              WHERE id = $1 AND version = $10 RETURNING id, stock_quantity),
         booked AS (
             INSERT INTO stock_movements (inventory_id, kind, quantity, occurred_at)
             SELECT done.id, 'counted', done.stock_quantity - before.stock_quantity, $9
               FROM done, before WHERE done.stock_quantity <> before.stock_quantity)
         SELECT id FROM done",
        id as InventoryId,
        terms.is_available,
        terms.stock_quantity as Quantity,
        terms.vendor_price as Option<Money>,
        terms.min_order_quantity as Option<Quantity>,
        terms.low_stock_threshold as Option<Quantity>,
        terms.is_low,
        terms.is_batched,
        now,
        terms.version
    )
    .fetch_optional(conn)
    .await?;
    Ok(done.is_some())
}

/// Of labour: what the vendor's own row says, and the catalogue's rates to compare with; locked.
#[derive(Debug, Clone)]
pub(crate) struct LaborTerms {
    pub labor_id: LaborId,
    pub hourly_rate: Option<Money>,
    pub daily_rate: Option<Money>,
    pub price_band_percent: Rate,
    pub is_available: bool,
    pub available_workers: i32,
    pub reserved_workers: i32,
    pub vendor_hourly_rate: Option<Money>,
    pub vendor_daily_rate: Option<Money>,
    pub version: i64,
}

/// Locks a vendor's own labour offer.
pub(crate) async fn lock_labor(conn: &mut PgConnection, id: InventoryId, vendor_id: VendorId) -> Stored<Option<LaborTerms>> {
    sqlx::query_as!(
        LaborTerms,
        r#"SELECT a.labor_category_id as "labor_id: LaborId", l.hourly_rate as "hourly_rate: Money",
                  l.daily_rate as "daily_rate: Money", l.price_band_percent as "price_band_percent: Rate", a.is_available,
                  a.available_workers, a.reserved_workers, a.vendor_hourly_rate as "vendor_hourly_rate: Money",
                  a.vendor_daily_rate as "vendor_daily_rate: Money", a.version
             FROM vendor_labor_availability a JOIN labor_categories l ON l.id = a.labor_category_id
            WHERE a.id = $1 AND a.vendor_id = $2 FOR UPDATE OF a FOR SHARE OF l"#,
        id as InventoryId,
        vendor_id as VendorId
    )
    .fetch_optional(conn)
    .await
}

/// A new labour offer; false when the vendor has one.
pub(crate) async fn insert_labor(
    conn: &mut PgConnection,
    id: InventoryId,
    vendor_id: VendorId,
    terms: &LaborTerms,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO vendor_labor_availability (id, vendor_id, labor_category_id, is_available, available_workers,
                                                vendor_hourly_rate, vendor_daily_rate, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT ON CONSTRAINT vendor_labor_once DO NOTHING",
        id as InventoryId,
        vendor_id as VendorId,
        terms.labor_id as LaborId,
        terms.is_available,
        terms.available_workers,
        terms.vendor_hourly_rate as Option<Money>,
        terms.vendor_daily_rate as Option<Money>,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// New terms for the version that was read; false when it is another by now.
pub(crate) async fn update_labor(
    conn: &mut PgConnection,
    id: InventoryId,
    terms: &LaborTerms,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE vendor_labor_availability SET is_available = $2, available_workers = $3, vendor_hourly_rate = $4,
                vendor_daily_rate = $5, version = version + 1, updated_at = $6
          WHERE id = $1 AND version = $7",
        id as InventoryId,
        terms.is_available,
        terms.available_workers,
        terms.vendor_hourly_rate as Option<Money>,
        terms.vendor_daily_rate as Option<Money>,
        now,
        terms.version
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which offer a vendor has of an item.
pub(crate) async fn id_of(conn: &mut PgConnection, vendor_id: VendorId, item_id: Uuid) -> Stored<Option<InventoryId>> {
    sqlx::query_scalar!(
        r#"SELECT id as "id!: InventoryId" FROM vendor_offers WHERE vendor_id = $1 AND item_id = $2"#,
        vendor_id as VendorId,
        item_id
    )
    .fetch_optional(conn)
    .await
}

/// Takes back vendors' own prices of a material that lie outside `lowest` to `highest`: the platform has moved its price
/// (rule 21). Answers whose.
pub(crate) async fn drop_prices_outside(
    conn: &mut PgConnection,
    material_id: MaterialId,
    lowest: Money,
    highest: Money,
    now: DateTime<Utc>,
) -> Stored<Vec<(InventoryId, VendorId)>> {
    let rows = sqlx::query!(
        r#"WITH outside AS (
               SELECT id FROM vendor_inventory
                WHERE material_id = $1 AND (vendor_price < $2 OR vendor_price > $3) ORDER BY id FOR UPDATE)
           UPDATE vendor_inventory o SET vendor_price = NULL, version = o.version + 1, updated_at = $4
             FROM outside WHERE o.id = outside.id
           RETURNING o.id as "id: InventoryId", o.vendor_id as "vendor_id: VendorId""#,
        material_id as MaterialId,
        lowest as Money,
        highest as Money,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.vendor_id)).collect())
}

/// The same for the rates of labour; no limits mean that it is no longer sold that way.
pub(crate) async fn drop_rates_outside(
    conn: &mut PgConnection,
    labor_id: LaborId,
    hourly: Option<(Money, Money)>,
    daily: Option<(Money, Money)>,
    now: DateTime<Utc>,
) -> Stored<Vec<(InventoryId, VendorId)>> {
    let rows = sqlx::query!(
        r#"WITH judged AS (
               SELECT id,
                      vendor_hourly_rate BETWEEN $2::numeric AND $3::numeric AS hourly_fits,
                      vendor_daily_rate BETWEEN $4::numeric AND $5::numeric AS daily_fits
                 FROM vendor_labor_availability
                WHERE labor_category_id = $1
                  AND (vendor_hourly_rate IS NOT NULL OR vendor_daily_rate IS NOT NULL) ORDER BY id FOR UPDATE)
           UPDATE vendor_labor_availability a
              SET vendor_hourly_rate = CASE WHEN j.hourly_fits THEN a.vendor_hourly_rate END,
                  vendor_daily_rate = CASE WHEN j.daily_fits THEN a.vendor_daily_rate END,
                  version = a.version + 1, updated_at = $6
             FROM judged j
            WHERE a.id = j.id AND ((a.vendor_hourly_rate IS NOT NULL AND j.hourly_fits IS NOT TRUE)
                                OR (a.vendor_daily_rate IS NOT NULL AND j.daily_fits IS NOT TRUE))
           RETURNING a.id as "id: InventoryId", a.vendor_id as "vendor_id: VendorId""#,
        labor_id as LaborId,
        hourly.map(|limits| limits.0) as Option<Money>,
        hourly.map(|limits| limits.1) as Option<Money>,
        daily.map(|limits| limits.0) as Option<Money>,
        daily.map(|limits| limits.1) as Option<Money>,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.vendor_id)).collect())
}
