//! A payment gateway at its worst.

use crate::{
    books::{Books, Payment},
    stage::{PATIENCE, Stage},
    town::Town,
};
use realserv::demo::api::text;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use std::time::{Duration, Instant};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn money_counts_once_whatever_the_gateway_does() {
    let town = Town::on(Stage::start("fleet-money", &[("RAZORPAY_TIMEOUT_SECONDS", "2")]).await).await;
    let books = Books::of(&town.stage);
    an_answer_lost_by_the_gateway_opens_no_second_payment(&town, &books).await;
    webhooks_that_come_three_times_count_once(&town, &books).await;
    webhooks_may_come_in_any_order(&town, &books).await;
    a_webhook_long_after_the_app_changes_nothing(&town, &books).await;
    a_webhook_before_the_app_is_enough(&town, &books).await;
    money_after_a_cancellation_goes_back_once_in_full(&town, &books).await;
    money_after_the_time_out_goes_back_once_in_full(&town, &books).await;
    books.ledger_is_balanced().await;
    books.stock_adds_up().await;
}

async fn an_answer_lost_by_the_gateway_opens_no_second_payment(town: &Town, books: &Books) {
    town.fault(json!({ "system": "razorpay", "operation": "create_order", "kind": "timeout_after_effect", "count": 1 })).await;
    let order = town.order("lost-answer", 3).await.unwrap();
    town.no_faults().await;
    let payment = books.payment(id(&order)).await;
    let theirs: Vec<Value> = town
        .at_razorpay("orders")
        .await
        .into_iter()
        .filter(|theirs| theirs["receipt"].as_str() == payment.receipt.as_deref())
        .collect();
    assert_eq!(theirs.len(), 1, "{theirs:#?}");
    assert_eq!(theirs[0]["id"].as_str(), payment.razorpay_order_id.as_deref());
    assert_eq!(order["payment"]["gateway"]["razorpay_order_id"], theirs[0]["id"]);
    books.settled().await;
    paid_once(town, books, &order, async |paid| {
        let (status, answer) = town.verifies(paid).await;
        assert_eq!(status, 200, "{answer}");
    })
    .await;
}

async fn webhooks_that_come_three_times_count_once(town: &Town, books: &Books) {
    let order = town.order("three-times", 1).await.unwrap();
    town.fault(json!({ "system": "razorpay", "operation": "webhooks", "kind": "duplicate_webhooks", "value": 3 })).await;
    paid_once(town, books, &order, async |_| {}).await;
    town.no_faults().await;
}

async fn webhooks_may_come_in_any_order(town: &Town, books: &Books) {
    for round in 0..3 {
        let order = town.order(&format!("shuffled-{round}"), 1).await.unwrap();
        town.fault(json!({ "system": "razorpay", "operation": "webhooks", "kind": "shuffle_webhooks", "value": 300 })).await;
        paid_once(town, books, &order, async |_| {}).await;
        town.no_faults().await;
    }
}

async fn a_webhook_long_after_the_app_changes_nothing(town: &Town, books: &Books) {
    let order = town.order("late-webhook", 1).await.unwrap();
    town.fault(json!({ "system": "razorpay", "operation": "webhooks", "kind": "withhold_webhooks" })).await;
    paid_once(town, books, &order, async |paid| {
        let (status, answer) = town.verifies(paid).await;
        assert_eq!((status, &answer["data"]["status"]), (200, &json!("captured")), "{answer}");
    })
    .await;
    town.no_faults().await;
    let released = town.sandbox(Method::POST, "/razorpay/webhooks/release", json!({})).await;
    assert!(released["released"].as_u64().is_some_and(|count| count > 0), "{released}");
    webhooks_are_worked_off(town, books).await;
    counted_once(books, id(&order)).await;
}

async fn a_webhook_before_the_app_is_enough(town: &Town, books: &Books) {
    let order = town.order("early-webhook", 1).await.unwrap();
    let paid = town.pays(&order).await;
    town.order_until(&text(&order, "/id").unwrap(), |order| order["status"] == "paid").await;
    let (status, answer) = town.verifies(&paid).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!("captured")), "{answer}");
    counted_once(books, id(&order)).await;
}

