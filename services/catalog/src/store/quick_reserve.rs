//! The plain case of a reservation, which is nearly all of them, in one statement that is a transaction of its own.

use chrono::{DateTime, Utc};
use domain::{Actor, EventId, ItemType, OrderId, Quantity, VendorId};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

/// A reservation to be.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub order_id: OrderId,
    pub vendor_id: VendorId,
    pub expires_at: DateTime<Utc>,
    /// Each thing once: goods in their unit, labour in workers.
    pub lines: &'a [(ItemType, Uuid, Quantity)],
}

/// Keeps everything and tells of it, or does nothing at all and answers false: when there is not enough of something, when
/// something runs low by it or comes in batches, when the order is known. Those are decided elsewhere.
///
/// Rows are locked as everywhere: materials by id, labour by id, then the reservation. What `FOR UPDATE` answers is what
/// the rows say once they are locked, and an `UPDATE` in the same statement goes by that too, so nobody's change is lost. If
/// it ever moved fewer rows than there are lines, the event would be without content and the database would refuse it all.
pub(crate) async fn quick_reserve(
    conn: &mut PgConnection,
    wanted: &Wanted<'_>,
    event_id: EventId,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let labor: Vec<bool> = wanted.lines.iter().map(|line| line.0 == ItemType::Labor).collect();
    let items: Vec<Uuid> = wanted.lines.iter().map(|line| line.1).collect();
    let quantities: Vec<Quantity> = wanted.lines.iter().map(|line| line.2).collect();
    let context = context::current();
    let said = sqlx::query_scalar!(
        r#"WITH wanted AS (
               SELECT w.labor, w.item_id, w.quantity
                 FROM unnest($3::boolean[], $4::uuid[], $5::numeric[]) AS w (labor, item_id, quantity)
           ), stock AS MATERIALIZED (
               SELECT o.id, o.material_id AS item_id, o.is_available AND m.is_active AND NOT o.is_batched AS plain,
                      o.stock_quantity - o.reserved_quantity AS free, o.is_low,
                      coalesce(o.low_stock_threshold, o.min_order_quantity, m.min_order_quantity) AS threshold
                 FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
                WHERE o.vendor_id = $2 AND o.material_id = ANY($4)
                ORDER BY o.id FOR UPDATE OF o
           ), workers AS MATERIALIZED (
               SELECT a.id, a.labor_category_id AS item_id, a.is_available AND l.is_active AS plain,
                      a.available_workers - a.reserved_workers AS free
                 FROM vendor_labor_availability a JOIN labor_categories l ON l.id = a.labor_category_id
                -- The condition is for the order of the locks.
                WHERE a.vendor_id = $2 AND a.labor_category_id = ANY($4) AND (SELECT count(*) FROM stock) >= 0
                ORDER BY a.id FOR UPDATE OF a
           ), line AS MATERIALIZED (
               SELECT w.labor, w.item_id, w.quantity, coalesce(s.id, k.id) AS offer_id,
                      CASE WHEN w.labor THEN k.plain AND k.free >= w.quantity
                           ELSE s.plain AND s.free >= w.quantity AND (s.is_low OR s.free - w.quantity >= s.threshold)
                      END AS fits
                 FROM wanted w
                 LEFT JOIN stock s ON NOT w.labor AND s.item_id = w.item_id
                 LEFT JOIN workers k ON w.labor AND k.item_id = w.item_id
           ), made AS (
               INSERT INTO stock_reservations (order_id, vendor_id, status, expires_at, created_at)
               SELECT $1, $2, 'active', $6, $7 WHERE (SELECT bool_and(coalesce(fits, false)) FROM line)
               ON CONFLICT (order_id) DO NOTHING RETURNING order_id
           ), moved AS (
               UPDATE vendor_inventory o SET reserved_quantity = o.reserved_quantity + line.quantity
                 FROM line, made WHERE o.id = line.offer_id AND NOT line.labor RETURNING o.id
           ), booked AS (
               UPDATE vendor_labor_availability a SET reserved_workers = a.reserved_workers + line.quantity::integer
                 FROM line, made WHERE a.id = line.offer_id AND line.labor RETURNING a.id
           ), kept AS (
               INSERT INTO stock_reservation_lines (order_id, inventory_id, labor_availability_id, item_id, quantity)
               SELECT made.order_id, CASE WHEN NOT labor THEN offer_id END, CASE WHEN labor THEN offer_id END, item_id, quantity
                 FROM line, made RETURNING order_id
           )
           SELECT append_event($8, 'StockReserved', 1::smallint, $7, made.order_id, $9, $10, $11, $12,
                      CASE WHEN (SELECT count(*) FROM moved) + (SELECT count(*) FROM booked) = (SELECT count(*) FROM kept) THEN
                          jsonb_build_object('order_id', made.order_id, 'vendor_id', $2::uuid, 'lines', (
                              SELECT jsonb_agg(jsonb_build_object('inventory_id', offer_id, 'item_id', item_id,
                                                                  'quantity', trim_scale(quantity)::text) ORDER BY labor, offer_id)
                                FROM line))
                      END) as "said!"
             FROM made"#,
        wanted.order_id as OrderId,
        wanted.vendor_id as VendorId,
        &labor,
        &items,
        &quantities as &[Quantity],
        wanted.expires_at,
        now,
        event_id as EventId,
        context.correlation_id as _,
        context.causation_id as _,
        context.traceparent,
        serde_json::to_value(actor)?
    )
    .fetch_optional(conn)
    .await?;
    Ok(said.is_some())
}
