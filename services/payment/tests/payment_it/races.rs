//! An order is edited while its money is on its way: what was true when somebody looked is not true any more.

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use domain::{Clock as _, Money};
use reqwest::Method;
use serde_json::json;

use crate::support::{World, count, text, world};

impl World {
    /// Carries out `taking_in` and has an edit committed after it has looked whether the gateway's order still counts, and
    /// before it locks the payment.
    async fn edited_meanwhile<T>(&self, id: &str, rupees: i32, taking_in: impl Future<Output = T>) -> T {
        let mut edit = self.db.pool.begin().await.unwrap();
        sqlx::query("SELECT FROM payments WHERE id = $1::uuid FOR UPDATE").bind(id).execute(&mut *edit).await.unwrap();
        let editing = async move {
            self.somebody_waits().await;
            sqlx::query(
                "INSERT INTO retired_gateway_orders (gateway_receipt, payment_id, razorpay_order_id, amount, revision, retired_at)
                 SELECT gateway_receipt, id, razorpay_order_id, amount, revision, $2 FROM payments WHERE id = $1::uuid",
            )
            .bind(id)
            .bind(self.clock.now())
            .execute(&mut *edit)
            .await
            .unwrap();
            sqlx::query(
                "UPDATE payments SET amount = $2::numeric, revision = revision + 1, gateway_receipt = gateway_receipt || '-1',
                        razorpay_order_id = NULL WHERE id = $1::uuid",
            )
            .bind(id)
            .bind(Money::from_rupees(rupees).to_string())
            .execute(&mut *edit)
            .await
            .unwrap();
            edit.commit().await.unwrap();
        };
        tokio::join!(taking_in, editing).0
    }

    /// Until somebody waits for a lock of this database.
    async fn somebody_waits(&self) {
        let asked =
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        for _ in 0..2_000 {
            if sqlx::query_scalar::<_, bool>(asked).fetch_one(&self.db.pool).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nobody came to the payment's lock");
    }
}

#[tokio::test]
async fn money_whose_order_is_edited_while_it_is_taken_in_goes_back_and_is_neither_held_nor_counted() {
    let w = world().await;
    // To another amount, and to one that happens to be the same.
    for rupees in [9_440, 11_800] {
        let terms = w.terms(11_800);
        let (id, old) = w.opened(&terms).await;
        let paid = w.pay(&old, json!({})).await;
        let gateway_payment = text(&paid["razorpay_payment_id"]);
        let entity = w.entity(&gateway_payment).await;
        w.payment_webhook(&format!("evt_{}", terms.order_id), "payment.captured", &entity).await;
        w.edited_meanwhile(&id, rupees, w.run_due_jobs()).await;
        w.went_back(&id, &gateway_payment, 1_180_000).await;
        assert_eq!(w.payment(&id).await["status"], "pending", "it still waits for {rupees}");
        assert_eq!((w.balance("quarantine").await, w.balance(&w.payable()).await), (0, 0));
    }
    let said = w.said_types().await;
    assert_eq!((count(&said, "PaymentCaptured"), count(&said, "PaymentQuarantined")), (0, 0));
    w.service.finish().await;
}

#[tokio::test]
async fn a_buyer_whose_order_is_edited_while_checkout_is_verified_hears_that_it_was_replaced() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, old) = w.opened(&terms).await;
    let paid = w.pay(&old, json!({})).await;
    let answer = w.edited_meanwhile(&id, 11_800, w.verify(&paid, &w.buyer.token)).await;
    assert_eq!(answer.code(409), "payment_replaced");
    w.went_back(&id, &text(&paid["razorpay_payment_id"]), 1_180_000).await;
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn money_that_was_held_goes_back_by_itself_once_its_order_is_edited() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, old) = w.opened(&terms).await;
    let paid = w.pay(&old, json!({"amount": 1_000_000})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_quarantined");
    assert_eq!(w.balance("quarantine").await, -1_000_000);
    let _ = w.replace(terms.order_id, 9_440, 1).await.data(200);
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["refunds"].as_array().unwrap().len(), 1, "{refunds}");
    let theirs = text(&paid["razorpay_payment_id"]);
    let at_gateway = w.gateway_refunds(&theirs).await;
    assert_eq!((at_gateway.len(), at_gateway[0]["amount"].as_i64()), (1, Some(1_000_000)));
    assert_eq!((w.balance("quarantine").await, w.balance("refunds").await, w.balance(&w.payable()).await), (0, 0, 0));
    assert!(w.payment(&id).await.get("quarantine").is_none(), "nothing is held any more");
    assert_eq!(w.decide(&theirs, "refund", &w.finance.token).await.data(200)["resolution"], "refunded");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn money_that_was_held_at_the_bank_goes_back_when_it_is_taken_after_its_order_was_edited() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, old) = w.opened(&terms).await;
    let paid = w.pay(&old, json!({"amount": 1_000_000, "outcome": "authorized"})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_quarantined");
    assert_eq!(w.balance("quarantine").await, 0, "the gateway has not taken it");
    let _ = w.replace(terms.order_id, 9_440, 1).await.data(200);
    // Somebody takes it by hand.
    let theirs = text(&paid["razorpay_payment_id"]);
    let path = format!("/razorpay/v1/payments/{theirs}/capture");
    let (status, body) = w.sandbox(Method::POST, &path, &json!({"amount": 1_000_000, "currency": "INR"})).await;
    assert_eq!(status, 200, "{body}");
    w.payment_webhook("evt_taken", "payment.captured", &w.entity(&theirs).await).await;
    w.run_due_jobs().await;
    w.went_back(&id, &theirs, 1_000_000).await;
    assert_eq!(w.balance("quarantine").await, 0);
    assert!(w.payment(&id).await.get("quarantine").is_none(), "nothing is held any more");
    w.said().await;
    w.service.finish().await;
}
