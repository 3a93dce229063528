//! What may be settled, as events tell it in any order.

use chrono::{DateTime, Utc};
use domain::events::{OrderCompleted, PaymentFacts};
use domain::{DisputeId, Money, OrderId, Rate, RefundId, SettlementId, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::settlement::{RefundAdjustment, SettledOrder};

/// An order is complete.
pub(crate) async fn completed(conn: &mut PgConnection, event: &OrderCompleted, now: DateTime<Utc>) -> Stored<()> {
    let order = &event.order;
    sqlx::query!(
        "INSERT INTO settlement_orders AS known
             (order_id, vendor_id, order_number, payment_method, total, commission_rate, subtotal, tax, order_date,
              completed_at, refunded, cod_collected, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (order_id) DO UPDATE
            SET total = excluded.total, commission_rate = excluded.commission_rate, subtotal = excluded.subtotal,
                tax = excluded.tax, order_date = excluded.order_date, completed_at = excluded.completed_at,
                refunded = greatest(known.refunded, excluded.refunded),
                cod_collected = greatest(known.cod_collected, excluded.cod_collected), updated_at = excluded.updated_at
          WHERE known.completed_at IS NULL",
        order.order_id as OrderId,
        order.vendor_id as VendorId,
        order.order_number.as_str(),
        order.payment_method.as_str(),
        order.total as Money,
        event.commission_rate as Rate,
        event.subtotal as Money,
        event.tax as Money,
        event.placed_at,
        event.completed_at,
        event.refunded as Money,
        event.cod_collected as Money,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The vendor has the cash.
pub(crate) async fn cash_collected(conn: &mut PgConnection, payment: &PaymentFacts, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlement_orders AS known
             (order_id, vendor_id, order_number, payment_method, total, cod_collected, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)
         ON CONFLICT (order_id) DO UPDATE
            SET cod_collected = greatest(known.cod_collected, excluded.cod_collected), updated_at = excluded.updated_at",
        payment.order_id as OrderId,
        payment.vendor_id as VendorId,
        payment.order_number.as_str(),
        payment.payment_method.as_str(),
        payment.amount as Money,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Money went back. Answers whether the order is settled already; the row is held until the transaction ends.
pub(crate) async fn refunded(
    conn: &mut PgConnection,
    payment: &PaymentFacts,
    refunded_total: Money,
    now: DateTime<Utc>,
) -> Stored<Option<SettlementId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO settlement_orders AS known
             (order_id, vendor_id, order_number, payment_method, total, refunded, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (order_id) DO UPDATE
            SET refunded = greatest(known.refunded, excluded.refunded), updated_at = excluded.updated_at
         RETURNING settlement_id as "settlement_id: SettlementId""#,
        payment.order_id as OrderId,
        payment.vendor_id as VendorId,
        payment.order_number.as_str(),
        payment.payment_method.as_str(),
        payment.amount as Money,
        refunded_total as Money,
        now
    )
    .fetch_one(conn)
    .await
}

/// What the settlement kept of an order.
pub(crate) async fn settled_order(conn: &mut PgConnection, id: OrderId) -> Stored<Option<SettledOrder>> {
    sqlx::query_as!(
        SettledOrder,
        r#"SELECT order_total as "order_total: Money", refunded_before as "refunded_before: Money",
                  commission_rate as "commission_rate: Rate", commission_amount as "commission_amount: Money",
                  coalesce((SELECT sum(a.commission_returned) FROM settlement_adjustments a
                             WHERE a.order_id = l.order_id), 0) as "commission_returned!: Money"
             FROM settlement_line_items l WHERE order_id = $1"#,
        id as OrderId
    )
    .fetch_optional(conn)
    .await
}

/// A refund after settlement, for the next one. The same refund is taken once.
pub(crate) async fn adjust_for_refund(
    conn: &mut PgConnection,
    id: Uuid,
    vendor_id: VendorId,
    order_id: OrderId,
    refund_id: RefundId,
    adjustment: &RefundAdjustment,
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlement_adjustments
             (id, vendor_id, kind, amount, order_id, refund_id, refund_amount, commission_returned, created_at)
         VALUES ($1, $2, 'refund', $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT settlement_adjustments_refund_once DO NOTHING",
        id,
        vendor_id as VendorId,
        adjustment.amount as Money,
        order_id as OrderId,
        refund_id as RefundId,
        adjustment.refund_amount as Money,
        adjustment.commission_returned as Money,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A dispute holds its order back, unless its end came first.
pub(crate) async fn hold(conn: &mut PgConnection, dispute: DisputeId, order: OrderId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlement_holds (dispute_id, order_id, raised_at) VALUES ($1, $2, $3)
         ON CONFLICT (dispute_id) DO UPDATE SET raised_at = excluded.raised_at",
        dispute as DisputeId,
        order as OrderId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A dispute is over.
pub(crate) async fn release(conn: &mut PgConnection, dispute: DisputeId, order: OrderId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO settlement_holds (dispute_id, order_id, resolved_at) VALUES ($1, $2, $3)
         ON CONFLICT (dispute_id) DO UPDATE SET resolved_at = excluded.resolved_at",
        dispute as DisputeId,
        order as OrderId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
