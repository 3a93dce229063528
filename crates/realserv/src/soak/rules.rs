//! What has to hold inside one database once everything is quiet. Each query names the rows that break its rule.

/// A rule of one database: whose, what it says, and the rows against it with a word on each.
pub(super) struct Rule {
    pub(super) service: &'static str,
    pub(super) says: &'static str,
    pub(super) against: &'static str,
}

const fn rule(service: &'static str, says: &'static str, against: &'static str) -> Rule {
    Rule { service, says, against }
}

/// Those of the order service.
pub(super) const OF_ORDERS: [Rule; 9] = [
    rule(
        "order",
        "each change of status starts where the one before ended",
        "SELECT order_id::text, format('%s after %s', previous_status, before) FROM (
            SELECT order_id, previous_status, lag(new_status) OVER (PARTITION BY order_id ORDER BY created_at, id) AS before
              FROM order_status_history) h WHERE previous_status IS DISTINCT FROM before",
    ),
    rule(
        "order",
        "the last change of status is the status",
        "SELECT o.id::text, format('%s, history ends with %s', o.status, h.new_status) FROM orders o
           LEFT JOIN LATERAL (SELECT new_status FROM order_status_history WHERE order_id = o.id
                               ORDER BY created_at DESC, id DESC LIMIT 1) h ON true
          WHERE h.new_status IS DISTINCT FROM o.status",
    ),
    rule(
        "order",
        "only legal changes of status (rule 12)",
        "SELECT h.order_id::text, format('%s: %s to %s by %s', o.payment_method, previous_status, new_status, changed_by_kind)
           FROM order_status_history h JOIN orders o ON o.id = h.order_id
          WHERE (o.payment_method, coalesce(previous_status, '-'), new_status) NOT IN (
                ('online', '-', 'pending'), ('cod', '-', 'pending'), ('online', 'pending', 'paid'), ('online', 'paid', 'confirmed'),
                ('cod', 'pending', 'confirmed'), ('online', 'confirmed', 'preparing'), ('cod', 'confirmed', 'preparing'),
                ('online', 'confirmed', 'in_transit'), ('cod', 'confirmed', 'in_transit'), ('online', 'preparing', 'in_transit'),
                ('cod', 'preparing', 'in_transit'), ('online', 'in_transit', 'delivered'), ('cod', 'in_transit', 'delivered'),
                ('online', 'delivered', 'completed'), ('cod', 'delivered', 'completed'))
            AND NOT (new_status = 'cancelled' AND (previous_status IN ('pending', 'paid')
                 OR (previous_status = 'confirmed' AND changed_by_kind <> 'system')
                 OR (previous_status = 'preparing' AND changed_by_kind IN ('vendor', 'admin'))))",
    ),
    rule(
        "order",
        "what is delivered and paid is completed (rule 17)",
        "SELECT id::text, payment_status FROM orders
          WHERE status = 'delivered' AND payment_status IN ('paid', 'partially_refunded')",
    ),
    rule(
        "order",
        "an order that waits for money has a time-out (rule 15)",
        "SELECT o.id::text, o.created_at::text FROM orders o
          WHERE o.status = 'pending' AND o.payment_method = 'online' AND NOT EXISTS (
                SELECT FROM jobs WHERE state = 'pending' AND dedupe_key = 'payment_timeout:' || o.id)",
    ),
    rule(
        "order",
        "an order that waits for its vendor has a time-out (rule 16)",
        "SELECT o.id::text, o.status FROM orders o
          WHERE (o.status = 'paid' OR (o.status = 'pending' AND o.payment_method = 'cod')) AND NOT EXISTS (
                SELECT FROM jobs WHERE state = 'pending' AND dedupe_key = 'vendor_timeout:' || o.id)",
    ),
    rule(
        "order",
        "a placement is whole or undone (rule 19)",
        "SELECT o.id::text, format('%s, its saga is %s', o.status, s.step) FROM orders o LEFT JOIN order_sagas s ON s.order_id = o.id
          WHERE s.step IS NULL OR (s.step = 'undone' AND o.status <> 'cancelled') OR (s.step = 'done' AND o.payment_id IS NULL)",
    ),
    rule(
        "order",
        "the story tells each event of an order once, and all of its own",
        "SELECT o.aggregate_id::text, o.event_type FROM outbox o JOIN orders ON orders.id = o.aggregate_id
          WHERE o.event_type <> 'AuditRecorded'
            AND NOT EXISTS (SELECT FROM order_timeline t WHERE t.event_id = o.event_id)",
    ),
    rule(
        "order",
        "an order says that it is completed once",
        "SELECT aggregate_id::text, count(*)::text FROM outbox WHERE event_type IN ('OrderCompleted', 'OrderCancelled', 'OrderPlaced')
          GROUP BY aggregate_id, event_type HAVING count(*) > 1",
    ),
];

