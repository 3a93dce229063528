//! What a vendor earned to date: the part that is settled, and what waits.

use domain::{GstScheme, Money, OrderId, OrderNumber, Rate, VendorId};
use sqlx::PgConnection;

use super::Stored;
use crate::domain::settlement::OrderToSettle;

/// Sums of what is settled.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) orders: i64,
    /// Totals less what went back until now, before and after settlement.
    pub(crate) gross: Money,
    /// Taken, less what was given back.
    pub(crate) commission: Money,
    pub(crate) deductions: Money,
    pub(crate) paid_out: Money,
    /// Positive payouts that were not paid yet.
    pub(crate) unpaid: Money,
    /// Refunds and carry-overs that wait for the next settlement.
    pub(crate) adjustments_waiting: Money,
    /// Cash of buyers that no approved settlement netted.
    pub(crate) cod_in_hand: Money,
}

pub(crate) async fn settled(conn: &mut PgConnection, vendor_id: VendorId) -> Stored<Settled> {
    sqlx::query_as!(
        Settled,
        r#"WITH lines AS (
               SELECT o.total - o.refunded AS amount,
                      l.commission_amount - coalesce((SELECT sum(a.commission_returned)
                          FROM settlement_adjustments a WHERE a.order_id = l.order_id), 0) AS commission
                 FROM settlement_line_items l JOIN settlement_orders o ON o.order_id = l.order_id
                WHERE o.vendor_id = $1
           )
           SELECT (SELECT count(*) FROM lines) as "orders!",
                  (SELECT coalesce(sum(amount), 0) FROM lines) as "gross!: Money",
                  (SELECT coalesce(sum(commission), 0) FROM lines) as "commission!: Money",
                  (SELECT coalesce(sum(deductions_amount), 0) FROM settlements WHERE vendor_id = $1) as "deductions!: Money",
                  (SELECT coalesce(sum(payout_amount), 0) FROM settlements
                    WHERE vendor_id = $1 AND status = 'paid') as "paid_out!: Money",
                  (SELECT coalesce(sum(payout_amount), 0) FROM settlements
                    WHERE vendor_id = $1 AND status IN ('pending', 'approved') AND payout_amount > 0) as "unpaid!: Money",
                  (SELECT coalesce(sum(amount), 0) FROM settlement_adjustments
                    WHERE vendor_id = $1 AND settlement_id IS NULL) as "adjustments_waiting!: Money",
                  (SELECT coalesce(sum(o.cod_collected - o.cod_remitted), 0) FROM settlement_orders o
                     LEFT JOIN settlements s ON s.id = o.settlement_id
                    WHERE o.vendor_id = $1 AND (s.id IS NULL OR s.status = 'pending')) as "cod_in_hand!: Money""#,
        vendor_id as VendorId
    )
    .fetch_one(conn)
    .await
}

/// A completed order that no settlement has.
#[derive(Debug)]
pub(crate) struct Unsettled {
    pub(crate) order: OrderToSettle,
    /// Under an open dispute.
    pub(crate) held: bool,
}

/// Completed orders that no settlement has, as a settlement will see them.
pub(crate) async fn unsettled(conn: &mut PgConnection, vendor_id: VendorId) -> Stored<Vec<Unsettled>> {
    let rows = sqlx::query!(
        r#"SELECT o.order_id as "order_id: OrderId", o.vendor_id as "vendor_id: VendorId",
                  o.order_number as "order_number: OrderNumber", o.order_date as "order_date!",
                  o.completed_at as "completed_at!", o.total as "total: Money", o.tax as "tax!: Money",
                  o.refunded as "refunded: Money", o.commission_rate as "commission_rate!: Rate",
                  (o.payment_method = 'cod') as "cash!", o.cod_collected as "cod_collected: Money",
                  o.cod_remitted as "cod_remitted: Money",
                  coalesce(v.state_code = (SELECT d.delivery_address ->> 'state_code' FROM deliveries d
                                            WHERE d.order_id = o.order_id), true) as "same_state!",
                  v.gst_scheme as "gst_scheme: GstScheme",
                  EXISTS (SELECT FROM settlement_holds h WHERE h.order_id = o.order_id AND h.resolved_at IS NULL) as "held!"
             FROM settlement_orders o JOIN vendors v ON v.id = o.vendor_id
            WHERE o.vendor_id = $1 AND o.settlement_id IS NULL AND o.completed_at IS NOT NULL
            ORDER BY o.order_id"#,
        vendor_id as VendorId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Unsettled {
            held: r.held,
            order: OrderToSettle {
                order_id: r.order_id,
                vendor_id: r.vendor_id,
                order_number: r.order_number,
                order_date: r.order_date,
                completed_at: r.completed_at,
                total: r.total,
                tax: r.tax,
                refunded: r.refunded,
                commission_rate: r.commission_rate,
                cash: r.cash,
                cod_collected: r.cod_collected,
                cod_remitted: r.cod_remitted,
                same_state: r.same_state,
                gst_scheme: r.gst_scheme,
            },
        })
        .collect())
}
