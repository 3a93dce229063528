//! Opening an online payment.

use bus::Outcome;
use domain::{Money, ServiceName};
use serde_json::json;

use crate::support::{count, new_id, somebody_else, world};

#[tokio::test]
async fn an_order_has_one_payment_however_often_it_is_asked_for() {
    let w = world().await;
    let terms = w.terms(11_800);
    let first = w.open(&terms).await;
    let again = w.open(&terms).await;
    assert_eq!(first.data(201), again.data(200));
    assert_eq!(first.data(201)["gateway"]["amount_paise"], 1_180_000);
    assert_eq!(first.data(201)["gateway"]["key_id"], "rzp_test_sandbox");
    assert_eq!(w.gateway_orders(terms.order_id).await, 1);
    assert_eq!(w.said_types().await, ["PaymentOpened"]);
    w.service.finish().await;
}

#[tokio::test]
async fn ten_requests_at_once_open_one_payment_and_one_gateway_order() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "latency", "value": 300})).await;
    let terms = w.terms(11_800);
    let answers = futures::future::join_all((0..10).map(|_| w.open(&terms))).await;
    let opened: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert!(matches!(answer.status, 200 | 201), "{}", answer.body);
            answer.body["data"].clone()
        })
        .collect();
    assert!(opened.iter().all(|data| *data == opened[0]));
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(w.gateway_orders(terms.order_id).await, 1);
    assert_eq!(count(&w.said_types().await, "PaymentOpened"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn a_time_out_after_the_gateway_made_the_order_does_not_make_a_second_one() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "timeout_after_effect", "count": 1})).await;
    let terms = w.terms(11_800);
    let first = w.open(&terms).await;
    let again = w.open(&terms).await;
    assert_eq!(first.data(201)["gateway"], again.data(200)["gateway"]);
    assert_eq!(w.gateway_orders(terms.order_id).await, 1);
    assert_eq!(w.said_types().await, ["PaymentOpened"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_time_out_whose_look_up_fails_as_well_is_looked_up_by_the_next_request() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "timeout_after_effect", "count": 1})).await;
    w.fault(json!({"system": "razorpay", "operation": "list_orders", "kind": "status", "value": 503, "count": 20})).await;
    let terms = w.terms(11_800);
    assert_eq!(w.open(&terms).await.code(503), "gateway_unavailable");
    assert!(w.said_types().await.is_empty(), "nothing is open yet");
    w.sandbox(reqwest::Method::DELETE, "/_sandbox/faults", &json!({})).await;
    assert!(w.open(&terms).await.data(200)["gateway"]["razorpay_order_id"].is_string());
    assert_eq!(w.gateway_orders(terms.order_id).await, 1);
    assert_eq!(w.said_types().await, ["PaymentOpened"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_gateway_that_is_away_is_said_so_and_the_next_request_opens() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "status", "value": 503, "count": 1})).await;
    let terms = w.terms(11_800);
    assert_eq!(w.open(&terms).await.code(503), "gateway_unavailable");
    let _ = w.open(&terms).await.data(200);
    assert_eq!(w.gateway_orders(terms.order_id).await, 1);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn other_terms_for_the_same_order_are_refused() {
    let w = world().await;
    let terms = w.terms(11_800);
    w.opened(&terms).await;
    let dearer = clients::payment::OpenPaymentIn { amount: Money::from_rupees(11_801), ..terms.clone() };
    for other in [dearer, somebody_else(&terms)] {
        assert_eq!(w.open(&other).await.code(409), "payment_differs");
    }
    assert_eq!(w.open_cod(&terms).await.code(409), "payment_differs");
    assert_eq!(w.open(&w.terms(0)).await.code(422), "validation_failed");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn an_order_cancelled_before_or_after_its_payment_was_opened_is_not_opened() {
    let w = world().await;
    let (early, late) = (w.terms(100), w.terms(200));
    w.cancelled(&early).await;
    assert_eq!(w.open(&early).await.code(409), "order_cancelled");
    assert_eq!(w.gateway_orders(early.order_id).await, 0);
    assert_eq!(w.open_cod(&early).await.code(409), "order_cancelled");
    let (id, _) = w.opened(&late).await;
    w.cancelled(&late).await;
    assert_eq!(w.open(&late).await.code(409), "order_cancelled");
    assert_eq!(w.payment(&id).await["status"], "failed");
    assert_eq!(w.said_types().await, ["PaymentOpened"], "the end of an order is no failed attempt");
    w.service.finish().await;
}

#[tokio::test]
async fn a_cancellation_that_comes_twice_is_applied_once() {
    let w = world().await;
    let terms = w.terms(100);
    let envelope = w.envelope(ServiceName::Order, &w.cancellation(&terms));
    assert_eq!(w.deliver_envelope(envelope.clone()).await, Outcome::Done);
    assert_eq!(w.deliver_envelope(envelope).await, Outcome::Duplicate);
    w.service.finish().await;
}

#[tokio::test]
async fn a_buyer_gets_the_gateway_order_of_an_own_order_only() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (_, gateway_order) = w.opened(&terms).await;
    let body = json!({"order_id": terms.order_id});
    let path = "/api/v1/payments/create-order";
    let own = w.post(path, &w.buyer.token, &body).await;
    assert_eq!(own.data(200)["gateway"]["razorpay_order_id"], gateway_order.as_str());
    assert_eq!(w.post(path, &w.people.buyer().token, &body).await.code(404), "not_found");
    assert_eq!(w.post(path, &w.buyer.token, &json!({"order_id": new_id::<domain::OrderId>()})).await.code(404), "not_found");
    assert_eq!(w.post(path, &w.vendor.token, &body).await.code(403), "forbidden");
    assert_eq!(w.post(path, &w.buyer.token, &json!({"order_id": terms.order_id, "x": 1})).await.code(422), "validation_failed");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_cash_order_has_no_gateway_order() {
    let w = world().await;
    let terms = w.terms(500);
    assert!(w.open_cod(&terms).await.data(201).get("gateway").is_none());
    let answer = w.post("/api/v1/payments/create-order", &w.buyer.token, &json!({"order_id": terms.order_id})).await;
    assert_eq!(answer.code(409), "not_online");
    w.said().await;
    w.service.finish().await;
}
