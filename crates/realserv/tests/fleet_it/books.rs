//! What the services wrote down, read behind their backs: whether orders, stock, payments and ledger agree.

use crate::stage::{PATIENCE, Stage};
use sqlx::{FromRow, PgPool, types::Uuid};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// The databases that have to agree about an order.
pub(crate) struct Books {
    pub(crate) order: PgPool,
    pub(crate) catalog: PgPool,
    pub(crate) payment: PgPool,
}

/// How an order ended up, where that is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It stands, with its stock and its payment.
    Whole,
    /// It is cancelled, and nothing of it is left.
    Undone,
}

#[derive(Debug, FromRow)]
struct Written {
    id: Uuid,
    status: String,
    cancellation_code: Option<String>,
    payment_id: Option<Uuid>,
    step: String,
}

#[derive(Debug, FromRow)]
struct Paid {
    id: Uuid,
    order_id: Uuid,
    status: String,
    void: bool,
}

impl Books {
    pub(crate) fn of(stage: &Stage) -> Self {
        let open = |service| PgPool::connect_lazy(&stage.database_url(service)).unwrap();
        Self { order: open("order"), catalog: open("catalog"), payment: open("payment") }
    }

    /// Waits until every order is whole or undone, and gives which is which.
    pub(crate) async fn settled(&self) -> BTreeMap<Uuid, End> {
        let begun = Instant::now();
        loop {
            let ends = self.ends().await;
            let open: Vec<&String> = ends.values().filter_map(|end| end.as_ref().err()).collect();
            if open.is_empty() {
                return ends.into_iter().filter_map(|(id, end)| Some((id, end.ok()?))).collect();
            }
            assert!(begun.elapsed() < PATIENCE, "neither whole nor undone after {} s: {open:#?}", PATIENCE.as_secs());
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn ends(&self) -> BTreeMap<Uuid, Result<End, String>> {
        let orders: Vec<Written> = sqlx::query_as(
            "SELECT o.id, o.status, o.cancellation_code, o.payment_id, s.step FROM orders o JOIN order_sagas s ON s.order_id = o.id",
        )
        .fetch_all(&self.order)
        .await
        .unwrap();
        let kept: Vec<(Uuid, String)> =
            sqlx::query_as("SELECT order_id, status FROM stock_reservations").fetch_all(&self.catalog).await.unwrap();
        let kept: BTreeMap<Uuid, String> = kept.into_iter().collect();
        let payments: Vec<Paid> =
            sqlx::query_as("SELECT id, order_id, status::text, order_cancelled_at IS NOT NULL AS void FROM payments")
                .fetch_all(&self.payment)
                .await
                .unwrap();
        let payments: BTreeMap<Uuid, Paid> = payments.into_iter().map(|paid| (paid.order_id, paid)).collect();
        orders.into_iter().map(|order| (order.id, end(&order, kept.get(&order.id), payments.get(&order.id)))).collect()
    }

    /// Stock that is kept is what live reservations keep; nothing is below zero.
    pub(crate) async fn stock_adds_up(&self) {
        let wrong: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT i.id, format('%s kept, %s in reservations, %s there', i.reserved_quantity, kept.sum, i.stock_quantity)
               FROM vendor_inventory i
              CROSS JOIN LATERAL (SELECT coalesce(sum(l.quantity), 0) AS sum FROM stock_reservation_lines l
                                    JOIN stock_reservations r USING (order_id)
                                   WHERE l.inventory_id = i.id AND r.status = 'active') kept
              WHERE i.reserved_quantity <> kept.sum OR i.reserved_quantity > i.stock_quantity",
        )
        .fetch_all(&self.catalog)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "stock does not add up: {wrong:?}");
    }

    /// Each movement of the ledger adds up to nothing, and so does the whole.
    pub(crate) async fn ledger_is_balanced(&self) {
        let wrong: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT transaction_id, sum(amount_paise)::text FROM ledger_entries GROUP BY 1 HAVING sum(amount_paise) <> 0",
        )
        .fetch_all(&self.payment)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "movements that do not add up: {wrong:?}");
    }

    /// How often the ledger has a movement of this kind for an order's payment.
    pub(crate) async fn movements(&self, order: Uuid, kind: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(DISTINCT t.id) FROM ledger_transactions t
              WHERE t.kind = $2 AND EXISTS (
                    SELECT FROM payments p LEFT JOIN payment_refunds r ON r.payment_id = p.id
                     WHERE p.order_id = $1 AND (strpos(t.business_key, p.id::text) > 0 OR strpos(t.business_key, r.id::text) > 0))",
        )
        .bind(order)
        .bind(kind)
        .fetch_one(&self.payment)
        .await
        .unwrap()
    }

    /// Status, amount and what went back of an order's payment, and how many refunds it has.
    pub(crate) async fn payment(&self, order: Uuid) -> Payment {
        sqlx::query_as(
            "SELECT p.status::text, p.amount::text, p.refund_amount::text, p.gateway_receipt::text AS receipt,
                    p.razorpay_order_id::text, p.razorpay_payment_id::text,
                    (SELECT count(*) FROM payment_refunds r WHERE r.payment_id = p.id) AS refunds,
                    (SELECT count(*) FROM payment_transactions t WHERE t.payment_id = p.id AND t.transaction_type = 'capture') AS captures
               FROM payments p WHERE p.order_id = $1",
        )
        .bind(order)
        .fetch_one(&self.payment)
        .await
        .unwrap()
    }
}

/// A payment as the service wrote it down.
#[derive(Debug, FromRow)]
pub(crate) struct Payment {
    pub(crate) status: String,
    pub(crate) amount: String,
    pub(crate) refund_amount: String,
    pub(crate) receipt: Option<String>,
    pub(crate) razorpay_order_id: Option<String>,
    pub(crate) razorpay_payment_id: Option<String>,
    pub(crate) refunds: i64,
    pub(crate) captures: i64,
}

/// Whole, undone, or what speaks against both.
fn end(order: &Written, kept: Option<&String>, paid: Option<&Paid>) -> Result<End, String> {
    let kept = kept.map(String::as_str);
    let open = |paid: &Paid| !paid.void && paid.status != "failed" && order.payment_id == Some(paid.id);
    let whole = order.status != "cancelled" && order.step == "done" && kept == Some("active") && paid.is_some_and(open);
    let undone = order.status == "cancelled"
        && order.cancellation_code.is_some()
        && order.step == "undone"
        && matches!(kept, None | Some("released"))
        && paid.is_none_or(|paid| paid.void);
    match (whole, undone) {
        (true, _) => Ok(End::Whole),
        (_, true) => Ok(End::Undone),
        _ => Err(format!("{order:?}, stock {kept:?}, {paid:?}")),
    }
}
