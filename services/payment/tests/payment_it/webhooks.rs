//! What the gateway tells us, in any order, any number of times.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{count, text, world};

fn as_it_was(entity: &Value, status: &str) -> Value {
    let mut entity = entity.clone();
    entity["status"] = json!(status);
    entity["fee"] = Value::Null;
    entity
}

#[tokio::test]
async fn the_same_event_twice_is_kept_once_and_counts_once() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    for _ in 0..3 {
        w.payment_webhook("evt_same", "payment.captured", &entity).await;
    }
    w.payment_webhook("evt_other", "order.paid", &entity).await;
    w.payment_webhook("evt_third", "payment.captured", &entity).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM payment_webhooks").fetch_one(&w.db.pool).await.unwrap();
    assert_eq!(kept, 3);
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM payment_webhooks WHERE NOT processed").fetch_one(&w.db.pool).await.unwrap();
    assert_eq!(waiting, 0);
    w.service.finish().await;
}

#[tokio::test]
async fn webhook_and_verify_in_either_order_end_in_one_capture() {
    for webhook_first in [true, false] {
        let w = world().await;
        let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
        let paid = w.pay(&gateway_order, json!({})).await;
        let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
        if webhook_first {
            w.payment_webhook("evt_1", "payment.captured", &entity).await;
            w.run_due_jobs().await;
        }
        assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
        if !webhook_first {
            w.payment_webhook("evt_1", "payment.captured", &entity).await;
            w.run_due_jobs().await;
        }
        assert_eq!(w.payment(&id).await["status"], "captured");
        assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
        w.service.finish().await;
    }
}

#[tokio::test]
async fn all_at_once_end_in_one_capture() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    for n in 0..4 {
        w.payment_webhook(&format!("evt_{n}"), "payment.captured", &entity).await;
    }
    let (a, b, (), ()) =
        tokio::join!(w.verify(&paid, &w.buyer.token), w.verify(&paid, &w.buyer.token), w.run_due_jobs(), w.run_due_jobs());
    assert_eq!((a.status, b.status), (200, 200));
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    w.service.finish().await;
}

