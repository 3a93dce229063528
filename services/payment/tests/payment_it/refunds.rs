//! Giving money back.

use domain::events::DisputeResolved;
use domain::{DisputeNumber, Money, ServiceName};
use reqwest::Method;
use serde_json::json;

use crate::support::{count, new_id, text, world};

#[tokio::test]
async fn a_cancelled_paid_order_is_refunded_in_full_once() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, gateway_payment) = w.captured(&terms).await;
    w.cancelled(&terms).await;
    w.cancelled(&terms).await;
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "refunded");
    assert_eq!(refunds["refund_amount"], "11800.00");
    assert_eq!(refunds["refunds"][0]["reason"], "cancellation");
    let gateway = w.gateway_refunds(&gateway_payment).await;
    assert_eq!(gateway.len(), 1);
    assert_eq!(gateway[0]["amount"], 1_180_000);
    let said = w.said_types().await;
    assert_eq!(said, ["PaymentOpened", "PaymentCaptured", "RefundRequested", "RefundProcessed"]);
    assert_eq!((w.balance("refunds").await, w.balance(&w.payable()).await), (0, 0));
    w.service.finish().await;
}

#[tokio::test]
async fn refunds_asked_for_at_once_never_pass_what_came_in() {
    let w = world().await;
    let (id, gateway_payment) = w.captured(&w.terms(1_000)).await;
    let asked = (0..16).map(|n| {
        let (w, id) = (&w, &id);
        async move { w.refund(id, &format!("key-{n}"), &json!({"amount": "150.00", "reason": "return"})).await }
    });
    let answers = futures::future::join_all(asked).await;
    let granted = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(granted, 6);
    assert!(answers.iter().filter(|answer| answer.status != 201).all(|answer| answer.code(422) == "refund_exceeds_payment"));
    assert_eq!(w.refund(&id, "the-rest", &json!({"reason": "return"})).await.data(201)["amount"], "100.00");
    assert_eq!(w.refund(&id, "one-more", &json!({"reason": "return"})).await.code(422), "refund_exceeds_payment");
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "refunded");
    let gateway: i64 = w.gateway_refunds(&gateway_payment).await.iter().map(|refund| refund["amount"].as_i64().unwrap()).sum();
    assert_eq!(gateway, 100_000);
    assert_eq!(count(&w.said_types().await, "RefundProcessed"), 7);
    w.service.finish().await;
}

