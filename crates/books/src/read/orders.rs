//! The order service's tables.

use sqlx::{PgConnection, Row as _};

use crate::facts::{Facts, OrderFact};

/// Reads every order.
///
/// # Errors
/// The database cannot be read.
pub async fn orders(conn: &mut PgConnection, facts: &mut Facts) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, order_number, buyer_id, vendor_id, payment_method, status, payment_status, updated_at,
                (total * 100)::bigint AS total, (refunded * 100)::bigint AS refunded,
                (commission_rate * 100)::int AS commission_rate,
                ((delivery_charge + delivery_cgst + delivery_sgst + delivery_igst
                  + (SELECT coalesce(sum(taxable + cgst + sgst + igst), 0) FROM order_items WHERE order_id = orders.id))
                 * 100)::bigint AS lines_total
           FROM orders ORDER BY created_at, id",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        facts.orders.push(OrderFact {
            id: row.try_get("id")?,
            number: row.try_get("order_number")?,
            buyer_id: row.try_get("buyer_id")?,
            vendor_id: row.try_get("vendor_id")?,
            method: row.try_get("payment_method")?,
            status: row.try_get("status")?,
            payment_status: row.try_get("payment_status")?,
            total: row.try_get("total")?,
            lines_total: Some(row.try_get("lines_total")?),
            refunded: row.try_get("refunded")?,
            commission_rate: row.try_get("commission_rate")?,
            changed_at: Some(row.try_get("updated_at")?),
        });
    }
    Ok(())
}