async fn money_after_a_cancellation_goes_back_once_in_full(town: &Town, books: &Books) {
    let order = town.order("cancelled", 2).await.unwrap();
    let path = format!("/api/v1/orders/{}/cancel", text(&order, "/id").unwrap());
    let reason = json!({ "reason": "found it cheaper" });
    town.api.post(&path, &town.bhavana.person, &reason).await.unwrap();
    town.fault(json!({ "system": "razorpay", "operation": "webhooks", "kind": "duplicate_webhooks", "value": 2 })).await;
    let paid = town.pays(&order).await;
    town.verifies(&paid).await;
    town.no_faults().await;
    goes_back_once_in_full(town, books, &order).await;
}

async fn money_after_the_time_out_goes_back_once_in_full(town: &Town, books: &Books) {
    let order = town.order("timed-out", 2).await.unwrap();
    town.stage.clock("+31m").await;
    let gone = town.order_until(&text(&order, "/id").unwrap(), |order| order["status"] == "cancelled").await;
    assert_eq!(gone["cancellation"]["code"], "payment_timeout");
    town.pays(&order).await;
    goes_back_once_in_full(town, books, &order).await;
}

/// Pays, does what the scenario wants, and expects the order to be paid and the money to be counted once.
async fn paid_once(town: &Town, books: &Books, order: &Value, then: impl AsyncFnOnce(&Value)) {
    let paid = town.pays(order).await;
    then(&paid).await;
    town.order_until(&text(order, "/id").unwrap(), |order| order["status"] == "paid" && order["payment_status"] == "paid").await;
    webhooks_are_worked_off(town, books).await;
    counted_once(books, id(order)).await;
}

async fn counted_once(books: &Books, order: Uuid) {
    let payment = books.payment(order).await;
    let Payment { status, captures, refunds, .. } = &payment;
    assert_eq!((status.as_str(), *captures, *refunds), ("captured", 1, 0), "{payment:?}");
    assert_eq!(books.movements(order, "capture").await, 1);
    books.ledger_is_balanced().await;
}

async fn goes_back_once_in_full(town: &Town, books: &Books, order: &Value) {
    let path = text(order, "/id").unwrap();
    let now = town.order_until(&path, |order| order["payment_status"] == "refunded").await;
    assert_eq!((&now["status"], &now["refunded"]), (&json!("cancelled"), &order["total"]), "{now}");
    webhooks_are_worked_off(town, books).await;
    let payment = books.payment(id(order)).await;
    let Payment { status, amount, refund_amount, refunds, .. } = &payment;
    assert_eq!((status.as_str(), refund_amount, *refunds), ("refunded", amount, 1), "{payment:?}");
    let theirs: Vec<Value> = town
        .at_razorpay("refunds")
        .await
        .into_iter()
        .filter(|refund| refund["payment_id"].as_str() == payment.razorpay_payment_id.as_deref())
        .collect();
    assert_eq!(theirs.len(), 1, "{theirs:#?}");
    let paise: String = amount.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(theirs[0]["amount"].to_string(), paise);
    books.ledger_is_balanced().await;
}

/// Waits until nothing is on its way between the gateway and us.
async fn webhooks_are_worked_off(town: &Town, books: &Books) {
    let begun = Instant::now();
    loop {
        let sent = town.api.sandbox(Method::GET, "/webhooks", None).await.unwrap();
        let withheld = sent["withheld"].as_array().map_or(0, Vec::len);
        let on_their_way = sent["pending"].as_array().map_or(0, Vec::len).saturating_sub(withheld);
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM payment_webhooks WHERE NOT processed")
            .fetch_one(&books.payment)
            .await
            .unwrap();
        if on_their_way == 0 && waiting == 0 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{on_their_way} webhooks on their way, {waiting} waiting");
        sleep(Duration::from_millis(100)).await;
    }
}

fn id(order: &Value) -> Uuid {
    text(order, "/id").unwrap().parse().unwrap()
}