/// Those of the payment service.
pub(super) const OF_MONEY: [Rule; 10] = [
    rule(
        "payment",
        "each movement of the ledger adds up to nothing",
        "SELECT t.business_key, coalesce(sum(e.amount_paise), 0)::text FROM ledger_transactions t
           LEFT JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY t.id, t.business_key
         HAVING coalesce(sum(e.amount_paise), 0) <> 0 OR count(e.line) < 2",
    ),
    rule(
        "payment",
        "what is refunded is the sum of the refunds",
        "SELECT p.order_id::text, format('%s of %s said, %s and %s in refunds', p.refund_amount, p.refund_requested, r.done, r.asked)
           FROM payments p CROSS JOIN LATERAL (
                SELECT coalesce(sum(refund_amount) FILTER (WHERE status = 'processed'), 0) AS done,
                       coalesce(sum(refund_amount) FILTER (WHERE status <> 'failed'), 0) AS asked
                  FROM payment_refunds WHERE payment_id = p.id AND refund_reason NOT IN ('duplicate_payment', 'retired_order', 'quarantined')) r
          WHERE p.refund_amount <> r.done OR p.refund_requested <> r.asked",
    ),
    rule(
        "payment",
        "never more goes back than came in",
        "SELECT order_id::text, format('%s of %s', refund_requested, amount) FROM payments
          WHERE refund_requested > amount OR (refund_requested > 0 AND status IN ('pending', 'authorized', 'failed'))",
    ),
    rule(
        "payment",
        "money that came in is in the ledger once, and only that",
        "SELECT p.order_id::text, format('%s, %s paise in the ledger', p.status, coalesce(l.paise, 0)) FROM payments p
           LEFT JOIN LATERAL (SELECT sum(-e.amount_paise) AS paise FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
                WHERE t.business_key IN ('capture:' || p.id, 'cod_collected:' || p.id) AND e.account = 'vendor_payable:' || p.vendor_id) l ON true
          WHERE coalesce(l.paise, 0) <> CASE WHEN p.status IN ('captured', 'collected', 'partially_refunded', 'refunded')
                                             THEN p.amount * 100 ELSE 0 END",
    ),
    rule(
        "payment",
        "each refund is in the ledger as far as it went",
        "SELECT r.id::text, format('%s, %s movements', r.status, count(t.id)) FROM payment_refunds r
           LEFT JOIN ledger_transactions t ON t.business_key IN
                ('refund_requested:' || r.id, 'refund_processed:' || r.id, 'refund_failed:' || r.id)
          GROUP BY r.id HAVING count(t.id) <> CASE WHEN r.refund_reason IN ('duplicate_payment', 'retired_order', 'quarantined')
                THEN (r.status = 'processed')::int WHEN r.status = 'pending' THEN 1 ELSE 2 END",
    ),
    rule(
        "payment",
        "nothing is captured twice for one order",
        "SELECT payment_id::text, count(*)::text FROM payment_transactions WHERE transaction_type IN ('capture', 'collection')
          GROUP BY 1 HAVING count(*) > 1",
    ),
    rule(
        "payment",
        "the money of a cancelled order goes back, unless a refund failed",
        "SELECT order_id::text, format('%s: %s of %s asked back', status, refund_requested, amount) FROM payments p
          WHERE order_cancelled_at IS NOT NULL AND status IN ('captured', 'partially_refunded', 'collected', 'refunded')
            AND refund_requested < amount
            AND NOT EXISTS (SELECT FROM payment_refunds r WHERE r.payment_id = p.id AND r.status = 'failed')",
    ),
    rule(
        "payment",
        "a payment that is wholly back says so, and only that",
        "SELECT order_id::text, format('%s: %s of %s', status, refund_amount, amount) FROM payments
          WHERE status IN ('captured', 'collected', 'partially_refunded', 'refunded')
            AND (status = 'refunded') <> (refund_amount = amount) AND NOT (payment_method = 'cod' AND refund_amount = 0)",
    ),
    rule(
        "payment",
        "each invoice has its lines, each refund of an invoiced order its note",
        "SELECT r.id::text, 'no credit note' FROM payment_refunds r JOIN payments p ON p.id = r.payment_id
           JOIN invoices i ON i.order_id = p.order_id AND i.kind = 'invoice'
          WHERE r.status = 'processed' AND r.refund_reason NOT IN ('duplicate_payment', 'retired_order', 'quarantined')
            AND NOT EXISTS (SELECT FROM invoices n WHERE n.refund_id = r.id)",
    ),
    rule(
        "payment",
        "numbers of invoices have no gap",
        "SELECT scope || kind || financial_year, format('%s numbers, the last is %s', count(*), max(serial)) FROM invoices
          GROUP BY scope, kind, financial_year HAVING count(*) <> max(serial)",
    ),
];

