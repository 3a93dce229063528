//! Reservations and the counters they move. Materials are locked by id, then labour by id; a reservation that is there
//! before both, and a new one is written after both; so nobody waits for anybody in a circle.

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
    pub is_batched: bool,
}

/// What a material's counters are to say, and what they said when they were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StockMove {
    pub id: InventoryId,
    pub stock_was: Quantity,
    pub reserved_was: Quantity,
    pub stock: Quantity,
    pub reserved: Quantity,
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
         dropped AS (DELETE FROM stock_reservation_lines l USING known WHERE l.order_id = known.order_id),
         emptied AS (DELETE FROM stock_reservation_batches b USING known WHERE b.order_id = known.order_id)
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
                  coalesce(o.low_stock_threshold, o.min_order_quantity, m.min_order_quantity) as "threshold!: Quantity", o.is_low,
                  o.is_batched
             FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
            WHERE o.vendor_id = $1 AND o.material_id = ANY($2)
            ORDER BY o.id FOR UPDATE OF o"#,
        vendor_id as VendorId,
        materials
    )
    .fetch_all(conn)
    .await
}

/// Locks one material offer.
pub(crate) async fn lock_offer(conn: &mut PgConnection, id: InventoryId) -> Stored<Option<StockRow>> {
    sqlx::query_as!(
        StockRow,
        r#"SELECT o.id as "id: InventoryId", o.vendor_id as "vendor_id: VendorId", o.material_id as "item_id", m.name,
                  m.unit as "unit: Unit", (o.is_available AND m.is_active) as "sold!", o.stock_quantity as "stock: Quantity",
                  o.reserved_quantity as "reserved: Quantity",
                  coalesce(o.low_stock_threshold, o.min_order_quantity, m.min_order_quantity) as "threshold!: Quantity", o.is_low,
                  o.is_batched
             FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
            WHERE o.id = $1 FOR UPDATE OF o"#,
        id as InventoryId
    )
    .fetch_optional(conn)
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

/// Moves counters from what was read to what was decided; false when somebody else did meanwhile. A change of the stock is a
/// new version, so that a vendor who counted before it does not undo it.
pub(crate) async fn move_stock(conn: &mut PgConnection, moves: &[StockMove]) -> Stored<bool> {
    if moves.is_empty() {
        return Ok(true);
    }
    let of = |part: fn(&StockMove) -> Quantity| moves.iter().map(part).collect::<Vec<Quantity>>();
    let ids: Vec<Uuid> = moves.iter().map(|row| row.id.as_uuid()).collect();
    let low: Vec<bool> = moves.iter().map(|row| row.is_low).collect();
    let done = sqlx::query!(
        "UPDATE vendor_inventory o
            SET stock_quantity = m.stock, reserved_quantity = m.reserved, is_low = m.is_low,
                version = o.version + CASE WHEN o.stock_quantity <> m.stock THEN 1 ELSE 0 END
           FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::boolean[])
                AS m (id, stock_was, reserved_was, stock, reserved, is_low)
          WHERE o.id = m.id AND o.stock_quantity = m.stock_was AND o.reserved_quantity = m.reserved_was",
        &ids,
        &of(|row| row.stock_was) as &[Quantity],
        &of(|row| row.reserved_was) as &[Quantity],
        &of(|row| row.stock) as &[Quantity],
        &of(|row| row.reserved) as &[Quantity],
        &low
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|rows| rows == moves.len()))
}

/// Moves counts of kept workers from what was read to what was decided; false when somebody else did meanwhile.
pub(crate) async fn move_workers(conn: &mut PgConnection, moves: &[(&WorkersRow, i32)]) -> Stored<bool> {
    if moves.is_empty() {
        return Ok(true);
    }
    let ids: Vec<Uuid> = moves.iter().map(|(row, _)| row.id.as_uuid()).collect();
    let were: Vec<i32> = moves.iter().map(|(row, _)| row.reserved_workers).collect();
    let reserved: Vec<i32> = moves.iter().map(|(_, reserved)| *reserved).collect();
    let done = sqlx::query!(
        "UPDATE vendor_labor_availability a SET reserved_workers = m.reserved
           FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS m (id, was, reserved)
          WHERE a.id = m.id AND a.reserved_workers = m.was",
        &ids,
        &were,
        &reserved
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|rows| rows == moves.len()))
}

/// Live reservations whose time is over.
pub(crate) async fn overdue(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Stored<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"SELECT order_id as "order_id: OrderId" FROM stock_reservations
            WHERE status = 'active' AND expires_at <= $1 ORDER BY expires_at LIMIT $2"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}
