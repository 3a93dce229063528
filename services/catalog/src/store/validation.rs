//! Everything that a validation needs to know, in one query for all lines. What has expired is not counted as stock.

use chrono::NaiveDate;
use domain::{CategoryId, GstScheme, InventoryId, Money, Quantity, Rate, Unit, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// What is known of one wanted line. Columns of the kind that it is not of are empty.
#[derive(Debug, Clone)]
pub(crate) struct WantedRow {
    pub name: Option<String>,
    pub description: Option<String>,
    pub category_id: Option<CategoryId>,
    pub is_active: bool,
    pub code: Option<String>,
    pub tax_code: Option<String>,
    pub specifications: Option<serde_json::Value>,
    pub unit: Option<Unit>,
    pub base_price: Option<Money>,
    pub vendor_price: Option<Money>,
    pub minimum: Option<Quantity>,
    pub stock: Option<Quantity>,
    pub reserved: Option<Quantity>,
    pub hourly: Option<Money>,
    pub daily: Option<Money>,
    pub min_hours: Option<Quantity>,
    pub workers: Option<i32>,
    pub inventory_id: Option<InventoryId>,
    pub is_available: Option<bool>,
    pub gst_rate: Option<Rate>,
}

/// What is known of each line, in their order. `labor` and `items` are of one length.
pub(crate) async fn wanted(
    conn: &mut PgConnection,
    vendor_id: VendorId,
    scheme: GstScheme,
    on: NaiveDate,
    labor: &[bool],
    items: &[Uuid],
) -> Stored<Vec<WantedRow>> {
    sqlx::query_as!(
        WantedRow,
        r#"SELECT coalesce(m.name, l.name) as "name", coalesce(m.description, l.description) as "description",
                  coalesce(m.category_id, l.category_id) as "category_id: CategoryId",
                  coalesce(m.is_active, l.is_active, false) as "is_active!",
                  coalesce(m.sku, l.slug) as "code", coalesce(m.hsn_code, l.sac_code) as "tax_code",
                  m.specifications as "specifications?", m.unit as "unit?: Unit",
                  m.base_price as "base_price?: Money", o.vendor_price as "vendor_price?: Money",
                  coalesce(o.min_order_quantity, m.min_order_quantity) as "minimum: Quantity",
                  greatest(o.reserved_quantity, o.stock_quantity - CASE WHEN o.is_batched THEN (
                      SELECT coalesce(sum(b.quantity - b.reserved_quantity), 0) FROM stock_batches b
                       WHERE b.inventory_id = o.id AND b.expires_on < $3) ELSE 0 END) as "stock: Quantity",
                  o.reserved_quantity as "reserved?: Quantity",
                  coalesce(a.vendor_hourly_rate, l.hourly_rate) as "hourly: Money",
                  coalesce(a.vendor_daily_rate, l.daily_rate) as "daily: Money",
                  l.min_hours as "min_hours?: Quantity", a.available_workers - a.reserved_workers as "workers",
                  coalesce(o.id, a.id) as "inventory_id: InventoryId", coalesce(o.is_available, a.is_available) as "is_available",
                  g.rate as "gst_rate?: Rate"
             FROM unnest($4::boolean[], $5::uuid[]) WITH ORDINALITY AS w (labor, item_id, line)
             LEFT JOIN materials m ON NOT w.labor AND m.id = w.item_id
             LEFT JOIN vendor_inventory o ON NOT w.labor AND o.material_id = w.item_id AND o.vendor_id = $1
             LEFT JOIN labor_categories l ON w.labor AND l.id = w.item_id
             LEFT JOIN vendor_labor_availability a ON w.labor AND a.labor_category_id = w.item_id AND a.vendor_id = $1
             LEFT JOIN gst_rates g ON g.tax_code = coalesce(m.hsn_code, l.sac_code) AND g.scheme = $2 AND g.valid_from <= $3
                                  AND (g.valid_to IS NULL OR g.valid_to >= $3)
            ORDER BY w.line"#,
        vendor_id as VendorId,
        scheme.as_str(),
        on,
        labor,
        items
    )
    .fetch_all(conn)
    .await
}