/// Those of catalogue, vendors and notifications.
pub(super) const OF_OTHERS: [Rule; 9] = [
    rule(
        "catalog",
        "what is kept is what live reservations keep (rule 26)",
        "SELECT i.id::text, format('%s kept, %s in reservations, %s there', i.reserved_quantity, kept.sum, i.stock_quantity)
           FROM vendor_inventory i CROSS JOIN LATERAL (
                SELECT coalesce(sum(l.quantity), 0) AS sum FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
                 WHERE l.inventory_id = i.id AND r.status = 'active') kept
          WHERE i.reserved_quantity <> kept.sum OR i.reserved_quantity > i.stock_quantity",
    ),
    rule(
        "vendor-management",
        "each change of a delivery starts where the one before ended",
        "SELECT delivery_id::text, format('%s after %s', previous_status, before) FROM (
            SELECT delivery_id, previous_status, lag(new_status) OVER (PARTITION BY delivery_id ORDER BY position) AS before
              FROM delivery_status_history) h WHERE previous_status IS DISTINCT FROM before",
    ),
    rule(
        "vendor-management",
        "a settlement is the sum of its lines (rule 33)",
        "SELECT s.settlement_number, format('%s and %s said', s.gross_revenue, s.commission_amount) FROM settlements s
           LEFT JOIN LATERAL (SELECT count(*) AS orders, coalesce(sum(order_amount), 0) AS gross, coalesce(sum(commission_amount), 0) AS fee,
                coalesce(sum(cod_to_remit), 0) AS cash FROM settlement_line_items WHERE settlement_id = s.id) l ON true
          WHERE (s.total_orders, s.gross_revenue, s.commission_amount, s.cod_to_remit) <> (l.orders, l.gross, l.fee, l.cash)",
    ),
    rule(
        "vendor-management",
        "a settled order is in the line of its settlement, and only there (rule 32)",
        "SELECT o.order_id::text, coalesce(o.settlement_id::text, 'not settled') FROM settlement_orders o
           FULL JOIN settlement_line_items l ON l.order_id = o.order_id
          WHERE o.settlement_id IS DISTINCT FROM l.settlement_id",
    ),
    rule(
        "vendor-management",
        "what went back after a settlement is adjusted once, to the paisa (rule 34)",
        "SELECT o.order_id::text, format('%s back before and %s adjusted, of %s', l.refunded_before, a.sum, o.refunded)
           FROM settlement_orders o JOIN settlement_line_items l USING (order_id) CROSS JOIN LATERAL (
                SELECT coalesce(sum(refund_amount), 0) AS sum FROM settlement_adjustments x WHERE x.order_id = o.order_id AND x.kind = 'refund') a
          WHERE l.refunded_before + a.sum <> o.refunded",
    ),
    rule(
        "notification",
        "nobody is told the same thing twice on one channel (rule 39)",
        "SELECT min(id::text), format('%s times %s', count(*), notification_type) FROM notifications
          GROUP BY cause, recipient_id, channel, notification_type HAVING count(*) > 1",
    ),
    rule(
        "notification",
        "nothing that is due is left lying",
        "SELECT n.id::text, n.status FROM notifications n WHERE n.status IN ('pending', 'sending') AND n.channel <> 'in_app'
            AND NOT EXISTS (SELECT FROM jobs j WHERE j.state = 'pending' AND j.payload::text LIKE '%' || n.id || '%')",
    ),
    rule(
        "vendor-management",
        "a proof is linked to the one before it (rule 38)",
        "SELECT delivery_id::text, position::text FROM (SELECT delivery_id, position, prev_hash,
                lag(hash) OVER (PARTITION BY delivery_id ORDER BY position) AS before FROM delivery_proof) p
          WHERE before IS NOT NULL AND before <> prev_hash",
    ),
    rule(
        "vendor-management",
        "a delivery has ended where its order was cancelled",
        "SELECT order_id::text, status FROM deliveries WHERE order_cancelled_at IS NOT NULL AND status NOT IN ('failed', 'delivered')",
    ),
];

/// Those that every database has.
pub(super) const OF_ALL: [(&str, &str); 3] = [
    (
        "events of one thing are numbered without a gap",
        "SELECT aggregate_id::text, format('%s events, the last is %s', count(*), max(sequence)) FROM outbox
          GROUP BY aggregate_id HAVING count(*) <> max(sequence) OR min(sequence) <> 1",
    ),
    ("no job has failed for good", "SELECT id::text, format('%s: %s', kind, last_error) FROM jobs WHERE state = 'failed'"),
    (
        "no request is left half done",
        "SELECT id::text, format('%s %s', operation, key) FROM idempotency_keys WHERE status IS NULL",
    ),
];
