//! Comparing the books: a clean story is clean, and any one row that is corrupted by hand is named.

use clients::payment::OpenPaymentIn;
use domain::{AdminRole, Clock as _, Money, OrderNumber, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{World, new_id, text, world_of_today};

/// An order of the story, as the order service will tell it.
struct Told {
    terms: OpenPaymentIn,
    summary: Value,
    payment: String,
}

struct Story {
    w: World,
    /// Paid online, a part went back.
    paid: Told,
    /// The gateway's payment of it.
    gateway_payment: String,
    /// Paid in cash.
    cash: Told,
    /// Cancelled after it was paid.
    cancelled: Told,
}

fn summary(terms: &OpenPaymentIn, method: &str, status: &str, payment_status: &str, refunded: &str) -> Value {
    json!({"order_id": terms.order_id, "order_number": terms.order_number, "buyer_id": terms.buyer_id,
        "buyer_user_id": terms.buyer_user_id, "vendor_id": terms.vendor_id, "order_type": "material",
        "payment_method": method, "total": terms.amount, "status": status, "payment_status": payment_status,
        "commission_rate": "10.00", "refunded": refunded, "placed_at": SystemClock.now()})
}

fn numbered(w: &World, rupees: i32, number: u64) -> OpenPaymentIn {
    OpenPaymentIn { order_number: OrderNumber::from_sequence(number), ..w.terms(rupees) }
}

async fn story() -> Story {
    Box::pin(played()).await
}

async fn played() -> Story {
    let w = world_of_today().await;
    let terms = numbered(&w, 11_800, 1);
    let (payment, gateway_payment) = w.captured(&terms).await;
    let part = json!({"amount": "800.00", "reason": "goodwill"});
    let _ = w.refund(&payment, "key-of-a-part-1", &part).await.data(201);
    w.refunds_done(&payment).await;
    let paid = Told { summary: summary(&terms, "online", "confirmed", "partially_refunded", "800.00"), terms, payment };
    let terms = numbered(&w, 5_000, 2);
    let payment = w.collected(&terms).await;
    let cash = Told { summary: summary(&terms, "cod", "completed", "paid", "0.00"), terms, payment };
    let terms = numbered(&w, 2_500, 3);
    let (payment, _) = w.captured(&terms).await;
    w.cancelled(&terms).await;
    w.refunds_done(&payment).await;
    let cancelled = Told { summary: summary(&terms, "online", "cancelled", "refunded", "2500.00"), terms, payment };
    w.said().await;
    w.clock.advance(chrono::TimeDelta::minutes(2));
    Story { w, paid, gateway_payment, cash, cancelled }
}

impl Story {
    async fn told(&self, change: impl Fn(&mut Value)) {
        let mut orders = json!([self.paid.summary, self.cash.summary, self.cancelled.summary]);
        change(&mut orders);
        self.w.neighbour("GET", "/internal/v1/orders/placed", 200, orders).await;
    }

    /// The order service knows no such order.
    async fn unknown(&self, terms: &OpenPaymentIn) {
        let body = json!({"error": {"code": "not_found", "message": "order not found",
            "correlation_id": new_id::<domain::CorrelationId>()}});
        self.w.neighbour("GET", &format!("/internal/v1/orders/{}", terms.order_id), 404, body).await;
    }

    async fn settled(&self, change: impl Fn(&mut Value)) {
        let mut lines = json!([{"settlement_id": new_id::<domain::SettlementId>(), "settlement_number": "STL000001",
            "settlement_status": "pending", "order_id": self.cash.terms.order_id, "order_total": "5000.00",
            "refunded_before": "0.00", "commission_rate": "10.00", "commission_amount": "500.00", "net_amount": "4500.00",
            "cod_collected": "5000.00"}]);
        change(&mut lines);
        self.w.neighbour("POST", "/internal/v1/settlements/lines", 200, lines).await;
    }

    async fn report(&self) -> Value {
        let day = domain::business_time::ist_date(self.w.clock.now());
        let path = format!("/api/v1/payments/reconciliation?from={}&to={day}", day.pred_opt().unwrap());
        self.w.get(&path, &self.w.finance.token).await.data(200).clone()
    }

    /// As the tables' owner, who may do what no service can: triggers and constraints do not look.
    async fn by_hand(&self, sql: &str) {
        let sql = format!("SET session_replication_role = replica; {sql}; SET session_replication_role = DEFAULT");
        let mut conn = self.w.db.pool.acquire().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    }

    /// Nothing but the comparison may notice.
    async fn without_constraints(&self) {
        self.by_hand(
            "DO $$ DECLARE each record; BEGIN
                 FOR each IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
                              WHERE contype = 'c' AND conrelid IN ('payments'::regclass, 'payment_refunds'::regclass) LOOP
                     EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.of, each.conname);
                 END LOOP;
             END $$",
        )
        .await;
    }

    /// The mismatches that name this row and this rule.
    async fn named(&self, table: &str, key: &str, rule: i64, what: &str) {
        let report = self.report().await;
        assert_eq!(report["clean"], false, "{what}: nothing was found");
        let all = report["mismatches"].as_array().unwrap();
        let names = |row: &Value| row["table"] == table && row["key"] == key;
        let found = all.iter().any(|m| m["rule"] == rule && (names(&m["row"]) || names(&m["against"])));
        assert!(found, "{what}: {table} {key} by rule {rule} is not among {report:#}");
    }
}

