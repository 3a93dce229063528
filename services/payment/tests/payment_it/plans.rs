//! What is looked for all the time is found by an index, however large the tables grow.

use crate::support::world;

/// A condition as the statements have it, and the index that answers it.
const LOOKED_FOR: &[(&str, &str)] = &[
    ("payment_links WHERE razorpay_order_id = 'order_1'", "payment_links_of_gateway_order"),
    (
        "payment_links WHERE cancelled_at IS NULL AND gateway_link_id IS NOT NULL AND expires_at > now()",
        "payment_links_to_take_back",
    ),
    ("ledger_transactions WHERE split_part(business_key, ':', 2) = ANY ('{a,b}'::text[])", "ledger_transactions_by_subject"),
    ("payments WHERE captured_at >= now() AND captured_at < now()", "payments_by_capture"),
    ("payments WHERE cod_collected_at >= now() AND cod_collected_at < now()", "payments_by_collection"),
    ("payment_refunds WHERE initiated_at >= now() AND initiated_at < now()", "payment_refunds_by_begin"),
    ("payment_refunds WHERE processed_at >= now() AND processed_at < now()", "payment_refunds_by_end"),
    ("payment_strays WHERE created_at >= now() AND created_at < now()", "payment_strays_by_time"),
];

#[tokio::test]
async fn what_the_sweeper_and_the_books_look_for_is_found_by_an_index() {
    let w = world().await;
    let mut conn = w.db.pool.acquire().await.unwrap();
    // On empty tables only a ban shows whether there is a way besides reading all of it.
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut *conn).await.unwrap();
    for (condition, index) in LOOKED_FOR {
        let explain = format!("EXPLAIN SELECT FROM {condition}");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *conn).await.unwrap();
        assert!(plan.iter().any(|line| line.contains(index)), "{condition}: {plan:#?}");
    }
    sqlx::raw_sql("RESET enable_seqscan").execute(&mut *conn).await.unwrap();
    drop(conn);
    w.service.finish().await;
}
