//! How a payment changes: each statement names the state it expects and says whether it found it.

use ::domain::{MediaId, Money, OrderId, PaymentId, PaymentState, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Stored;

/// From one state to another that carries nothing besides; false when it was not in the expected one.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    id: PaymentId,
    (from, to): (PaymentState, PaymentState),
    failure_reason: Option<&str>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET status = $3, failure_reason = coalesce($4, failure_reason), updated_at = $5
          WHERE id = $1 AND status = $2",
        id as PaymentId,
        from.as_str(),
        to.as_str(),
        failure_reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A capture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Captured<'a> {
    pub gateway_payment: &'a str,
    pub payment_type: &'a str,
    pub signature: Option<&'a str>,
}

/// The money is ours; false when it was not in the expected state.
pub(crate) async fn capture(
    conn: &mut PgConnection,
    id: PaymentId,
    from: PaymentState,
    captured: Captured<'_>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET status = 'captured', razorpay_payment_id = $3, payment_type = $4,
                razorpay_signature = coalesce($5, razorpay_signature), captured_at = $6, failure_reason = NULL, updated_at = $6
          WHERE id = $1 AND status = $2 AND captured_at IS NULL",
        id as PaymentId,
        from.as_str(),
        captured.gateway_payment,
        captured.payment_type,
        captured.signature,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the signature that the buyer's app brought.
pub(crate) async fn keep_signature(conn: &mut PgConnection, id: PaymentId, signature: &str) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET razorpay_signature = $2 WHERE id = $1 AND razorpay_signature IS NULL",
        id as PaymentId,
        signature
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers the gateway's fee; false when it is known.
pub(crate) async fn keep_fee(conn: &mut PgConnection, id: PaymentId, fee: Money) -> Stored<bool> {
    let done =
        sqlx::query!("UPDATE payments SET gateway_fee = $2 WHERE id = $1 AND gateway_fee IS NULL", id as PaymentId, fee as Money)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// The order ended; false when that was known.
pub(crate) async fn order_cancelled(
    conn: &mut PgConnection,
    id: PaymentId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET order_cancelled_at = $2, updated_at = $3 WHERE id = $1 AND order_cancelled_at IS NULL",
        id as PaymentId,
        at,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The order was handed over.
pub(crate) async fn order_delivered(
    conn: &mut PgConnection,
    order_id: OrderId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET order_delivered_at = coalesce(order_delivered_at, $2), updated_at = $3 WHERE order_id = $1",
        order_id as OrderId,
        at,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Cash that was taken in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collected {
    pub by: Option<UserId>,
    pub amount: Money,
    pub proof: Option<MediaId>,
}

/// The vendor has the cash; false when the payment was not waiting for it.
pub(crate) async fn collect(conn: &mut PgConnection, id: PaymentId, collected: Collected, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET status = 'collected', payment_type = 'cash', cod_collected_by = $2, cod_collected_amount = $3,
                cod_proof_media_id = $4, cod_collected_at = $5, updated_at = $5
          WHERE id = $1 AND payment_method = 'cod' AND status = 'pending'",
        id as PaymentId,
        collected.by as Option<UserId>,
        collected.amount as Money,
        collected.proof as Option<MediaId>,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds the proof to cash that was reported without one.
pub(crate) async fn add_proof(conn: &mut PgConnection, id: PaymentId, proof: MediaId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET cod_proof_media_id = $2, updated_at = $3 WHERE id = $1 AND cod_proof_media_id IS NULL",
        id as PaymentId,
        proof as MediaId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Finance has looked at the proof; false when somebody did before.
pub(crate) async fn verify_proof(conn: &mut PgConnection, id: PaymentId, by: UserId, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET cod_proof_verified_by = $2, cod_proof_verified_at = $3, updated_at = $3
          WHERE id = $1 AND cod_proof_media_id IS NOT NULL AND cod_proof_verified_at IS NULL",
        id as PaymentId,
        by as UserId,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes what is asked back: by the amount up, or down when a refund failed. The table refuses more than came in.
pub(crate) async fn add_refund_requested(conn: &mut PgConnection, id: PaymentId, by: Money, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET refund_requested = refund_requested + $2, updated_at = $3 WHERE id = $1",
        id as PaymentId,
        by as Money,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Money went back; false when the sum was not the expected one.
pub(crate) async fn refunded(
    conn: &mut PgConnection,
    id: PaymentId,
    (before, after): (Money, Money),
    status: PaymentState,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payments SET status = $4, refund_amount = $3, refunded_at = $5, updated_at = $5
          WHERE id = $1 AND refund_amount = $2",
        id as PaymentId,
        before as Money,
        after as Money,
        status.as_str(),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