#[tokio::test]
async fn a_clean_story_is_clean() {
    let s = story().await;
    s.told(|_| {}).await;
    s.settled(|_| {}).await;
    let report = s.report().await;
    assert_eq!((report["clean"].clone(), report["mismatches"].clone()), (json!(true), json!([])));
    assert_eq!(report["compared"]["payments"], 3);
    assert_eq!(report["compared"]["gateway_payments"], 2);
    assert_eq!(report["totals"]["captured"], "14300.00");
    assert_eq!(
        (report["totals"]["collected"].as_str(), report["totals"]["refunded"].as_str()),
        (Some("5000.00"), Some("3300.00"))
    );
    let (status, kind, bytes) = s.w.bytes("/api/v1/payments/reconciliation?format=csv", &s.w.finance.token).await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    assert_eq!(String::from_utf8(bytes).unwrap().lines().count(), 1, "a head and nothing below it");
    s.w.service.finish().await;
}

#[tokio::test]
async fn an_order_that_changed_a_moment_ago_is_not_held_against_its_payment() {
    let s = story().await;
    s.settled(|_| {}).await;
    let at = s.w.clock.now() - chrono::TimeDelta::seconds(10);
    // It was placed long ago, and has not heard of the refund yet.
    s.told(|orders| {
        orders[0]["payment_status"] = json!("paid");
        orders[0]["refunded"] = json!("0.00");
        orders[0]["updated_at"] = json!(at);
    })
    .await;
    assert_eq!(s.report().await["mismatches"], json!([]), "it may be on its way");
    s.w.service.finish().await;
}

