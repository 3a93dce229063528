//! What a vendor earned to date.

use domain::{Money, VendorId};
use sqlx::PgConnection;

use super::Stored;

/// To date.
#[derive(Debug, Clone)]
pub(crate) struct Earnings {
    pub(crate) orders_completed: i64,
    pub(crate) gross: Money,
    pub(crate) commission: Money,
    pub(crate) cod_in_hand: Money,
    pub(crate) paid_out: Money,
    pub(crate) settled_unpaid: Money,
    pub(crate) unsettled: Money,
    pub(crate) adjustments_waiting: Money,
    pub(crate) on_hold: Money,
}

/// Sums over every completed order. Unsettled orders count with the commission that their settlement will take; what an
/// open settlement will pay stands under `settled_unpaid`; disputed orders stand apart.
pub(crate) async fn to_date(conn: &mut PgConnection, vendor_id: VendorId) -> Stored<Earnings> {
    sqlx::query_as!(
        Earnings,
        r#"WITH orders AS (
               SELECT o.total - o.refunded AS amount,
                      CASE WHEN l.order_id IS NULL THEN round((o.total - o.refunded) * o.commission_rate / 100, 2)
                           ELSE l.commission_amount - coalesce((SELECT sum(a.commission_returned)
                                  FROM settlement_adjustments a WHERE a.order_id = l.order_id), 0) END AS commission,
                      o.cod_collected - o.cod_remitted AS cod,
                      l.order_id IS NOT NULL AS settled,
                      EXISTS (SELECT FROM settlement_holds h WHERE h.order_id = o.order_id AND h.resolved_at IS NULL) AS held
                 FROM settlement_orders o LEFT JOIN settlement_line_items l ON l.order_id = o.order_id
                WHERE o.vendor_id = $1 AND o.completed_at IS NOT NULL
           )
           SELECT (SELECT count(*) FROM orders) as "orders_completed!",
                  (SELECT coalesce(sum(amount), 0) FROM orders) as "gross!: Money",
                  (SELECT coalesce(sum(commission), 0) FROM orders) as "commission!: Money",
                  (SELECT coalesce(sum(o.cod_collected - o.cod_remitted), 0) FROM settlement_orders o
                     LEFT JOIN settlements s ON s.id = o.settlement_id
                    WHERE o.vendor_id = $1 AND (s.id IS NULL OR s.status = 'pending')) as "cod_in_hand!: Money",
                  (SELECT coalesce(sum(payout_amount), 0) FROM settlements
                    WHERE vendor_id = $1 AND status = 'paid') as "paid_out!: Money",
                  (SELECT coalesce(sum(payout_amount), 0) FROM settlements
                    WHERE vendor_id = $1 AND status IN ('pending', 'approved') AND payout_amount > 0) as "settled_unpaid!: Money",
                  (SELECT coalesce(sum(amount - commission - cod), 0) FROM orders
                    WHERE NOT settled AND NOT held) as "unsettled!: Money",
                  (SELECT coalesce(sum(amount), 0) FROM settlement_adjustments
                    WHERE vendor_id = $1 AND settlement_id IS NULL) as "adjustments_waiting!: Money",
                  (SELECT coalesce(sum(amount - commission - cod), 0) FROM orders
                    WHERE NOT settled AND held) as "on_hold!: Money""#,
        vendor_id as VendorId
    )
    .fetch_one(conn)
    .await
}
