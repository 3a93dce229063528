//! Payments and their log.

use ::domain::events::PaymentFacts;
use ::domain::{BuyerId, MediaId, Money, OrderId, OrderNumber, PaymentId, PaymentMethod, PaymentState, UserId, VendorId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::domain::ledger::Account;
use crate::domain::online::Standing;
use crate::domain::refund::Refundable;
use crate::domain::replace::Due;

/// A payment as stored.
#[derive(Debug, Clone)]
pub(crate) struct PaymentRow {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub order_number: OrderNumber,
    pub buyer_id: BuyerId,
    pub buyer_user_id: UserId,
    pub vendor_id: VendorId,
    pub method: PaymentMethod,
    pub payment_type: Option<String>,
    pub amount: Money,
    pub status: PaymentState,
    pub revision: i64,
    pub gateway_receipt: Option<String>,
    pub razorpay_order_id: Option<String>,
    pub razorpay_payment_id: Option<String>,
    pub gateway_fee: Option<Money>,
    pub cod_collected_by: Option<UserId>,
    pub cod_collected_at: Option<DateTime<Utc>>,
    pub cod_proof_media_id: Option<MediaId>,
    pub cod_proof_verified_by: Option<UserId>,
    pub cod_proof_verified_at: Option<DateTime<Utc>>,
    pub failure_reason: Option<String>,
    pub refund_amount: Money,
    pub refund_requested: Money,
    pub refunded_at: Option<DateTime<Utc>>,
    pub captured_at: Option<DateTime<Utc>>,
    pub order_cancelled_at: Option<DateTime<Utc>>,
    pub order_delivered_at: Option<DateTime<Utc>>,
    pub quarantined_at: Option<DateTime<Utc>>,
    pub quarantine_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl PaymentRow {
    /// What every event says about it.
    pub(crate) fn facts(&self) -> PaymentFacts {
        PaymentFacts {
            payment_id: self.id,
            order_id: self.order_id,
            order_number: self.order_number.clone(),
            buyer_id: self.buyer_id,
            buyer_user_id: self.buyer_user_id,
            vendor_id: self.vendor_id,
            payment_method: self.method,
            amount: self.amount,
        }
    }

    /// What it waits for.
    pub(crate) fn due(&self) -> Due {
        Due { amount: self.amount, revision: self.revision }
    }

    /// As the machine sees it.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            status: self.status,
            due: self.amount,
            gateway_payment: self.razorpay_payment_id.clone(),
            order_cancelled: self.order_cancelled_at.is_some(),
        }
    }

    /// As refunds see it.
    pub(crate) fn refundable(&self) -> Refundable {
        Refundable { status: self.status, amount: self.amount, requested: self.refund_requested, refunded: self.refund_amount }
    }
}

/// The columns of [`PaymentRow`] before a condition.
macro_rules! select_payments {
    ($tail:tt $(, $bind:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::store::payments::PaymentRow,
            r#"SELECT id as "id: PaymentId", order_id as "order_id: OrderId", order_number as "order_number: OrderNumber",
                      buyer_id as "buyer_id: BuyerId", buyer_user_id as "buyer_user_id: UserId",
                      vendor_id as "vendor_id: VendorId", payment_method as "method: PaymentMethod", payment_type,
                      amount as "amount: Money", status as "status: PaymentState", revision, gateway_receipt, razorpay_order_id,
                      razorpay_payment_id, gateway_fee as "gateway_fee: Money",
                      cod_collected_by as "cod_collected_by: UserId", cod_collected_at,
                      cod_proof_media_id as "cod_proof_media_id: MediaId",
                      cod_proof_verified_by as "cod_proof_verified_by: UserId", cod_proof_verified_at, failure_reason,
                      refund_amount as "refund_amount: Money", refund_requested as "refund_requested: Money", refunded_at,
                      captured_at, order_cancelled_at, order_delivered_at, quarantined_at, quarantine_reason, created_at,
                      updated_at
                 FROM payments "# + $tail
            $(, $bind)*
        )
    };
}
pub(crate) use select_payments;

/// One payment.
pub(crate) async fn find(conn: &mut PgConnection, id: PaymentId) -> Stored<Option<PaymentRow>> {
    select_payments!("WHERE id = $1", id as PaymentId).fetch_optional(conn).await
}

/// One payment, locked.
pub(crate) async fn lock(conn: &mut PgConnection, id: PaymentId) -> Stored<Option<PaymentRow>> {
    select_payments!("WHERE id = $1 FOR UPDATE", id as PaymentId).fetch_optional(conn).await
}

