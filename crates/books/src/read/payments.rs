//! The payment service's tables, as of one moment.

use sqlx::{Connection as _, PgConnection, PgTransaction, Row as _};
use uuid::Uuid;

use super::Scope;
use crate::facts::{Facts, Movement, PaymentFact, RefundFact, StrayFact};

type Read = Result<(), sqlx::Error>;

/// Reads payments, refunds, what was put aside, and the ledger.
///
/// # Errors
/// The database cannot be read.
pub async fn payments(conn: &mut PgConnection, scope: &Scope, facts: &mut Facts) -> Read {
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let ids = match scope {
        Scope::All => None,
        Scope::Range { .. } => Some(touched(&mut tx, scope).await?),
    };
    own(&mut tx, ids.as_deref(), facts).await?;
    refunds(&mut tx, ids.as_deref(), facts).await?;
    strays(&mut tx, ids.as_deref(), facts).await?;
    movements(&mut tx, scope, facts).await?;
    tx.rollback().await
}

/// The payments that were opened or moved in the range. Each way of having moved is a branch of its own, with an index of its
/// own. A movement's subject is an id unless somebody wrote into the ledger by hand.
async fn touched(tx: &mut PgTransaction<'_>, scope: &Scope) -> Result<Vec<Uuid>, sqlx::Error> {
    let Scope::Range { from, to, gateway_payments } = scope else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "WITH moved AS MATERIALIZED (
             SELECT kind, CASE WHEN split_part(business_key, ':', 2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                               THEN split_part(business_key, ':', 2)::uuid END AS subject
               FROM ledger_transactions WHERE occurred_at >= $1 AND occurred_at < $2
         )
         SELECT id FROM payments WHERE created_at >= $1 AND created_at < $2
          UNION SELECT id FROM payments WHERE captured_at >= $1 AND captured_at < $2
          UNION SELECT id FROM payments WHERE cod_collected_at >= $1 AND cod_collected_at < $2
          UNION SELECT id FROM payments WHERE razorpay_payment_id = ANY ($3)
          UNION SELECT payment_id FROM payment_refunds WHERE initiated_at >= $1 AND initiated_at < $2
          UNION SELECT payment_id FROM payment_refunds WHERE processed_at >= $1 AND processed_at < $2
          UNION SELECT payment_id FROM payment_strays WHERE created_at >= $1 AND created_at < $2
          UNION SELECT payment_id FROM payment_strays WHERE razorpay_payment_id = ANY ($3)
          UNION SELECT payments.id FROM moved JOIN payments ON payments.id = subject WHERE kind IN ('capture', 'cod_collected')
          UNION SELECT payment_id FROM moved JOIN payment_refunds ON payment_refunds.id = subject
                 WHERE kind IN ('refund_requested', 'refund_processed', 'refund_failed')",
    )
    .bind(from)
    .bind(to)
    .bind(gateway_payments)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| row.try_get("id")).collect()
}

async fn own(tx: &mut PgTransaction<'_>, ids: Option<&[Uuid]>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT id, order_id, order_number, buyer_id, vendor_id, payment_method, status, razorpay_payment_id, updated_at,
                (amount * 100)::bigint AS amount, (gateway_fee * 100)::bigint AS fee, (refund_amount * 100)::bigint AS refunded,
                (refund_requested * 100)::bigint AS refund_requested, (cod_collected_amount * 100)::bigint AS cod_collected,
                order_cancelled_at IS NOT NULL AS cancelled,
                ARRAY (SELECT known FROM (
                           SELECT razorpay_order_id
                            UNION ALL SELECT razorpay_order_id FROM retired_gateway_orders WHERE payment_id = payments.id
                            UNION ALL SELECT razorpay_order_id FROM payment_links WHERE payment_id = payments.id
                       ) AS all_orders (known) WHERE known IS NOT NULL) AS gateway_orders
           FROM payments WHERE $1::uuid[] IS NULL OR id = ANY ($1) ORDER BY created_at, id",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.payments.push(PaymentFact {
            id: row.try_get("id")?,
            order_id: row.try_get("order_id")?,
            number: row.try_get("order_number")?,
            buyer_id: row.try_get("buyer_id")?,
            vendor_id: row.try_get("vendor_id")?,
            method: row.try_get("payment_method")?,
            amount: row.try_get("amount")?,
            status: row.try_get("status")?,
            gateway_orders: row.try_get("gateway_orders")?,
            gateway_payment: row.try_get("razorpay_payment_id")?,
            fee: row.try_get("fee")?,
            refunded: row.try_get("refunded")?,
            refund_requested: row.try_get("refund_requested")?,
            cod_collected: row.try_get("cod_collected")?,
            cancelled: row.try_get("cancelled")?,
            changed_at: Some(row.try_get("updated_at")?),
        });
    }
    Ok(())
}

