//! The gateway's orders that were replaced by others.

use ::domain::PaymentId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::payments::PaymentRow;
use super::{Stored, links};
use crate::domain::replace::Due;

/// An order at the gateway that nobody is handed any more.
#[derive(Debug, Clone)]
pub(crate) struct RetiredRow {
    pub payment_id: PaymentId,
    pub gateway_receipt: String,
    pub razorpay_order_id: Option<String>,
}

/// Puts another amount in the place of what was due, and online a new receipt in the place of the old one, under which
/// `lease` goes to the gateway. What was there is remembered as retired, unless nobody ever went to the gateway with it.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    id: PaymentId,
    due: Due,
    (receipt, lease, seconds): (Option<&str>, uuid::Uuid, f64),
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "WITH old AS (
             SELECT id, gateway_receipt, razorpay_order_id, amount, revision, gateway_attempts FROM payments WHERE id = $1
         ), retired AS (
             INSERT INTO retired_gateway_orders (gateway_receipt, payment_id, razorpay_order_id, amount, revision, retired_at)
             SELECT gateway_receipt, id, razorpay_order_id, amount, revision, $7 FROM old
              WHERE gateway_receipt IS NOT NULL AND gateway_attempts > 0
         )
         UPDATE payments SET amount = $2, revision = $3, gateway_receipt = $4::text, razorpay_order_id = NULL,
                gateway_lease_id = CASE WHEN $4::text IS NOT NULL THEN $5::uuid END,
                gateway_leased_until = CASE WHEN $4::text IS NOT NULL
                                            THEN clock_timestamp() + make_interval(secs => $6) END,
                gateway_attempts = CASE WHEN $4::text IS NOT NULL THEN 1 ELSE 0 END, updated_at = $7
           FROM old WHERE payments.id = old.id AND old.revision < $3",
        id as PaymentId,
        due.amount as ::domain::Money,
        due.revision,
        receipt,
        lease,
        seconds,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The retired order behind an id of the gateway's.
pub(crate) async fn of_gateway_order(conn: &mut PgConnection, gateway_order: &str) -> Stored<Option<RetiredRow>> {
    sqlx::query_as!(
        RetiredRow,
        r#"SELECT payment_id as "payment_id: PaymentId", gateway_receipt, razorpay_order_id
             FROM retired_gateway_orders WHERE razorpay_order_id = $1"#,
        gateway_order
    )
    .fetch_optional(conn)
    .await
}

/// Whether an order of the gateway's is no longer what this payment waits for. Who calls has locked the payment, so that
/// the answer stays true.
pub(crate) async fn is_retired(conn: &mut PgConnection, payment: &PaymentRow, gateway_order: &str) -> Stored<bool> {
    if payment.razorpay_order_id.as_deref() == Some(gateway_order) {
        return Ok(false);
    }
    if of_gateway_order(conn, gateway_order).await?.is_some() {
        return Ok(true);
    }
    let link = links::of_gateway_order(conn, gateway_order).await?;
    Ok(link.is_some_and(|link| link.payment_id == payment.id && link.revision != payment.revision))
}

/// Remembers what the gateway made under a receipt that was retired meanwhile.
pub(crate) async fn keep_gateway_order(conn: &mut PgConnection, receipt: &str, gateway_order: &str) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE retired_gateway_orders SET razorpay_order_id = $2 WHERE gateway_receipt = $1 AND razorpay_order_id IS NULL",
        receipt,
        gateway_order
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the sweeper is to ask the gateway about: orders retired within the last day, each ever less often. They count as
/// asked from now on.
pub(crate) async fn take_due_for_polling(conn: &mut PgConnection, limit: i64, now: DateTime<Utc>) -> Stored<Vec<RetiredRow>> {
    sqlx::query_as!(
        RetiredRow,
        r#"WITH due AS MATERIALIZED (
               SELECT gateway_receipt FROM retired_gateway_orders
                WHERE retired_at > $1::timestamptz - interval '24 hours'
                  AND coalesce(polled_at, retired_at)
                      <= $1::timestamptz - greatest(interval '60 seconds', ($1::timestamptz - retired_at) / 10)
                ORDER BY retired_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )
           UPDATE retired_gateway_orders SET polled_at = $1::timestamptz FROM due
            WHERE retired_gateway_orders.gateway_receipt = due.gateway_receipt
           RETURNING payment_id as "payment_id: PaymentId", retired_gateway_orders.gateway_receipt as "gateway_receipt!",
                     razorpay_order_id"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}
