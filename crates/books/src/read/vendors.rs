//! Vendor-management's tables, as of one moment.

use std::collections::HashMap;

use sqlx::{Connection as _, PgConnection, PgTransaction, Row as _};
use uuid::Uuid;

use crate::facts::{AdjustmentFact, CopyFact, Facts, LineFact, SettlementFact};

type Read = Result<(), sqlx::Error>;

/// Reads settlements with all that they consist of, and the copy of the orders that they are made from.
///
/// # Errors
/// The database cannot be read.
pub async fn vendors(conn: &mut PgConnection, facts: &mut Facts) -> Read {
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    settlements(&mut tx, facts).await?;
    lines(&mut tx, facts).await?;
    adjustments(&mut tx, facts).await?;
    copies(&mut tx, facts).await?;
    tx.rollback().await
}

async fn settlements(tx: &mut PgTransaction<'_>, facts: &mut Facts) -> Read {
    let mut deductions: HashMap<Uuid, Vec<(String, i64)>> = HashMap::new();
    let rows = sqlx::query("SELECT settlement_id, kind, (amount * 100)::bigint AS amount FROM settlement_deductions")
        .fetch_all(&mut **tx)
        .await?;
    for row in rows {
        let known = deductions.entry(row.try_get("settlement_id")?).or_default();
        known.push((row.try_get("kind")?, row.try_get("amount")?));
    }
    let rows = sqlx::query(
        "SELECT id, settlement_number, vendor_id, status, updated_at, (gross_revenue * 100)::bigint AS gross,
                (commission_amount * 100)::bigint AS commission, (net_amount * 100)::bigint AS net,
                (cod_to_remit * 100)::bigint AS cod_to_remit, (adjustments_amount * 100)::bigint AS adjustments,
                (commission_returned * 100)::bigint AS commission_returned,
                (deductions_amount * 100)::bigint AS deductions_total, (payout_amount * 100)::bigint AS payout
           FROM settlements ORDER BY created_at, id",
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = facts.settlements.get_or_insert_default();
    for row in rows {
        let id: Uuid = row.try_get("id")?;
        all.push(SettlementFact {
            id,
            number: row.try_get("settlement_number")?,
            vendor_id: row.try_get("vendor_id")?,
            status: row.try_get("status")?,
            gross: row.try_get("gross")?,
            commission: row.try_get("commission")?,
            net: row.try_get("net")?,
            cod_to_remit: row.try_get("cod_to_remit")?,
            adjustments: row.try_get("adjustments")?,
            commission_returned: row.try_get("commission_returned")?,
            deductions: deductions.remove(&id).unwrap_or_default(),
            deductions_total: row.try_get("deductions_total")?,
            payout: row.try_get("payout")?,
            changed_at: Some(row.try_get("updated_at")?),
        });
    }
    Ok(())
}

async fn lines(tx: &mut PgTransaction<'_>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT settlement_id, order_id, (order_total * 100)::bigint AS order_total,
                (refunded_before * 100)::bigint AS refunded_before, (commission_rate * 100)::int AS commission_rate,
                (commission_amount * 100)::bigint AS commission, (net_amount * 100)::bigint AS net,
                (cod_collected * 100)::bigint AS cod_collected
           FROM settlement_line_items ORDER BY created_at, id",
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.lines.push(LineFact {
            settlement_id: row.try_get("settlement_id")?,
            order_id: row.try_get("order_id")?,
            order_total: row.try_get("order_total")?,
            refunded_before: row.try_get("refunded_before")?,
            commission_rate: row.try_get("commission_rate")?,
            commission: row.try_get("commission")?,
            net: row.try_get("net")?,
            cod_collected: row.try_get("cod_collected")?,
        });
    }
    Ok(())
}

async fn adjustments(tx: &mut PgTransaction<'_>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT settlement_id, (amount * 100)::bigint AS amount, (commission_returned * 100)::bigint AS commission_returned,
                refund_id, (refund_amount * 100)::bigint AS refund_amount
           FROM settlement_adjustments ORDER BY created_at, id",
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.adjustments.push(AdjustmentFact {
            settlement_id: row.try_get("settlement_id")?,
            amount: row.try_get("amount")?,
            commission_returned: row.try_get("commission_returned")?,
            refund_id: row.try_get("refund_id")?,
            refund_amount: row.try_get("refund_amount")?,
        });
    }
    Ok(())
}

async fn copies(tx: &mut PgTransaction<'_>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT order_id, (total * 100)::bigint AS total, (refunded * 100)::bigint AS refunded,
                (cod_collected * 100)::bigint AS cod_collected, updated_at
           FROM settlement_orders ORDER BY order_id",
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.copies.push(CopyFact {
            order_id: row.try_get("order_id")?,
            total: row.try_get("total")?,
            refunded: row.try_get("refunded")?,
            cod_collected: row.try_get("cod_collected")?,
            changed_at: Some(row.try_get("updated_at")?),
        });
    }
    Ok(())
}