/// The payment of an order.
pub(crate) async fn of_order(conn: &mut PgConnection, order_id: OrderId) -> Stored<Option<PaymentRow>> {
    select_payments!("WHERE order_id = $1", order_id as OrderId).fetch_optional(conn).await
}

/// The payment of an order, locked.
pub(crate) async fn lock_of_order(conn: &mut PgConnection, order_id: OrderId) -> Stored<Option<PaymentRow>> {
    select_payments!("WHERE order_id = $1 FOR UPDATE", order_id as OrderId).fetch_optional(conn).await
}

/// The payment behind a gateway order.
pub(crate) async fn of_gateway_order(conn: &mut PgConnection, gateway_order: &str) -> Stored<Option<PaymentRow>> {
    select_payments!("WHERE razorpay_order_id = $1", gateway_order).fetch_optional(conn).await
}

/// What a payment is opened with.
#[derive(Debug, Clone)]
pub(crate) struct NewPayment {
    pub facts: PaymentFacts,
    /// Online: our receipt, and who goes to the gateway with it for how many seconds.
    pub gateway: Option<(String, Uuid, f64)>,
    /// Cash: the paise in the vendor's hands above which there is none.
    pub cash_limit: Option<i64>,
}

impl NewPayment {
    /// As it stands once it is written down.
    pub(crate) fn row(&self, now: DateTime<Utc>) -> PaymentRow {
        let facts = self.facts.clone();
        PaymentRow {
            id: facts.payment_id,
            order_id: facts.order_id,
            order_number: facts.order_number,
            buyer_id: facts.buyer_id,
            buyer_user_id: facts.buyer_user_id,
            vendor_id: facts.vendor_id,
            method: facts.payment_method,
            payment_type: None,
            amount: facts.amount,
            status: PaymentState::Pending,
            revision: 0,
            gateway_receipt: self.gateway.as_ref().map(|(receipt, ..)| receipt.clone()),
            razorpay_order_id: None,
            razorpay_payment_id: None,
            gateway_fee: None,
            cod_collected_by: None,
            cod_collected_at: None,
            cod_proof_media_id: None,
            cod_proof_verified_by: None,
            cod_proof_verified_at: None,
            failure_reason: None,
            refund_amount: Money::ZERO,
            refund_requested: Money::ZERO,
            refunded_at: None,
            captured_at: None,
            order_cancelled_at: None,
            order_delivered_at: None,
            quarantined_at: None,
            quarantine_reason: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Writes it down, its way to the gateway taken; false when the order has a payment or has ended, or the vendor holds
/// too much cash.
pub(crate) async fn insert(conn: &mut PgConnection, new: &NewPayment, now: DateTime<Utc>) -> Stored<bool> {
    let facts = &new.facts;
    let (receipt, lease, seconds) = match &new.gateway {
        Some((receipt, lease, seconds)) => (Some(receipt.as_str()), Some(*lease), Some(*seconds)),
        None => (None, None, None),
    };
    let done = sqlx::query!(
        "INSERT INTO payments (id, order_id, order_number, buyer_id, buyer_user_id, vendor_id, payment_method, amount, status,
                               gateway_receipt, gateway_lease_id, gateway_leased_until, gateway_attempts, created_at, updated_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $11, clock_timestamp() + make_interval(secs => $12),
                CASE WHEN $11::uuid IS NULL THEN 0 ELSE 1 END, $10, $10
          WHERE NOT EXISTS (SELECT FROM cancelled_orders WHERE order_id = $2)
            AND ($13::bigint IS NULL OR $13 >= (SELECT coalesce(sum(amount_paise), 0) FROM ledger_entries WHERE account = $14))
         ON CONFLICT ON CONSTRAINT payments_one_for_order DO NOTHING",
        facts.payment_id as PaymentId,
        facts.order_id as OrderId,
        facts.order_number.as_str(),
        facts.buyer_id as BuyerId,
        facts.buyer_user_id as UserId,
        facts.vendor_id as VendorId,
        facts.payment_method.as_str(),
        facts.amount as Money,
        receipt,
        now,
        lease,
        seconds,
        new.cash_limit,
        Account::CashWithVendor(facts.vendor_id).to_string()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sends one worker to the gateway; `None` when another one is there. Answers how often somebody went before. Time is
/// the database's: a lease is about processes, not about business.
pub(crate) async fn lease_gateway(conn: &mut PgConnection, id: PaymentId, lease: Uuid, seconds: f64) -> Stored<Option<i32>> {
    sqlx::query_scalar!(
        r#"UPDATE payments SET gateway_lease_id = $2, gateway_attempts = gateway_attempts + 1,
                  gateway_leased_until = clock_timestamp() + make_interval(secs => $3)
            WHERE id = $1 AND razorpay_order_id IS NULL
              AND (gateway_leased_until IS NULL OR gateway_leased_until <= clock_timestamp())
           RETURNING gateway_attempts - 1 as "before!""#,
        id as PaymentId,
        lease,
        seconds
    )
    .fetch_optional(conn)
    .await
}

/// Gives the way to the gateway free without a result.
pub(crate) async fn release_gateway(conn: &mut PgConnection, id: PaymentId, lease: Uuid) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET gateway_lease_id = NULL, gateway_leased_until = NULL WHERE id = $1 AND gateway_lease_id = $2",
        id as PaymentId,
        lease
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What storing the gateway's order found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptOrder {
    /// Whether the order has ended: then nobody is handed it.
    pub cancelled: bool,
    /// Whether it is the payment's first: only then it was opened.
    pub first: bool,
}

/// Stores the gateway's order once, with a line of the log; `None` when there is one, or another amount is due by now.
pub(crate) async fn store_gateway_order(
    conn: &mut PgConnection,
    (id, revision): (PaymentId, i64),
    gateway_order: &str,
    line: Uuid,
    now: DateTime<Utc>,
) -> Stored<Option<KeptOrder>> {
    sqlx::query_as!(
        KeptOrder,
        r#"WITH before AS (
               SELECT opened_at IS NULL AS first FROM payments WHERE id = $1
           ), kept AS (
               UPDATE payments SET razorpay_order_id = $2, gateway_lease_id = NULL, gateway_leased_until = NULL,
                      opened_at = coalesce(opened_at, $3), updated_at = $3
                WHERE id = $1 AND razorpay_order_id IS NULL AND revision = $4
               RETURNING id, amount, status, order_cancelled_at IS NOT NULL AS cancelled
           ), logged AS (
               INSERT INTO payment_transactions (id, payment_id, transaction_type, amount, status, source,
                                                 gateway_transaction_id, created_at)
               SELECT $5, id, 'order_created', amount, status, 'api', $2, $3 FROM kept
           )
           SELECT cancelled as "cancelled!", first as "first!" FROM kept, before"#,
        id as PaymentId,
        gateway_order,
        now,
        revision,
        line
    )
    .fetch_optional(conn)
    .await
}

/// Marks a payment for finance.
pub(crate) async fn quarantine(conn: &mut PgConnection, id: PaymentId, reason: &str, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "UPDATE payments SET quarantined_at = coalesce(quarantined_at, $3), quarantine_reason = coalesce(quarantine_reason, $2),
                updated_at = $3 WHERE id = $1",
        id as PaymentId,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the sweeper is to ask the gateway about: open payments of the last day, each as often as its age makes sense,
/// a minute apart at first. They count as asked from now on.
pub(crate) async fn take_due_for_polling(conn: &mut PgConnection, limit: i64, now: DateTime<Utc>) -> Stored<Vec<PaymentId>> {
    sqlx::query_scalar!(
        r#"WITH due AS MATERIALIZED (
               SELECT id FROM payments
                WHERE payment_method = 'online' AND status IN ('pending', 'authorized', 'failed')
                  AND razorpay_order_id IS NOT NULL AND created_at > $1::timestamptz - interval '24 hours'
                  AND coalesce(polled_at, created_at) <= $1::timestamptz - greatest(interval '60 seconds', ($1::timestamptz - created_at) / 10)
                ORDER BY coalesce(polled_at, created_at) LIMIT $2 FOR UPDATE SKIP LOCKED
           )
           UPDATE payments SET polled_at = $1::timestamptz FROM due WHERE payments.id = due.id
           RETURNING payments.id as "id: PaymentId""#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// One line of a payment's log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLine<'a> {
    pub id: Uuid,
    pub payment_id: PaymentId,
    pub kind: &'a str,
    pub amount: Money,
    pub status: &'a str,
    pub source: &'a str,
    pub gateway_id: Option<&'a str>,
    pub response: Option<&'a Value>,
}

/// Writes a line of the log.
pub(crate) async fn log(conn: &mut PgConnection, line: LogLine<'_>, now: DateTime<Utc>) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO payment_transactions (id, payment_id, transaction_type, amount, status, source, gateway_transaction_id,
                                           gateway_response, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        line.id,
        line.payment_id as PaymentId,
        line.kind,
        line.amount as Money,
        line.status,
        line.source,
        line.gateway_id,
        line.response,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