#[tokio::test]
async fn any_row_of_ours_that_is_corrupted_is_named_with_its_rule() {
    let s = story().await;
    s.told(|_| {}).await;
    s.settled(|_| {}).await;
    s.without_constraints().await;
    let (paid, cash, off) = (&s.paid.payment, &s.cash.payment, &s.cancelled.payment);
    let refund = text(&s.w.refunds(paid).await["refunds"][0]["id"]);
    let (capture, collected) = (format!("capture:{paid}"), format!("cod_collected:{cash}"));
    let (asked, gone) = (format!("refund_requested:{refund}"), format!("refund_processed:{refund}"));
    let entry = |key: &str, set: &str| {
        let of = format!("transaction_id = (SELECT id FROM ledger_transactions WHERE business_key = '{key}') AND line = 1");
        format!("UPDATE ledger_entries SET {set} WHERE {of}")
    };
    let payment = |id: &str, set: &str| format!("UPDATE payments SET {set} WHERE id = '{id}'");
    let of_refund = |set: &str| format!("UPDATE payment_refunds SET {set} WHERE id = '{refund}'");
    let fee = format!("gateway_fee:{}", s.gateway_payment);
    // What is done, how it is undone, and the row and the rule that must be named.
    let table: Vec<(String, String, &str, &str, i64)> = vec![
        (payment(paid, "amount = 11801"), payment(paid, "amount = 11800"), "payments", paid, 28),
        (payment(paid, "amount = 11799"), payment(paid, "amount = 11800"), "payments", paid, 28),
        (payment(paid, "status = 'captured'"), payment(paid, "status = 'partially_refunded'"), "payments", paid, 27),
        (payment(paid, "status = 'pending'"), payment(paid, "status = 'partially_refunded'"), "payments", paid, 12),
        (
            payment(paid, "gateway_fee = 1"),
            format!(
                "UPDATE payments SET gateway_fee = (SELECT amount_paise / 100.0
            FROM ledger_entries JOIN ledger_transactions ON id = transaction_id WHERE business_key = '{fee}' AND line = 1)
            WHERE id = '{paid}'"
            ),
            "payments",
            paid,
            30,
        ),
        (
            payment(paid, "razorpay_payment_id = 'pay_00000000000000'"),
            payment(paid, &format!("razorpay_payment_id = '{}'", s.gateway_payment)),
            "payments",
            paid,
            27,
        ),
        (payment(paid, "refund_amount = 700"), payment(paid, "refund_amount = 800"), "payments", paid, 30),
        (payment(paid, "refund_requested = 900"), payment(paid, "refund_requested = 800"), "payments", paid, 30),
        (payment(cash, "cod_collected_amount = 4000"), payment(cash, "cod_collected_amount = 5000"), "payments", cash, 27),
        (payment(cash, "status = 'pending'"), payment(cash, "status = 'collected'"), "payments", cash, 17),
        (payment(off, "order_cancelled_at = NULL"), payment(off, "order_cancelled_at = now()"), "payments", off, 12),
        (
            payment(off, "vendor_id = buyer_id"),
            payment(off, &format!("vendor_id = '{}'", s.w.vendor.vendor_id)),
            "payments",
            off,
            1,
        ),
        (of_refund("refund_amount = 801"), of_refund("refund_amount = 800"), "payment_refunds", &refund, 30),
        (of_refund("status = 'failed'"), of_refund("status = 'processed'"), "payments", paid, 30),
        (
            entry(&capture, "amount_paise = amount_paise + 1"),
            entry(&capture, "amount_paise = amount_paise - 1"),
            "ledger_transactions",
            &capture,
            30,
        ),
        (
            entry(&capture, "account = 'bank'"),
            entry(&capture, "account = 'gateway_clearing'"),
            "ledger_transactions",
            &capture,
            30,
        ),
        (
            entry(&collected, "amount_paise = 1"),
            entry(&collected, "amount_paise = 500000"),
            "ledger_transactions",
            &collected,
            30,
        ),
        (entry(&gone, "amount_paise = 1"), entry(&gone, "amount_paise = 80000"), "ledger_transactions", &gone, 30),
        (
            format!("UPDATE ledger_transactions SET business_key = 'x:1' WHERE business_key = '{asked}'"),
            format!("UPDATE ledger_transactions SET business_key = '{asked}' WHERE business_key = 'x:1'"),
            "payment_refunds",
            &refund,
            30,
        ),
    ];
    for (done, undone, row, key, rule) in &table {
        s.by_hand(done).await;
        s.named(row, key, *rule, done).await;
        s.by_hand(undone).await;
    }
    assert_eq!(s.report().await["clean"], true, "all of it was undone");
    s.w.service.finish().await;
}

#[tokio::test]
async fn an_order_or_settlement_line_that_says_otherwise_is_named() {
    /// What the neighbours tell otherwise, and the table and rule that must be named.
    type Case = (&'static str, fn(&mut Value), fn(&mut Value), &'static str, i64);
    let nothing: fn(&mut Value) = |_| {};
    let cases: [Case; 10] = [
        ("order total", |o| o[0]["total"] = json!("11801.00"), nothing, "orders", 28),
        ("order payment status", |o| o[0]["payment_status"] = json!("paid"), nothing, "orders", 13),
        ("order refunded", |o| o[0]["refunded"] = json!("0.00"), nothing, "orders", 13),
        ("order method", |o| o[1]["payment_method"] = json!("online"), nothing, "orders", 13),
        ("order not there", |o| drop(o.as_array_mut().unwrap().remove(2)), nothing, "orders", 19),
        ("line total", nothing, |l| l[0]["order_total"] = json!("5001.00"), "settlement_line_items", 33),
        ("line commission", nothing, |l| l[0]["commission_amount"] = json!("499.99"), "settlement_line_items", 33),
        ("line rate", nothing, |l| l[0]["commission_rate"] = json!("11.00"), "settlement_line_items", 33),
        ("line cash", nothing, |l| l[0]["cod_collected"] = json!("0.00"), "settlement_line_items", 33),
        (
            "two settlements of one order",
            nothing,
            |l| {
                let again = l[0].clone();
                l.as_array_mut().unwrap().push(again);
            },
            "settlement_line_items",
            32,
        ),
    ];
    let story = async |case: &Case| {
        let s = story().await;
        s.told(case.1).await;
        s.unknown(&s.cancelled.terms).await;
        s.settled(case.2).await;
        let report = s.report().await;
        let names = |row: &Value| row["table"] == case.3;
        let all = report["mismatches"].as_array().unwrap();
        let found = all.iter().any(|m| m["rule"] == case.4 && (names(&m["row"]) || names(&m["against"])));
        assert!(found, "{}: {report:#}", case.0);
        s.w.service.finish().await;
    };
    futures::future::join_all(cases.iter().map(story)).await;
}

