//! The lines of orders.

use chrono::{DateTime, Utc};
use domain::{InventoryId, ItemType, Money, OrderId, OrderItemId, Quantity, Rate, Unit};
use pg_kit::DbError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::pricing::LineTax;
use crate::domain::{Line, NewLine};

/// A line as Postgres unpacks it from JSON: one statement for all lines. An edit keeps its lines so as well.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Packed {
    id: OrderItemId,
    line_no: i16,
    item_type: ItemType,
    item_id: Uuid,
    inventory_id: InventoryId,
    item_name: String,
    item_description: Option<String>,
    quantity: Quantity,
    unit: Unit,
    unit_price: Money,
    total_price: Money,
    discount: Money,
    taxable: Money,
    tax_code: String,
    gst_rate: Rate,
    cgst: Money,
    sgst: Money,
    igst: Money,
    item_snapshot: serde_json::Value,
}

/// Takes the lines of an order away: others follow.
pub(crate) async fn remove(conn: &mut PgConnection, order_id: OrderId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM order_items WHERE order_id = $1", order_id.as_uuid()).execute(conn).await?;
    Ok(())
}

/// Writes lines of an order.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order_id: OrderId,
    lines: &[Line],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO order_items (id, order_id, line_no, item_type, item_id, inventory_id, item_name, item_description,
             quantity, unit, unit_price, total_price, discount, taxable, tax_code, gst_rate, cgst, sgst, igst, item_snapshot,
             created_at)
         SELECT id, $1, line_no, item_type, item_id, inventory_id, item_name, item_description,
                quantity, unit, unit_price, total_price, discount, taxable, tax_code, gst_rate, cgst, sgst, igst, item_snapshot,
                $3
           FROM jsonb_to_recordset($2::jsonb) AS line(id uuid, line_no smallint, item_type text, item_id uuid,
                inventory_id uuid, item_name text, item_description text, quantity numeric, unit text, unit_price numeric,
                total_price numeric, discount numeric, taxable numeric, tax_code text, gst_rate numeric, cgst numeric,
                sgst numeric, igst numeric, item_snapshot jsonb)",
        order_id.as_uuid(),
        pack(lines)?,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lines as Postgres unpacks them.
pub(super) fn pack(lines: &[Line]) -> Result<serde_json::Value, DbError> {
    let packed: Vec<Packed> = lines.iter().map(Packed::from).collect();
    Ok(serde_json::to_value(packed)?)
}

impl From<&Line> for Packed {
    fn from(line: &Line) -> Self {
        let what = line.what.clone();
        Self {
            id: line.id,
            line_no: line.line_no,
            item_type: what.item_type,
            item_id: what.item_id,
            inventory_id: what.inventory_id,
            item_name: what.item_name,
            item_description: what.item_description,
            quantity: what.quantity,
            unit: what.unit,
            unit_price: what.unit_price,
            total_price: what.total_price,
            discount: what.discount,
            taxable: what.taxable,
            tax_code: what.tax_code,
            gst_rate: what.gst_rate,
            cgst: what.tax.cgst,
            sgst: what.tax.sgst,
            igst: what.tax.igst,
            item_snapshot: what.snapshot,
        }
    }
}

impl Packed {
    /// The line of this order.
    pub(super) fn unpack(self, order_id: OrderId) -> Line {
        let what = NewLine {
            item_type: self.item_type,
            item_id: self.item_id,
            inventory_id: self.inventory_id,
            item_name: self.item_name,
            item_description: self.item_description,
            quantity: self.quantity,
            unit: self.unit,
            unit_price: self.unit_price,
            total_price: self.total_price,
            discount: self.discount,
            taxable: self.taxable,
            tax_code: self.tax_code,
            gst_rate: self.gst_rate,
            tax: LineTax { cgst: self.cgst, sgst: self.sgst, igst: self.igst },
            snapshot: self.item_snapshot,
        };
        Line { id: self.id, order_id, line_no: self.line_no, what }
    }
}

/// The lines of some orders, each order's in its own order.
pub(crate) async fn of_orders(conn: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<Line>, DbError> {
    let ids: Vec<Uuid> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: OrderItemId", order_id AS "order_id: OrderId", line_no, item_type AS "item_type: ItemType", item_id,
                  inventory_id AS "inventory_id: InventoryId", item_name, item_description, quantity AS "quantity: Quantity",
                  unit AS "unit: Unit", unit_price AS "unit_price: Money", total_price AS "total_price: Money",
                  discount AS "discount: Money", taxable AS "taxable: Money", tax_code, gst_rate AS "gst_rate: Rate",
                  cgst AS "cgst: Money", sgst AS "sgst: Money", igst AS "igst: Money", item_snapshot
             FROM order_items WHERE order_id = ANY($1) ORDER BY order_id, line_no"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
            id: row.id,
            order_id: row.order_id,
            line_no: row.line_no,
            what: NewLine {
                item_type: row.item_type,
                item_id: row.item_id,
                inventory_id: row.inventory_id,
                item_name: row.item_name,
                item_description: row.item_description,
                quantity: row.quantity,
                unit: row.unit,
                unit_price: row.unit_price,
                total_price: row.total_price,
                discount: row.discount,
                taxable: row.taxable,
                tax_code: row.tax_code,
                gst_rate: row.gst_rate,
                tax: LineTax { cgst: row.cgst, sgst: row.sgst, igst: row.igst },
                snapshot: row.item_snapshot,
            },
        })
        .collect())
}