#[tokio::test]
async fn events_out_of_order_never_turn_the_payment_back() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    w.payment_webhook("evt_1", "payment.captured", &entity).await;
    w.payment_webhook("evt_2", "payment.authorized", &as_it_was(&entity, "authorized")).await;
    w.payment_webhook("evt_3", "payment.failed", &as_it_was(&entity, "failed")).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_failed_attempt_is_said_once_and_may_still_be_captured() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let failed = w.pay(&gateway_order, json!({"outcome": "failed"})).await;
    let failed_id = text(&failed["razorpay_payment_id"]);
    let entity = w.entity(&failed_id).await;
    w.payment_webhook("evt_1", "payment.failed", &entity).await;
    w.payment_webhook("evt_2", "payment.failed", &entity).await;
    w.run_due_jobs().await;
    let payment = w.payment(&id).await;
    assert_eq!(payment["status"], "failed");
    assert!(payment["failure_reason"].is_string());
    // The same payment at the bank after all.
    w.pay(&gateway_order, json!({"payment_id": failed_id})).await;
    w.payment_webhook("evt_3", "payment.captured", &w.entity(&failed_id).await).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentFailed", "PaymentCaptured"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_capture_after_the_order_was_cancelled_is_refunded_in_full_once() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    w.cancelled(&terms).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let gateway_payment = text(&paid["razorpay_payment_id"]);
    let entity = w.entity(&gateway_payment).await;
    w.payment_webhook("evt_1", "payment.captured", &entity).await;
    w.payment_webhook("evt_2", "order.paid", &entity).await;
    w.run_due_jobs().await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.status, 200);
    w.cancelled(&terms).await;
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "refunded");
    assert_eq!(refunds["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(refunds["refunds"][0]["reason"], "late_capture");
    assert_eq!(w.gateway_refunds(&gateway_payment).await.len(), 1);
    let said = w.said_types().await;
    assert_eq!(said, ["PaymentOpened", "PaymentCaptured", "RefundRequested", "RefundProcessed"]);
    assert_eq!(w.balance("refunds").await, 0);
    assert_eq!(w.balance(&w.payable()).await, 0);
    w.service.finish().await;
}

#[tokio::test]
async fn a_second_payment_of_a_paid_order_goes_back_by_itself() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    let paid = w.pay(&gateway_order, json!({"amount": 1_180_000, "outcome": "authorized"})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
    // The gateway takes no second payment for a paid order; one that slipped through came before.
    let mut second = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    second["id"] = json!("pay_Second00000001");
    w.payment_webhook("evt_1", "payment.captured", &second).await;
    w.payment_webhook("evt_2", "payment.captured", &second).await;
    w.fault(json!({"system": "razorpay", "operation": "create_refund", "kind": "status", "value": 503, "count": 1})).await;
    w.run_due_jobs().await;
    let refunds = w.refunds(&id).await;
    assert_eq!(refunds["payment_status"], "captured");
    assert_eq!(refunds["refund_requested"], "0.00", "the order's own money stays");
    assert_eq!(refunds["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(refunds["refunds"][0]["reason"], "duplicate_payment");
    assert_eq!(w.balance("refunds").await, -1_180_000);
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
}

#[tokio::test]
async fn what_nobody_signed_is_refused_and_not_kept() {
    let w = world().await;
    let body = json!({"event": "payment.captured", "payload": {}});
    assert_eq!(w.webhook_signed("evt_1", &body, "rs_wrong").await.code(401), "invalid_signature");
    assert_eq!(w.webhook_signed("evt_1", &body, "rs_test_key_secret_0123456789").await.code(401), "invalid_signature");
    let unsigned = w.send(Method::POST, "/api/v1/payments/webhooks/razorpay", None, Some(&body), &[]).await;
    assert_eq!(unsigned.code(401), "invalid_signature");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM payment_webhooks").fetch_one(&w.db.pool).await.unwrap();
    assert_eq!(kept, 0);
    w.service.finish().await;
}

#[tokio::test]
async fn the_secret_before_the_current_one_still_counts() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    let body = json!({"event": "payment.captured", "payload": {"payment": {"entity": entity}}});
    let old = w.webhook_signed("evt_1", &body, "rs_test_webhook_secret_of_old").await;
    assert_eq!(old.data(200)["new"], true);
    let again = w.webhook("evt_1", &body).await;
    assert_eq!(again.data(200)["new"], false);
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn events_about_nothing_of_ours_are_kept_with_a_remark() {
    let w = world().await;
    let strange = json!({"id": "pay_1", "amount": 100, "currency": "INR", "status": "captured", "order_id": "order_Unknown"});
    w.payment_webhook("evt_1", "payment.captured", &strange).await;
    let _ = w.webhook("evt_2", &json!({"event": "settlement.processed", "payload": {}})).await.data(200);
    let _ = w.webhook("evt_3", &json!({"event": "payment.captured", "payload": {}})).await.data(200);
    w.run_due_jobs().await;
    let remarks: Vec<Option<String>> =
        sqlx::query_scalar("SELECT error_message FROM payment_webhooks WHERE processed ORDER BY event_id")
            .fetch_all(&w.db.pool)
            .await
            .unwrap();
    assert_eq!(remarks.len(), 3);
    assert!(remarks.iter().all(Option::is_some), "{remarks:?}");
    assert_eq!(w.webhook("evt_4", &json!({"no": "event"})).await.code(400), "not_an_event");
    w.service.finish().await;
}

#[tokio::test]
async fn the_gateways_own_webhooks_are_understood() {
    let w = world().await;
    w.razorpay.send_webhooks_to(Some(format!("{}/api/v1/payments/webhooks/razorpay", w.base_url)), None);
    w.fault(json!({"system": "razorpay", "operation": "webhooks", "kind": "duplicate_webhooks", "value": 3})).await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    w.pay(&gateway_order, json!({})).await;
    for _ in 0..100 {
        w.run_due_jobs().await;
        if w.payment(&id).await["status"] == "captured" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(w.payment(&id).await["status"], "captured");
    let _ = w.refund(&id, "key-1", &json!({"amount": "800.00", "reason": "goodwill"})).await.data(201);
    w.run_due_jobs().await;
    for _ in 0..100 {
        w.run_due_jobs().await;
        if w.payment(&id).await["status"] == "partially_refunded" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(w.payment(&id).await["refund_amount"], "800.00");
    let said = w.said_types().await;
    assert_eq!((count(&said, "PaymentCaptured"), count(&said, "RefundProcessed")), (1, 1));
}

#[tokio::test]
async fn a_signed_event_with_a_nul_in_it_counts_like_any_other() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    let mut entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    entity["description"] = json!("for the slab\u{0}");
    entity["notes"] = json!({"si\u{0}te": "x", "floor": ["2\u{0}nd"]});
    w.payment_webhook("evt_nul", "payment.captured", &entity).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    w.said().await;
    w.service.finish().await;
}
