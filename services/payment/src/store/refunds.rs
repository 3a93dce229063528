//! Refunds.

use ::domain::{Money, PaymentId, RefundId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Stored;

/// A refund as stored.
#[derive(Debug, Clone)]
pub(crate) struct RefundRow {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub amount: Money,
    pub reason: String,
    pub notes: Option<String>,
    pub razorpay_payment_id: Option<String>,
    pub razorpay_refund_id: Option<String>,
    pub status: ::domain::RefundStatus,
    pub initiated_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    pub failed_reason: Option<String>,
}

/// Why money that belongs to no order's payment goes back.
pub(crate) const DUPLICATE: &str = "duplicate_payment";
/// The same, of money that came in on an order of the gateway's that was replaced.
pub(crate) const RETIRED: &str = "retired_order";
/// The same, of money that finance gives back out of quarantine.
pub(crate) const QUARANTINED: &str = "quarantined";

impl RefundRow {
    /// Whether it gives back what never counted as the order's money: a second payment, or one of another amount.
    pub(crate) fn is_of_stray(&self) -> bool {
        [DUPLICATE, RETIRED, QUARANTINED].contains(&self.reason.as_str())
    }
}

/// The columns of [`RefundRow`] before a condition.
macro_rules! select_refunds {
    ($tail:tt $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            RefundRow,
            r#"SELECT id as "id: RefundId", payment_id as "payment_id!: PaymentId", refund_amount as "amount: Money",
                      refund_reason as reason, refund_notes as notes, razorpay_payment_id, razorpay_refund_id,
                      status as "status: ::domain::RefundStatus", initiated_at, processed_at, failed_reason
                 FROM payment_refunds "# + $tail
            $(, $bind)*
        )
    };
}

/// One refund.
pub(crate) async fn find(conn: &mut PgConnection, id: RefundId) -> Stored<Option<RefundRow>> {
    select_refunds!("WHERE id = $1", id as RefundId).fetch_optional(conn).await
}

/// One refund, locked.
pub(crate) async fn lock(conn: &mut PgConnection, id: RefundId) -> Stored<Option<RefundRow>> {
    select_refunds!("WHERE id = $1 FOR UPDATE", id as RefundId).fetch_optional(conn).await
}

/// The refund of one cause.
pub(crate) async fn by_key(conn: &mut PgConnection, business_key: &str) -> Stored<Option<RefundRow>> {
    select_refunds!("WHERE business_key = $1", business_key).fetch_optional(conn).await
}

/// The refund that the gateway knows by this id.
pub(crate) async fn by_gateway_id(conn: &mut PgConnection, gateway_refund: &str) -> Stored<Option<RefundRow>> {
    select_refunds!("WHERE razorpay_refund_id = $1", gateway_refund).fetch_optional(conn).await
}

/// A payment's refunds, oldest first.
pub(crate) async fn of_payment(conn: &mut PgConnection, payment_id: PaymentId) -> Stored<Vec<RefundRow>> {
    select_refunds!("WHERE payment_id = $1 ORDER BY created_at, id", payment_id as PaymentId).fetch_all(conn).await
}

/// What a refund is asked for with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRefundRow<'a> {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub amount: Money,
    pub reason: &'a str,
    pub notes: Option<&'a str>,
    pub business_key: &'a str,
    pub razorpay_payment_id: Option<&'a str>,
    pub initiated_by: Option<UserId>,
}

/// Writes it down; false when the cause has a refund.
pub(crate) async fn insert(conn: &mut PgConnection, new: NewRefundRow<'_>, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO payment_refunds (id, payment_id, refund_amount, refund_reason, refund_notes, business_key,
                                      razorpay_payment_id, status, initiated_by, initiated_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $9) ON CONFLICT (business_key) DO NOTHING",
        new.id as RefundId,
        new.payment_id as PaymentId,
        new.amount as Money,
        new.reason,
        new.notes,
        new.business_key,
        new.razorpay_payment_id,
        new.initiated_by as Option<UserId>,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody takes it up.
pub(crate) async fn taken_up(conn: &mut PgConnection, id: RefundId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!("UPDATE payment_refunds SET attempts = attempts + 1, checked_at = $2 WHERE id = $1", id as RefundId, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Remembers the gateway's refund.
pub(crate) async fn keep_gateway_id(conn: &mut PgConnection, id: RefundId, gateway_refund: &str) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_refunds SET razorpay_refund_id = $2 WHERE id = $1 AND razorpay_refund_id IS NULL",
        id as RefundId,
        gateway_refund
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It is done; false when it was not pending.
pub(crate) async fn processed(conn: &mut PgConnection, id: RefundId, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payment_refunds SET status = 'processed', processed_at = $2 WHERE id = $1 AND status = 'pending'",
        id as RefundId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It failed for good; false when it was not pending.
pub(crate) async fn failed(conn: &mut PgConnection, id: RefundId, reason: &str) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payment_refunds SET status = 'failed', failed_reason = $2 WHERE id = $1 AND status = 'pending'",
        id as RefundId,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Pending refunds that nobody took up since `before`.
pub(crate) async fn waiting(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Stored<Vec<RefundId>> {
    sqlx::query_scalar!(
        r#"SELECT id as "id: RefundId" FROM payment_refunds
            WHERE status = 'pending' AND coalesce(checked_at, initiated_at) <= $1
            ORDER BY coalesce(checked_at, initiated_at) LIMIT $2"#,
        before,
        limit
    )
    .fetch_all(conn)
    .await
}
