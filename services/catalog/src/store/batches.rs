//! Batches of goods that age.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{InventoryId, OrderId, Quantity, Unit, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::batch::Batch;

/// A batch and the offer it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct BatchRow {
    pub inventory_id: InventoryId,
    pub batch: Batch,
}

macro_rules! rows {
    ($query:expr) => {
        $query.into_iter().map(|row| BatchRow {
            inventory_id: row.inventory_id,
            batch: Batch {
                id: row.id,
                number: row.number,
                manufactured_on: row.manufactured_on,
                expires_on: row.expires_on,
                quantity: row.quantity,
                reserved: row.reserved,
            },
        })
    };
}

/// Every batch of these offers, also what nothing is left of; locked. Their offers are locked already.
pub(crate) async fn lock(conn: &mut PgConnection, offers: &[Uuid]) -> Stored<Vec<BatchRow>> {
    let rows = sqlx::query!(
        r#"SELECT id, inventory_id as "inventory_id: InventoryId", batch_number as "number", manufactured_on, expires_on,
                  quantity as "quantity: Quantity", reserved_quantity as "reserved: Quantity"
             FROM stock_batches WHERE inventory_id = ANY($1) ORDER BY id FOR UPDATE"#,
        offers
    )
    .fetch_all(conn)
    .await?;
    Ok(rows!(rows).collect())
}

/// What there is of these offers, first to expire first.
pub(crate) async fn of_offers(conn: &mut PgConnection, offers: &[Uuid]) -> Stored<Vec<BatchRow>> {
    let rows = sqlx::query!(
        r#"SELECT id, inventory_id as "inventory_id: InventoryId", batch_number as "number", manufactured_on, expires_on,
                  quantity as "quantity: Quantity", reserved_quantity as "reserved: Quantity"
             FROM stock_batches WHERE inventory_id = ANY($1) AND quantity > 0 ORDER BY expires_on, id"#,
        offers
    )
    .fetch_all(conn)
    .await?;
    Ok(rows!(rows).collect())
}

/// Writes these batches of one offer, new ones too. What expires on another day than before is warned of again.
pub(crate) async fn save(conn: &mut PgConnection, offer: InventoryId, batches: &[Batch]) -> Stored<()> {
    if batches.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batches.iter().map(|batch| batch.id).collect();
    let numbers: Vec<String> = batches.iter().map(|batch| batch.number.clone()).collect();
    let made: Vec<Option<NaiveDate>> = batches.iter().map(|batch| batch.manufactured_on).collect();
    let expires: Vec<NaiveDate> = batches.iter().map(|batch| batch.expires_on).collect();
    let quantities: Vec<Quantity> = batches.iter().map(|batch| batch.quantity).collect();
    let reserved: Vec<Quantity> = batches.iter().map(|batch| batch.reserved).collect();
    sqlx::query!(
        "INSERT INTO stock_batches AS known
             (id, inventory_id, batch_number, manufactured_on, expires_on, quantity, reserved_quantity)
         SELECT b.id, $1, b.number, b.made, b.expires, b.quantity, b.reserved
           FROM unnest($2::uuid[], $3::text[], $4::date[], $5::date[], $6::numeric[], $7::numeric[])
                AS b (id, number, made, expires, quantity, reserved)
         ON CONFLICT (id) DO UPDATE
            SET manufactured_on = excluded.manufactured_on, expires_on = excluded.expires_on,
                quantity = excluded.quantity, reserved_quantity = excluded.reserved_quantity,
                warned_at = CASE WHEN known.expires_on = excluded.expires_on THEN known.warned_at END",
        offer as InventoryId,
        &ids,
        &numbers,
        &made as &[Option<NaiveDate>],
        &expires,
        &quantities as &[Quantity],
        &reserved as &[Quantity]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Out of which batches an order is served.
pub(crate) async fn taken_for(conn: &mut PgConnection, order_id: OrderId) -> Stored<Vec<(Uuid, Quantity)>> {
    let rows = sqlx::query!(
        r#"SELECT batch_id, quantity as "quantity: Quantity" FROM stock_reservation_batches WHERE order_id = $1 ORDER BY batch_id"#,
        order_id as OrderId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.batch_id, row.quantity)).collect())
}

/// Notes out of which batches an order is served.
pub(crate) async fn note_taken(conn: &mut PgConnection, order_id: OrderId, taken: &[(Uuid, Quantity)]) -> Stored<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let batches: Vec<Uuid> = taken.iter().map(|(id, _)| *id).collect();
    let quantities: Vec<Quantity> = taken.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "INSERT INTO stock_reservation_batches (order_id, batch_id, quantity)
         SELECT $1, b.id, b.quantity FROM unnest($2::uuid[], $3::numeric[]) AS b (id, quantity)",
        order_id as OrderId,
        &batches,
        &quantities as &[Quantity]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Batches that are too old to be sold on this day and of which somebody could still take something.
pub(crate) async fn expired(conn: &mut PgConnection, today: NaiveDate, limit: i64) -> Stored<Vec<(Uuid, InventoryId)>> {
    let rows = sqlx::query!(
        r#"SELECT b.id, b.inventory_id as "inventory_id: InventoryId"
             FROM stock_batches b JOIN vendor_inventory o ON o.id = b.inventory_id
            WHERE b.quantity > 0 AND b.expires_on < $1 AND b.quantity > b.reserved_quantity AND o.stock_quantity > o.reserved_quantity
            ORDER BY b.expires_on, b.id LIMIT $2"#,
        today,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.inventory_id)).collect())
}

/// A batch that its vendor has to hear of.
#[derive(Debug, Clone)]
pub(crate) struct ExpiringRow {
    pub inventory_id: InventoryId,
    pub vendor_id: VendorId,
    pub item_id: Uuid,
    pub name: String,
    pub unit: Unit,
    pub number: String,
    pub expires_on: NaiveDate,
    pub quantity: Quantity,
}

/// Batches whose last day is `until` at the latest and that nobody was warned of yet; they count as warned of now.
pub(crate) async fn warn_of(
    conn: &mut PgConnection,
    today: NaiveDate,
    until: NaiveDate,
    now: DateTime<Utc>,
    limit: i64,
) -> Stored<Vec<ExpiringRow>> {
    sqlx::query_as!(
        ExpiringRow,
        r#"WITH due AS (
               SELECT id FROM stock_batches
                WHERE quantity > 0 AND warned_at IS NULL AND expires_on BETWEEN $1 AND $2
                ORDER BY expires_on, id LIMIT $4 FOR UPDATE SKIP LOCKED)
           UPDATE stock_batches b SET warned_at = $3
             FROM due, vendor_inventory o, materials m
            WHERE b.id = due.id AND o.id = b.inventory_id AND m.id = o.material_id
           RETURNING b.inventory_id as "inventory_id: InventoryId", o.vendor_id as "vendor_id: VendorId",
                     o.material_id as "item_id", m.name, m.unit as "unit: Unit", b.batch_number as "number", b.expires_on,
                     b.quantity as "quantity: Quantity""#,
        today,
        until,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}