#[tokio::test]
async fn a_refund_that_is_asked_for_again_is_the_same_refund() {
    let w = world().await;
    let (id, _) = w.captured(&w.terms(1_000)).await;
    let body = json!({"amount": "100.00", "reason": "goodwill", "notes": "late by a day"});
    let first = w.refund(&id, "key-1", &body).await;
    let again = w.refund(&id, "key-1", &body).await;
    assert_eq!(first.data(201), again.data(201));
    assert_eq!(
        w.refund(&id, "key-1", &json!({"amount": "200.00", "reason": "goodwill"})).await.code(422),
        "idempotency_key_reused"
    );
    let without = w.post(&format!("/api/v1/payments/{id}/refund"), &w.finance.token, &body).await;
    assert_eq!(without.code(400), "idempotency_key_required");
    let at_once = futures::future::join_all((0..6).map(|_| w.refund(&id, "key-2", &body))).await;
    for answer in at_once {
        assert!(answer.status == 201 || answer.code(409) == "request_in_progress", "{}", answer.body);
    }
    assert_eq!(w.refunds(&id).await["refund_requested"], "200.00");
    w.refunds_done(&id).await;
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn nothing_is_kept_of_a_refund_that_was_refused() {
    let w = world().await;
    let terms = w.terms(1_000);
    let (id, _) = w.opened(&terms).await;
    assert_eq!(w.refund(&id, "key-1", &json!({"reason": "return"})).await.code(409), "nothing_to_refund");
    let (id, _) = w.captured(&w.terms(1_000)).await;
    assert_eq!(
        w.refund(&id, "key-1", &json!({"amount": "1000.01", "reason": "return"})).await.code(422),
        "refund_exceeds_payment"
    );
    assert_eq!(w.refund(&id, "key-1", &json!({"amount": "-1.00", "reason": "return"})).await.code(422), "validation_failed");
    assert_eq!(w.refund(&id, "key-1", &json!({"amount": "0.00", "reason": "return"})).await.code(422), "validation_failed");
    assert_eq!(w.refund(&id, "key-1", &json!({"amount": "1.00", "reason": "because"})).await.code(422), "validation_failed");
    let _ = w.refund(&id, "key-1", &json!({"reason": "return"})).await.data(201);
    for token in [&w.buyer.token, &w.vendor.token, &w.people.admin(domain::AdminRole::Support).token] {
        let path = format!("/api/v1/payments/{id}/refund");
        let answer =
            w.send(Method::POST, &path, Some(token), Some(&json!({"reason": "return"})), &[("idempotency-key", "k")]).await;
        assert_eq!(answer.code(403), "forbidden");
    }
    w.refunds_done(&id).await;
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_refund_that_times_out_after_its_effect_is_not_paid_twice() {
    let w = world().await;
    let (id, gateway_payment) = w.captured(&w.terms(1_000)).await;
    w.fault(json!({"system": "razorpay", "operation": "create_refund", "kind": "timeout_after_effect", "count": 1})).await;
    let _ = w.refund(&id, "key-1", &json!({"amount": "400.00", "reason": "return"})).await.data(201);
    w.run_due_jobs().await;
    assert_eq!(w.refunds(&id).await["refunds"][0]["status"], "pending");
    w.clock.advance(chrono::TimeDelta::seconds(30));
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "partially_refunded");
    assert_eq!(w.gateway_refunds(&gateway_payment).await.len(), 1);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_fails_and_may_be_asked_for_again() {
    let w = world().await;
    let (id, _) = w.captured(&w.terms(1_000)).await;
    w.fault(json!({"system": "razorpay", "operation": "create_refund", "kind": "status", "value": 400, "count": 1})).await;
    let _ = w.refund(&id, "key-1", &json!({"reason": "return"})).await.data(201);
    w.run_due_jobs().await;
    let refunds = w.refunds(&id).await;
    assert_eq!(refunds["refunds"][0]["status"], "failed");
    assert_eq!((refunds["refund_requested"].as_str(), refunds["refundable"].as_str()), (Some("0.00"), Some("1000.00")));
    assert_eq!((w.balance("refunds").await, w.balance(&w.payable()).await), (0, -100_000));
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured", "RefundRequested", "AuditRecorded", "RefundFailed"]);
    let _ = w.refund(&id, "key-2", &json!({"reason": "return"})).await.data(201);
    assert_eq!(w.refunds_done(&id).await["payment_status"], "refunded");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_refund_the_bank_sends_back_fails_later() {
    let w = world().await;
    let (id, gateway_payment) = w.captured(&w.terms(1_000)).await;
    w.fault(json!({"system": "razorpay", "operation": "refund_processing", "kind": "latency", "value": 600_000})).await;
    let _ = w.refund(&id, "key-1", &json!({"reason": "return"})).await.data(201);
    w.run_due_jobs().await;
    let refund = w.gateway_refunds(&gateway_payment).await.remove(0);
    assert_eq!(w.refunds(&id).await["refunds"][0]["status"], "pending");
    let mut failed = refund.clone();
    failed["status"] = json!("failed");
    let body = json!({"event": "refund.failed", "payload": {"refund": {"entity": failed}}});
    let _ = w.webhook("evt_1", &body).await.data(200);
    let _ = w.webhook("evt_2", &body).await.data(200);
    w.run_due_jobs().await;
    assert_eq!(w.refunds(&id).await["refunds"][0]["status"], "failed");
    assert_eq!(count(&w.said_types().await, "RefundFailed"), 1);
    // A refund nobody here asked for is not counted.
    let foreign = json!({"id": "rfnd_Foreign0000001", "amount": 100, "currency": "INR", "payment_id": gateway_payment,
        "status": "processed", "notes": []});
    let _ = w.webhook("evt_3", &json!({"event": "refund.processed", "payload": {"refund": {"entity": foreign}}})).await.data(200);
    w.run_due_jobs().await;
    assert_eq!(w.refunds(&id).await["refund_amount"], "0.00");
    w.service.finish().await;
}

#[tokio::test]
async fn a_dispute_gives_back_what_was_promised_and_no_more_than_is_left() {
    let w = world().await;
    let terms = w.terms(1_000);
    let (id, _) = w.captured(&terms).await;
    let resolved = |resolution: &str, amount: Option<i32>| DisputeResolved {
        dispute_id: new_id(),
        dispute_number: DisputeNumber::from_sequence(1),
        order_id: terms.order_id,
        order_number: terms.order_number.clone(),
        buyer_user_id: terms.buyer_user_id,
        vendor_id: terms.vendor_id,
        resolution: resolution.to_owned(),
        refund_amount: amount.map(Money::from_rupees),
    };
    for dispute in [resolved("refund_partial", Some(300)), resolved("rejected", None), resolved("refund_full", None)] {
        w.deliver(ServiceName::Order, &dispute).await;
        w.deliver(ServiceName::Order, &dispute).await;
    }
    let refunds = w.refunds_done(&id).await;
    let amounts: Vec<String> = refunds["refunds"].as_array().unwrap().iter().map(|refund| text(&refund["amount"])).collect();
    assert_eq!(amounts, ["300.00", "700.00"]);
    assert_eq!(refunds["payment_status"], "refunded");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_cash_refund_is_paid_out_from_the_bank_and_the_collection_stays() {
    let w = world().await;
    let terms = w.terms(1_000);
    let id = w.collected(&terms).await;
    let _ = w.refund(&id, "key-1", &json!({"amount": "250.00", "reason": "return"})).await.data(201);
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "partially_refunded");
    assert_eq!(w.balance("bank").await, -25_000);
    assert_eq!(w.balance(&format!("cash_with_vendor:{}", terms.vendor_id)).await, 100_000);
    assert_eq!(w.balance(&w.payable()).await, -75_000);
    assert!(w.payment(&id).await["cod"]["collected_at"].is_string());
    assert_eq!(w.said_types().await, ["PaymentOpened", "CodCollected", "RefundRequested", "AuditRecorded", "RefundProcessed"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_buyer_sees_how_own_refunds_stand() {
    let w = world().await;
    let (id, _) = w.captured(&w.terms(1_000)).await;
    let path = format!("/api/v1/payments/{id}/refund-status");
    assert_eq!(w.get(&path, &w.buyer.token).await.data(200)["refundable"], "1000.00");
    assert_eq!(w.get(&path, &w.people.buyer().token).await.code(404), "not_found");
    assert_eq!(w.get(&path, &w.vendor.token).await.code(403), "forbidden");
    w.said().await;
    w.service.finish().await;
}