async fn refunds(tx: &mut PgTransaction<'_>, ids: Option<&[Uuid]>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT id, payment_id, (refund_amount * 100)::bigint AS amount, refund_reason, status, razorpay_payment_id,
                razorpay_refund_id
           FROM payment_refunds WHERE $1::uuid[] IS NULL OR payment_id = ANY ($1) ORDER BY created_at, id",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.refunds.push(RefundFact {
            id: row.try_get("id")?,
            payment_id: row.try_get("payment_id")?,
            amount: row.try_get("amount")?,
            reason: row.try_get("refund_reason")?,
            status: row.try_get("status")?,
            gateway_payment: row.try_get("razorpay_payment_id")?,
            gateway_refund: row.try_get("razorpay_refund_id")?,
        });
    }
    Ok(())
}

async fn strays(tx: &mut PgTransaction<'_>, ids: Option<&[Uuid]>, facts: &mut Facts) -> Read {
    let rows = sqlx::query(
        "SELECT razorpay_payment_id, payment_id, kind, amount_paise, currency, captured_at IS NOT NULL AS taken, resolution
           FROM payment_strays WHERE $1::uuid[] IS NULL OR payment_id = ANY ($1) ORDER BY created_at",
    )
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        facts.strays.push(StrayFact {
            gateway_payment: row.try_get("razorpay_payment_id")?,
            payment_id: row.try_get("payment_id")?,
            kind: row.try_get("kind")?,
            amount: row.try_get("amount_paise")?,
            currency: row.try_get("currency")?,
            taken: row.try_get("taken")?,
            resolution: row.try_get("resolution")?,
        });
    }
    Ok(())
}

/// The movements with their lines, of which a condition says which.
macro_rules! movements_where {
    ($condition:literal) => {
        concat!(
            "SELECT business_key, coalesce(array_agg(account ORDER BY line) FILTER (WHERE account IS NOT NULL), '{}') AS accounts,
                    coalesce(array_agg(amount_paise ORDER BY line) FILTER (WHERE account IS NOT NULL), '{}') AS amounts
               FROM ledger_transactions LEFT JOIN ledger_entries ON transaction_id = id ",
            $condition,
            " GROUP BY id ORDER BY occurred_at, id"
        )
    };
}

/// Of a range: the movements in it, and those that its payments and refunds should have.
async fn movements(tx: &mut PgTransaction<'_>, scope: &Scope, facts: &mut Facts) -> Read {
    let range = match scope {
        Scope::All => None,
        Scope::Range { from, to, .. } => Some((*from, *to)),
    };
    let theirs = facts.strays.iter().map(|stray| stray.gateway_payment.clone());
    let theirs = theirs.chain(facts.payments.iter().filter_map(|payment| payment.gateway_payment.clone()));
    let ours = facts.payments.iter().map(|payment| payment.id).chain(facts.refunds.iter().map(|refund| refund.id));
    let subjects: Vec<String> = ours.map(|id| id.to_string()).chain(theirs).collect();
    let rows = match range {
        None => sqlx::query(movements_where!("")).fetch_all(&mut **tx).await?,
        Some((from, to)) => {
            // Two ways in, each with an index of its own.
            let some = sqlx::query(movements_where!(
                "WHERE id IN (SELECT id FROM ledger_transactions WHERE occurred_at >= $1 AND occurred_at < $2
                               UNION SELECT id FROM ledger_transactions WHERE split_part(business_key, ':', 2) = ANY ($3))"
            ));
            some.bind(from).bind(to).bind(subjects).fetch_all(&mut **tx).await?
        }
    };
    for row in rows {
        let accounts: Vec<String> = row.try_get("accounts")?;
        let amounts: Vec<i64> = row.try_get("amounts")?;
        facts
            .movements
            .push(Movement { key: row.try_get("business_key")?, entries: accounts.into_iter().zip(amounts).collect() });
    }
    Ok(())
}
