//! Money that came in for an order and is not what the order waits for.

use ::domain::{Money, OrderNumber, PaymentId, UserId};
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

/// Held money that the gateway has not taken before, and nobody has decided on, goes back by itself after all; false when
/// there is none.
pub(crate) async fn unhold(
    conn: &mut PgConnection,
    gateway_payment: &str,
    kind: &str,
    (amount, reason): (Money, &str),
) -> Stored<bool> {
    let done = sqlx::query!(
        "UPDATE payment_strays SET kind = $2, amount_paise = $3, reason = $4
          WHERE razorpay_payment_id = $1 AND kind = 'quarantined' AND captured_at IS NULL AND resolution IS NULL
            AND currency = 'INR'",
        gateway_payment,
        kind,
        amount.paise(),
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Held money that is in the books, and nobody has decided on, goes back by itself after all: how much, when there is any.
pub(crate) async fn resolve_alone(conn: &mut PgConnection, gateway_payment: &str, now: DateTime<Utc>) -> Stored<Option<Money>> {
    let held = sqlx::query_scalar!(
        "UPDATE payment_strays SET resolution = 'refunded', resolved_at = $2
          WHERE razorpay_payment_id = $1 AND kind = 'quarantined' AND captured_at IS NOT NULL AND resolution IS NULL
          RETURNING amount_paise",
        gateway_payment,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.map(Money::from_paise))
}

/// Money that was put aside, as stored.
#[derive(Debug, Clone)]
pub(crate) struct StrayRow {
    pub gateway_payment: String,
    pub payment_id: PaymentId,
    pub order_number: OrderNumber,
    pub amount_paise: i64,
    pub currency: String,
    pub due: Money,
    pub reason: String,
    pub captured_at: Option<DateTime<Utc>>,
    pub resolution: Option<String>,
    pub resolved_by: Option<UserId>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub resolution_notes: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl StrayRow {
    /// How much, when it is in rupees.
    pub(crate) fn money(&self) -> Money {
        Money::from_paise(self.amount_paise)
    }
}

/// The columns of [`StrayRow`] before a condition.
macro_rules! select_strays {
    ($tail:tt $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            StrayRow,
            r#"SELECT s.razorpay_payment_id as gateway_payment, s.payment_id as "payment_id: PaymentId",
                      p.order_number as "order_number: OrderNumber", s.amount_paise, s.currency, p.amount as "due: Money",
                      s.reason, s.captured_at, s.resolution, s.resolved_by as "resolved_by: UserId", s.resolved_at,
                      s.resolution_notes, s.created_at
                 FROM payment_strays s JOIN payments p ON p.id = s.payment_id WHERE s.kind = 'quarantined' "# + $tail
            $(, $bind)*
        )
    };
}

/// Held money by the gateway's payment.
pub(crate) async fn find(conn: &mut PgConnection, gateway_payment: &str) -> Stored<Option<StrayRow>> {
    select_strays!("AND s.razorpay_payment_id = $1", gateway_payment).fetch_optional(conn).await
}

/// Held money by the gateway's payment, locked.
pub(crate) async fn lock(conn: &mut PgConnection, gateway_payment: &str) -> Stored<Option<StrayRow>> {
    select_strays!("AND s.razorpay_payment_id = $1 FOR UPDATE OF s", gateway_payment).fetch_optional(conn).await
}

/// Where held money stands in the list, newest first.
pub(crate) type StrayPlace = (DateTime<Utc>, String);

/// Held money after a place, newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    resolved: Option<bool>,
    after: Option<StrayPlace>,
    limit: i64,
) -> Stored<Vec<StrayRow>> {
    let (at, id) = after.unzip();
    select_strays!(
        "AND ($1::bool IS NULL OR (s.resolution IS NOT NULL) = $1)
         AND ($2::timestamptz IS NULL OR (s.created_at, s.razorpay_payment_id::text) < ($2, $3::text))
         ORDER BY s.created_at DESC, s.razorpay_payment_id::text DESC LIMIT $4",
        resolved,
        at,
        id,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Finance has decided.
pub(crate) async fn resolve(
    conn: &mut PgConnection,
    gateway_payment: &str,
    (resolution, by, notes): (&str, UserId, Option<&str>),
    now: DateTime<Utc>,
) -> Stored<()> {
    sqlx::query!(
        "UPDATE payment_strays SET resolution = $2, resolved_by = $3, resolution_notes = $4, resolved_at = $5
          WHERE razorpay_payment_id = $1 AND resolution IS NULL",
        gateway_payment,
        resolution,
        by as UserId,
        notes,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Nothing of the payment is held any more, when that is so.
pub(crate) async fn unmark(conn: &mut PgConnection, id: PaymentId, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET quarantined_at = NULL, quarantine_reason = NULL, updated_at = $2
          WHERE id = $1 AND NOT EXISTS (SELECT FROM payment_strays WHERE payment_id = $1 AND kind = 'quarantined'
                                                                     AND resolution IS NULL)",
        id as PaymentId,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
