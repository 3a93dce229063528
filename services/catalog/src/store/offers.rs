//! Who offers something now. Only vendors that are active and accept orders are shown.

use domain::{InventoryId, LaborId, MaterialId, Money, Quantity, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// A vendor who has a material now.
#[derive(Debug, Clone)]
pub(crate) struct MaterialOfferRow {
    pub inventory_id: InventoryId,
    pub vendor_id: VendorId,
    pub business_name: String,
    pub unit_price: Money,
    pub min_order_quantity: Quantity,
}

/// Vendors who have a material now, the cheapest first; of `near` only, when given.
pub(crate) async fn of_material(
    conn: &mut PgConnection,
    material_id: MaterialId,
    near: Option<&[VendorId]>,
    after: Option<(Money, InventoryId)>,
    limit: i64,
) -> Stored<Vec<MaterialOfferRow>> {
    sqlx::query_as!(
        MaterialOfferRow,
        r#"SELECT o.id as "inventory_id: InventoryId", o.vendor_id as "vendor_id: VendorId", v.business_name,
                  coalesce(o.vendor_price, m.base_price) as "unit_price!: Money",
                  coalesce(o.min_order_quantity, m.min_order_quantity) as "min_order_quantity!: Quantity"
             FROM vendor_inventory o
             JOIN materials m ON m.id = o.material_id AND m.is_active
             JOIN vendors v ON v.vendor_id = o.vendor_id AND v.status = 'active' AND v.is_accepting_orders
            WHERE o.material_id = $1 AND o.is_available
              AND o.stock_quantity - o.reserved_quantity >= coalesce(o.min_order_quantity, m.min_order_quantity)
              AND ($5::uuid[] IS NULL OR o.vendor_id = ANY ($5))
              AND ($2::numeric IS NULL OR (coalesce(o.vendor_price, m.base_price), o.id) > ($2, $3::uuid))
            ORDER BY coalesce(o.vendor_price, m.base_price), o.id LIMIT $4"#,
        material_id as MaterialId,
        after.map(|(price, _)| price) as Option<Money>,
        after.map(|(_, id)| id) as Option<InventoryId>,
        limit,
        near as Option<&[VendorId]>
    )
    .fetch_all(conn)
    .await
}

/// A vendor's own terms for one thing.
#[derive(Debug, Clone)]
pub(crate) struct TermsRow {
    pub item_id: Uuid,
    pub inventory_id: InventoryId,
    pub unit_price: Option<Money>,
    pub daily_price: Option<Money>,
    pub min_order_quantity: Option<Quantity>,
    pub in_stock: bool,
}

/// A shown vendor's terms for these materials.
pub(crate) async fn terms_of_materials(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    materials: &[Uuid],
) -> Stored<Vec<TermsRow>> {
    sqlx::query_as!(
        TermsRow,
        r#"SELECT o.material_id as "item_id", o.id as "inventory_id: InventoryId",
                  coalesce(o.vendor_price, m.base_price) as "unit_price: Money", NULL::numeric as "daily_price: Money",
                  coalesce(o.min_order_quantity, m.min_order_quantity) as "min_order_quantity: Quantity",
                  (o.is_available AND o.stock_quantity - o.reserved_quantity >=
                      coalesce(o.min_order_quantity, m.min_order_quantity)) as "in_stock!"
             FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
            WHERE o.vendor_id = $1 AND o.material_id = ANY($2)"#,
        vendor_id as VendorId,
        materials
    )
    .fetch_all(conn)
    .await
}

/// A shown vendor's terms for these kinds of labour.
pub(crate) async fn terms_of_labor(conn: &mut PgConnection, vendor_id: VendorId, kinds: &[Uuid]) -> Stored<Vec<TermsRow>> {
    sqlx::query_as!(
        TermsRow,
        r#"SELECT a.labor_category_id as "item_id", a.id as "inventory_id: InventoryId",
                  coalesce(a.vendor_hourly_rate, l.hourly_rate) as "unit_price: Money",
                  coalesce(a.vendor_daily_rate, l.daily_rate) as "daily_price: Money",
                  l.min_hours as "min_order_quantity?: Quantity",
                  (a.is_available AND a.available_workers > a.reserved_workers) as "in_stock!"
             FROM vendor_labor_availability a JOIN labor_categories l ON l.id = a.labor_category_id
            WHERE a.vendor_id = $1 AND a.labor_category_id = ANY($2)"#,
        vendor_id as VendorId,
        kinds
    )
    .fetch_all(conn)
    .await
}

/// Whether a material can be offered at all.
pub(crate) async fn material_is_sold(conn: &mut PgConnection, id: MaterialId) -> Stored<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM materials WHERE id = $1 AND is_active) as "sold!""#, id as MaterialId)
        .fetch_one(conn)
        .await
}

/// The catalogue's side of a new offer of labour.
#[derive(Debug)]
pub(crate) struct LaborBase {
    pub hourly_rate: Option<Money>,
    pub daily_rate: Option<Money>,
    pub price_band_percent: domain::Rate,
}

/// What the catalogue says of labour that is sold; held against changes until the transaction ends.
pub(crate) async fn labor_base(conn: &mut PgConnection, id: LaborId) -> Stored<Option<LaborBase>> {
    sqlx::query_as!(
        LaborBase,
        r#"SELECT hourly_rate as "hourly_rate: Money", daily_rate as "daily_rate: Money",
                  price_band_percent as "price_band_percent: domain::Rate"
             FROM labor_categories WHERE id = $1 AND is_active FOR SHARE"#,
        id as LaborId
    )
    .fetch_optional(conn)
    .await
}

/// The catalogue's side of a new offer of a material.
#[derive(Debug)]
pub(crate) struct MaterialBase {
    pub name: String,
    pub unit: domain::Unit,
    pub base_price: Money,
    pub price_band_percent: domain::Rate,
    pub min_order_quantity: Quantity,
}

/// What the catalogue says of a material that is sold; held against changes until the transaction ends.
pub(crate) async fn material_base(conn: &mut PgConnection, id: MaterialId) -> Stored<Option<MaterialBase>> {
    sqlx::query_as!(
        MaterialBase,
        r#"SELECT name, unit as "unit: domain::Unit", base_price as "base_price: Money",
                  price_band_percent as "price_band_percent: domain::Rate",
                  min_order_quantity as "min_order_quantity: Quantity"
             FROM materials WHERE id = $1 AND is_active FOR SHARE"#,
        id as MaterialId
    )
    .fetch_optional(conn)
    .await
}
