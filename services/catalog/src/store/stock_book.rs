//! The book of every change of stock, which is only ever added to, and whether everything agrees with it.

use chrono::{DateTime, Utc};
use domain::{InventoryId, OrderId, Quantity};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;

/// Goods left with an order.
pub(crate) async fn committed(
    conn: &mut PgConnection,
    order_id: OrderId,
    goods: &[(InventoryId, Quantity)],
    now: DateTime<Utc>,
) -> Stored<()> {
    if goods.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = goods.iter().map(|(id, _)| id.as_uuid()).collect();
    let quantities: Vec<Quantity> = goods.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "INSERT INTO stock_movements (inventory_id, kind, quantity, order_id, occurred_at)
         SELECT g.id, 'committed', -g.quantity, $1, $4 FROM unnest($2::uuid[], $3::numeric[]) AS g (id, quantity)",
        order_id as OrderId,
        &ids,
        &quantities as &[Quantity],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is too old was taken out.
pub(crate) async fn expired(
    conn: &mut PgConnection,
    inventory_id: InventoryId,
    batch_id: Uuid,
    quantity: Quantity,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO stock_movements (inventory_id, kind, quantity, batch_id, occurred_at)
         VALUES ($1, 'expired', -($2::numeric), $3, $4)",
        inventory_id as InventoryId,
        quantity as Quantity,
        batch_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A row that does not agree with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong: `stock`, `reserved`, `workers`, `committed`, `line`, `batch_reserved`, `batches`, `line_batches`.
    pub what: String,
    /// Where the row is.
    pub table_name: String,
    /// Its id; of a line, its order's.
    pub row_id: Uuid,
    /// The offer it belongs to.
    pub offer_id: Uuid,
    /// What it would have to say.
    pub expected: String,
    /// What it says.
    pub found: String,
}

/// The id that so many offers, materials and labour, end with after `after`; none when there are no more.
pub(crate) async fn end_of_part(conn: &mut PgConnection, after: Uuid, size: i64) -> Stored<Option<Uuid>> {
    sqlx::query_scalar!(
        r#"SELECT id as "id!" FROM (
               SELECT id FROM (SELECT id FROM vendor_inventory WHERE id > $1 ORDER BY id LIMIT $2) o
               UNION ALL SELECT id FROM (SELECT id FROM vendor_labor_availability WHERE id > $1 ORDER BY id LIMIT $2) a
               ORDER BY id LIMIT $2) part
            ORDER BY id DESC LIMIT 1"#,
        after,
        size
    )
    .fetch_optional(conn)
    .await
}

/// What does not agree, of the offers after `after` up to `last`, in one look at everything.
pub(crate) async fn mismatches(conn: &mut PgConnection, after: Uuid, last: Uuid, limit: i64) -> Stored<Vec<Mismatch>> {
    sqlx::query_as!(
        Mismatch,
        r#"SELECT what as "what!", table_name as "table_name!", row_id as "row_id!", offer_id as "offer_id!",
                  trim_scale(expected)::text as "expected!", trim_scale(found)::text as "found!"
             FROM stock_mismatches WHERE offer_id > $1 AND offer_id <= $2 ORDER BY offer_id, what, row_id LIMIT $3"#,
        after,
        last,
        limit
    )
    .fetch_all(conn)
    .await
}
