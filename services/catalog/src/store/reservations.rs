//! Reservations and the counters they move. Rows are locked in one order everywhere: the reservation, then materials by
//! id, then labour by id; so two orders for the same things never wait for each other in a circle.

use chrono::{DateTime, Utc};
use domain::{InventoryId, ItemType, OrderId, Quantity, Unit, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// A reservation as stored.
#[derive(Debug, Clone)]
pub(crate) struct ReservationRow {
    pub vendor_id: Option<VendorId>,
    pub status: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineRow {
    pub inventory_id: InventoryId,
    pub item_type: ItemType,
    pub item_id: Uuid,
    pub quantity: Quantity,
}

/// A material's stock, locked.
#[derive(Debug, Clone)]
pub(crate) struct StockRow {
    pub id: InventoryId,
    pub vendor_id: VendorId,
    pub item_id: Uuid,
    pub name: String,
    pub unit: Unit,
    pub sold: bool,
    pub stock: Quantity,
    pub reserved: Quantity,
    pub threshold: Quantity,
    pub is_low: bool,
}

/// Workers, locked.
#[derive(Debug, Clone)]
pub(crate) struct WorkersRow {
    pub id: InventoryId,
    pub item_id: Uuid,
    pub sold: bool,
    pub available_workers: i32,
    pub reserved_workers: i32,
}

/// Writes the reservation down; false when the order has one, made or kept from being made.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order_id: OrderId,
    vendor_id: Option<VendorId>,
    status: &str,
    expires_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO stock_reservations (order_id, vendor_id, status, expires_at, created_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO NOTHING",
        order_id as OrderId,
        vendor_id as Option<VendorId>,
        status,
        expires_at,
        now,
        ended_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks an order's reservation.
pub(crate) async fn lock(conn: &mut PgConnection, order_id: OrderId) -> Stored<Option<ReservationRow>> {
    sqlx::query_as!(
        ReservationRow,
        r#"SELECT vendor_id as "vendor_id: VendorId", status, expires_at, revision
             FROM stock_reservations WHERE order_id = $1 FOR UPDATE"#,
        order_id as OrderId
    )
    .fetch_optional(conn)
    .await
}

/// Its lines.
pub(crate) async fn lines(conn: &mut PgConnection, order_id: OrderId) -> Stored<Vec<LineRow>> {
    sqlx::query_as!(
        LineRow,
        r#"SELECT coalesce(inventory_id, labor_availability_id) as "inventory_id!: InventoryId",
                  CASE WHEN inventory_id IS NULL THEN 'labor' ELSE 'material' END as "item_type!: ItemType",
                  item_id, quantity as "quantity: Quantity"
             FROM stock_reservation_lines WHERE order_id = $1
            ORDER BY inventory_id, labor_availability_id"#,
        order_id as OrderId
    )
    .fetch_all(conn)
    .await
}

/// Writes its lines down.
pub(crate) async fn insert_lines(conn: &mut PgConnection, order_id: OrderId, lines: &[LineRow]) -> Stored<()> {
    let labor: Vec<bool> = lines.iter().map(|line| line.item_type == ItemType::Labor).collect();
    let inventory: Vec<Uuid> = lines.iter().map(|line| line.inventory_id.as_uuid()).collect();
    let items: Vec<Uuid> = lines.iter().map(|line| line.item_id).collect();
    let quantities: Vec<Quantity> = lines.iter().map(|line| line.quantity).collect();
    sqlx::query!(
        "INSERT INTO stock_reservation_lines (order_id, inventory_id, labor_availability_id, item_id, quantity)
         SELECT $1, CASE WHEN NOT labor THEN id END, CASE WHEN labor THEN id END, item_id, quantity
           FROM unnest($2::boolean[], $3::uuid[], $4::uuid[], $5::numeric[]) AS l (labor, id, item_id, quantity)",
        order_id as OrderId,
        &labor,
        &inventory,
        &items,
        &quantities as &[Quantity]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back which lines an active reservation has, for those of a higher revision; false when it is another by now.
pub(crate) async fn drop_lines(conn: &mut PgConnection, order_id: OrderId, revision: i64) -> Stored<bool> {
    let done = sqlx::query!(
        "WITH known AS (
             UPDATE stock_reservations SET revision = $2
              WHERE order_id = $1 AND status = 'active' AND revision < $2 RETURNING order_id),
         dropped AS (DELETE FROM stock_reservation_lines l USING known WHERE l.order_id = known.order_id)
         SELECT order_id FROM known",
        order_id as OrderId,
        revision
    )
    .fetch_optional(conn)
    .await?;
    Ok(done.is_some())
}

/// Ends an active reservation; false when it is not.
pub(crate) async fn end(conn: &mut PgConnection, order_id: OrderId, status: &str, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE stock_reservations SET status = $2, ended_at = $3 WHERE order_id = $1 AND status = 'active'",
        order_id as OrderId,
        status,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps an active reservation until its order ends; false when there is none.
pub(crate) async fn keep_for_good(conn: &mut PgConnection, order_id: OrderId) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE stock_reservations SET expires_at = NULL WHERE order_id = $1 AND status = 'active'",
        order_id as OrderId
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks what a vendor has of these materials.
pub(crate) async fn lock_stock(conn: &mut PgConnection, vendor_id: VendorId, materials: &[Uuid]) -> Stored<Vec<StockRow>> {
    sqlx::query_as!(
        StockRow,
        r#"SELECT o.id as "id: InventoryId", o.vendor_id as "vendor_id: VendorId", o.material_id as "item_id", m.name,
                  m.unit as "unit: Unit", (o.is_available AND m.is_active) as "sold!", o.stock_quantity as "stock: Quantity",
                  o.reserved_quantity as "reserved: Quantity",
                  coalesce(o.low_stock_threshold, o.min_order_quantity, m.min_order_quantity) as "threshold!: Quantity", o.is_low
             FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
            WHERE o.vendor_id = $1 AND o.material_id = ANY($2)
            ORDER BY o.id FOR UPDATE OF o"#,
        vendor_id as VendorId,
        materials
    )
    .fetch_all(conn)
    .await
}

/// Locks a vendor's workers of these kinds.
pub(crate) async fn lock_workers(conn: &mut PgConnection, vendor_id: VendorId, kinds: &[Uuid]) -> Stored<Vec<WorkersRow>> {
    sqlx::query_as!(
        WorkersRow,
        r#"SELECT a.id as "id: InventoryId", a.labor_category_id as "item_id",
                  (a.is_available AND l.is_active) as "sold!", a.available_workers, a.reserved_workers
             FROM vendor_labor_availability a JOIN labor_categories l ON l.id = a.labor_category_id
            WHERE a.vendor_id = $1 AND a.labor_category_id = ANY($2)
            ORDER BY a.id FOR UPDATE OF a"#,
        vendor_id as VendorId,
        kinds
    )
    .fetch_all(conn)
    .await
}

/// Moves one material's counters from what was read to what was decided; false when somebody else did meanwhile. A change
/// of the stock is a new version, so that a vendor who counted before it does not undo it.
pub(crate) async fn move_stock(
    conn: &mut PgConnection,
    row: &StockRow,
    stock: Quantity,
    reserved: Quantity,
    is_low: bool,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE vendor_inventory SET stock_quantity = $2, reserved_quantity = $3, is_low = $4,
                version = version + CASE WHEN stock_quantity <> $2 THEN 1 ELSE 0 END
          WHERE id = $1 AND stock_quantity = $5 AND reserved_quantity = $6",
        row.id as InventoryId,
        stock as Quantity,
        reserved as Quantity,
        is_low,
        row.stock as Quantity,
        row.reserved as Quantity
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves the count of kept workers from what was read to what was decided; false when somebody else did meanwhile.
pub(crate) async fn move_workers(conn: &mut PgConnection, row: &WorkersRow, reserved: i32) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE vendor_labor_availability SET reserved_workers = $2 WHERE id = $1 AND reserved_workers = $3",
        row.id as InventoryId,
        reserved,
        row.reserved_workers
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
