//! Whether the reckoning sees anything at all: rows are corrupted by hand, one kind after the other, and each has to be
//! named.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::AssertSqlSafe;

use super::books::{Books, Broken};
use super::play::Run;

/// A corruption: where, how, and words of the rule that has to name it.
struct Spoil {
    service: &'static str,
    sql: &'static str,
    named: &'static str,
}

const fn spoil(service: &'static str, named: &'static str, sql: &'static str) -> Spoil {
    Spoil { service, sql, named }
}

const SPOILS: [Spoil; 16] = [
    spoil(
        "catalog",
        "what is kept is what live reservations keep",
        "UPDATE vendor_inventory SET reserved_quantity = reserved_quantity + 1
          WHERE id = (SELECT id FROM vendor_inventory WHERE stock_quantity > reserved_quantity + 10 ORDER BY id LIMIT 1)",
    ),
    spoil(
        "catalog",
        "stock and what was delivered of it is what there was",
        "UPDATE vendor_inventory SET stock_quantity = stock_quantity + 1
          WHERE id = (SELECT id FROM vendor_inventory ORDER BY id DESC LIMIT 1)",
    ),
    spoil(
        "catalog",
        "stock is kept while an order lives",
        "UPDATE stock_reservations SET status = 'released', ended_at = now(), expires_at = NULL
          WHERE order_id = (SELECT order_id FROM stock_reservations WHERE status = 'committed' LIMIT 1)",
    ),
    spoil(
        "order",
        "order and payment agree on the money",
        "UPDATE orders SET refunded = refunded + 1 WHERE id = (SELECT id FROM orders WHERE refunded + 1 < total ORDER BY id LIMIT 1)",
    ),
    spoil(
        "order",
        "each change of status starts where the one before ended",
        "UPDATE order_status_history SET previous_status = 'preparing'
          WHERE id = (SELECT id FROM order_status_history WHERE previous_status = 'confirmed' LIMIT 1)",
    ),
    spoil(
        "order",
        "has a time-out",
        "UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE state = 'pending' AND kind IN ('vendor_timeout', 'payment_timeout')",
    ),
    spoil(
        "order",
        "the story tells each event of an order once",
        "DELETE FROM order_timeline WHERE event_id = (SELECT event_id FROM order_timeline WHERE event_type = 'OrderPlaced' LIMIT 1)",
    ),
    spoil(
        "order",
        "events of one thing are numbered without a gap",
        "DELETE FROM outbox WHERE event_id = (SELECT event_id FROM outbox WHERE event_type = 'OrderConfirmed' LIMIT 1)",
    ),
    spoil(
        "payment",
        "what is refunded is the sum of the refunds",
        "UPDATE payment_refunds SET refund_amount = refund_amount + 0.01
          WHERE id = (SELECT id FROM payment_refunds WHERE status = 'processed' LIMIT 1)",
    ),
    spoil(
        "payment",
        "each movement of the ledger adds up to nothing",
        "ALTER TABLE ledger_entries DISABLE TRIGGER USER;
         UPDATE ledger_entries SET amount_paise = amount_paise + 1 WHERE line = 1
            AND transaction_id = (SELECT id FROM ledger_transactions WHERE kind = 'capture' LIMIT 1);
         ALTER TABLE ledger_entries ENABLE TRIGGER USER",
    ),
    spoil(
        "payment",
        "captured − refunded − settled is what each account has",
        "ALTER TABLE ledger_entries DISABLE TRIGGER USER;
         UPDATE ledger_entries SET account = 'bank' WHERE account = 'refunds' AND transaction_id =
            (SELECT id FROM ledger_transactions WHERE kind = 'refund_processed' LIMIT 1);
         ALTER TABLE ledger_entries ENABLE TRIGGER USER",
    ),
    spoil(
        "payment",
        "what the gateway captured is in our books",
        "UPDATE payments SET razorpay_payment_id = 'pay_00000000000000'
          WHERE id = (SELECT id FROM payments WHERE status = 'captured' LIMIT 1)",
    ),
    spoil(
        "payment",
        "each refund of ours is at the gateway",
        "UPDATE payment_refunds SET razorpay_refund_id = 'rfnd_00000000000000'
          WHERE id = (SELECT id FROM payment_refunds WHERE razorpay_refund_id IS NOT NULL ORDER BY id DESC LIMIT 1)",
    ),
    spoil(
        "vendor-management",
        "each completed order may be settled",
        "UPDATE settlement_orders SET completed_at = NULL, commission_rate = NULL, subtotal = NULL, tax = NULL, order_date = NULL
          WHERE order_id = (SELECT order_id FROM settlement_orders WHERE completed_at IS NOT NULL AND settlement_id IS NULL LIMIT 1)",
    ),
    spoil(
        "notification",
        "nobody is told the same thing twice",
        "INSERT INTO notifications (id, recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key,
                cause, order_id, subject, body, html_body, data, status, created_at, updated_at)
         SELECT gen_random_uuid(), recipient_id, recipient_type, notification_type, channel, category, template_id, dedupe_key || '-2',
                cause, order_id, subject, body, html_body, data, 'pending', created_at, updated_at FROM notifications LIMIT 1",
    ),
    spoil(
        "vendor-management",
        "order and delivery agree",
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE status = 'pending' LIMIT 1)",
    ),
];

/// Corrupts and looks, one after the other; gives what nobody noticed.
pub(super) async fn spoil_all(run: &Run) -> Result<Vec<String>> {
    let mut missed = Vec::new();
    let mut before: BTreeSet<Broken> = Books::read(&run.watch).await?.check(&run.watch, &run.stock).await?;
    for spoil in &SPOILS {
        // Several statements in one: the simple protocol takes them.
        let done = sqlx::raw_sql(AssertSqlSafe(spoil.sql)).execute(run.watch.database(spoil.service)?).await;
        let changed = match done {
            Ok(done) => done.rows_affected(),
            Err(error) => {
                // A constraint or trigger that stands against it is as good.
                println!("  refused by the table: {} ({error})", spoil.named);
                continue;
            }
        };
        let after = Books::read(&run.watch).await?.check(&run.watch, &run.stock).await?;
        let news: Vec<&Broken> = after.difference(&before).filter(|broken| broken.rule.contains(spoil.named)).collect();
        match news.first() {
            Some(broken) => println!("  named: {} ({})", broken.rule, broken.row),
            None if changed == 0 => println!("  nothing there to be corrupted: {}", spoil.named),
            None => missed.push(format!("{}: nobody noticed what breaks “{}”", spoil.service, spoil.named)),
        }
        before = after;
    }
    Ok(missed)
}
