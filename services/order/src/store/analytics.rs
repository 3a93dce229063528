//! Orders counted and summed. One pass over the days asked for, by the index of all orders by time.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Money, OrderStatus, VendorId};
use pg_kit::DbError;
use sqlx::PgConnection;

/// Orders of one day, status or vendor, or all of them when none of the three is there.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) day: Option<NaiveDate>,
    pub(crate) status: Option<OrderStatus>,
    pub(crate) vendor_id: Option<VendorId>,
    pub(crate) orders: i64,
    pub(crate) completed: i64,
    pub(crate) cancelled: i64,
    pub(crate) ordered: Money,
    pub(crate) revenue: Money,
}

/// Counts the orders placed in `[from, until)`. Revenue is money that came in less money that went back.
pub(crate) async fn count(conn: &mut PgConnection, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Counted>, DbError> {
    let counted = sqlx::query_as!(
        Counted,
        r#"SELECT day AS "day?", status AS "status?: OrderStatus", vendor_id AS "vendor_id?: VendorId", count(*) AS "orders!",
                  count(*) FILTER (WHERE status = 'completed') AS "completed!",
                  count(*) FILTER (WHERE status = 'cancelled') AS "cancelled!",
                  coalesce(sum(total), 0) AS "ordered!: Money",
                  coalesce(sum(total - refunded)
                      FILTER (WHERE payment_status IN ('paid', 'partially_refunded', 'refunded')), 0) AS "revenue!: Money"
             FROM (SELECT (created_at AT TIME ZONE 'Asia/Kolkata')::date AS day, status, vendor_id, total, refunded,
                          payment_status
                     FROM orders WHERE created_at >= $1 AND created_at < $2) AS placed
            GROUP BY GROUPING SETS ((day), (status), (vendor_id), ())
            ORDER BY day, status, count(*) DESC, vendor_id"#,
        from,
        until
    )
    .fetch_all(conn)
    .await?;
    Ok(counted)
}
