//! Money that came in for an order and is not what the order waits for.

use ::domain::{Money, PaymentId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Stored;

/// Money that is not what the order waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stray<'a> {
    pub gateway_payment: &'a str,
    pub kind: &'a str,
    pub amount: Money,
    pub currency: &'a str,
    pub reason: &'a str,
}

/// Puts money aside; false when that was done.
pub(crate) async fn put_aside(conn: &mut PgConnection, id: PaymentId, stray: Stray<'_>, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "INSERT INTO payment_strays (razorpay_payment_id, payment_id, kind, amount_paise, currency, reason, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (razorpay_payment_id) DO NOTHING",
        stray.gateway_payment,
        id as PaymentId,
        stray.kind,
        stray.amount.paise(),
        stray.currency.chars().take(3).collect::<String>(),
        stray.reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The gateway has taken held money; false when that was known.
pub(crate) async fn taken(conn: &mut PgConnection, gateway_payment: &str, now: DateTime<Utc>) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payment_strays SET captured_at = $2
          WHERE razorpay_payment_id = $1 AND kind = 'quarantined' AND captured_at IS NULL",
        gateway_payment,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