#[tokio::test]
async fn what_happened_at_the_gateway_without_us_is_named() {
    let s = story().await;
    s.told(|_| {}).await;
    s.settled(|_| {}).await;
    // Somebody gives money back by hand at the gateway.
    let path = format!("/razorpay/v1/payments/{}/refund", s.gateway_payment);
    let (status, body) = s.w.sandbox(Method::POST, &path, &json!({"amount": 10_000})).await;
    assert_eq!(status, 200, "{body}");
    s.named("gateway", &s.gateway_payment, 30, "a refund that we did not ask for").await;
    // Money comes in for an order of ours, and nobody tells us.
    let terms = numbered(&s.w, 700, 4);
    let (payment, gateway_order) = s.w.opened(&terms).await;
    let paid = s.w.pay(&gateway_order, json!({})).await;
    let waiting = summary(&terms, "online", "pending", "pending", "0.00");
    s.w.neighbour("GET", &format!("/internal/v1/orders/{}", terms.order_id), 200, waiting).await;
    s.w.clock.advance(chrono::TimeDelta::minutes(2));
    s.named("payments", &payment, 27, "money that came in unseen").await;
    s.named("gateway", &text(&paid["razorpay_payment_id"]), 27, "money that came in unseen").await;
    s.w.said().await;
    s.w.service.finish().await;
}

#[tokio::test]
async fn strays_and_their_fees_are_accounted_for() {
    let s = story().await;
    let terms = numbered(&s.w, 900, 4);
    let (id, old) = s.w.opened(&terms).await;
    let _ = s.w.replace(terms.order_id, 800, 1).await.data(200);
    let on_old = s.w.pay(&old, json!({})).await;
    assert_eq!(s.w.verify(&on_old, &s.w.buyer.token).await.code(409), "payment_replaced");
    s.w.refunds_done(&id).await;
    let held = numbered(&s.w, 600, 5);
    let (_, gateway_order) = s.w.opened(&held).await;
    let less = s.w.pay(&gateway_order, json!({"amount": 50_000})).await;
    assert_eq!(s.w.verify(&less, &s.w.buyer.token).await.code(409), "payment_quarantined");
    let mut edited = summary(&terms, "online", "pending", "pending", "0.00");
    edited["total"] = json!(Money::from_rupees(800));
    let waiting = summary(&held, "online", "pending", "pending", "0.00");
    s.told(|orders| orders.as_array_mut().unwrap().extend([edited.clone(), waiting.clone()])).await;
    s.settled(|_| {}).await;
    s.w.clock.advance(chrono::TimeDelta::minutes(2));
    let report = s.report().await;
    assert_eq!(report["mismatches"], json!([]));
    assert_eq!(report["totals"]["put_aside"], "1400.00");
    s.by_hand("UPDATE payment_strays SET amount_paise = 50001 WHERE kind = 'quarantined'").await;
    s.named("payment_strays", &text(&less["razorpay_payment_id"]), 28, "held money").await;
    s.w.said().await;
    s.w.service.finish().await;
}

#[tokio::test]
async fn only_finance_reconciles_and_only_a_sensible_range() {
    let s = story().await;
    let path = "/api/v1/payments/reconciliation";
    for token in [&s.w.buyer.token, &s.w.vendor.token, &s.w.people.admin(AdminRole::Support).token] {
        assert_eq!(s.w.get(path, token).await.status, 403);
    }
    for query in ["?day=2026-11-16&from=2026-11-16", "?from=2026-11-16&to=2026-11-15", "?from=2026-01-01&to=2026-03-01"] {
        assert_eq!(s.w.get(&format!("{path}{query}"), &s.w.finance.token).await.status, 422, "{query}");
    }
    s.w.service.finish().await;
}
