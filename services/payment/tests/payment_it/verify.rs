//! The app says that it was paid.

use serde_json::json;
use testkit::wiremock::matchers::{method, path};
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::support::{count, world};

#[tokio::test]
async fn a_verified_payment_is_captured_once_and_the_order_is_told() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    let told = Mock::given(method("POST"))
        .and(path(format!("/internal/v1/orders/{}/mark-paid", terms.order_id)))
        .respond_with(ResponseTemplate::new(500))
        .expect(2);
    told.mount(&w.neighbours).await;
    let paid = w.pay(&gateway_order, json!({"method": "upi"})).await;
    for _ in 0..2 {
        let answer = w.verify(&paid, &w.buyer.token).await;
        assert_eq!(answer.data(200)["status"], "captured");
        assert_eq!(answer.data(200)["payment_type"], "upi");
    }
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
    let fee = w.payment(&id).await["gateway"]["fee"].as_str().unwrap().parse::<domain::Money>().unwrap().paise();
    assert!(fee > 0);
    assert_eq!(w.balance("gateway_clearing").await, 1_180_000 - fee);
    assert_eq!(w.balance("gateway_fees").await, fee);
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    w.service.finish().await;
}

#[tokio::test]
async fn a_signature_that_does_not_fit_changes_nothing() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let (_, other_order) = w.opened(&w.terms(11_800)).await;
    let mut paid = w.pay(&gateway_order, json!({})).await;
    let of_other = w.pay(&other_order, json!({})).await;
    // The signature of another order's payment does not fit ours.
    paid["razorpay_payment_id"] = of_other["razorpay_payment_id"].clone();
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(400), "signature_mismatch");
    paid["razorpay_signature"] = of_other["razorpay_signature"].clone();
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(400), "signature_mismatch");
    paid["razorpay_signature"] = json!("00");
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(400), "signature_mismatch");
    assert_eq!(w.payment(&id).await["status"], "pending");
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 0);
    w.service.finish().await;
}

#[tokio::test]
async fn nobody_verifies_the_payment_of_another_buyer() {
    let w = world().await;
    let (_, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    assert_eq!(w.verify(&paid, &w.people.buyer().token).await.code(404), "not_found");
    assert_eq!(w.verify(&paid, &w.vendor.token).await.code(403), "forbidden");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn money_that_the_bank_only_holds_is_captured() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({"outcome": "authorized"})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
    assert_eq!(w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await["status"], "captured");
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
    w.service.finish().await;
}

#[tokio::test]
async fn a_capture_that_times_out_after_its_effect_is_looked_up() {
    let w = world().await;
    let (_, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({"outcome": "authorized"})).await;
    w.fault(json!({"system": "razorpay", "operation": "capture", "kind": "timeout_after_effect", "count": 1})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn another_amount_or_currency_is_quarantined_and_never_paid() {
    for (amount, currency) in [(1_179_900, "INR"), (1_180_000, "USD")] {
        let w = world().await;
        let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
        let paid = w.pay(&gateway_order, json!({"amount": amount, "currency": currency})).await;
        for _ in 0..2 {
            assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_quarantined");
        }
        let payment = w.payment(&id).await;
        assert_eq!(payment["status"], "pending");
        assert!(payment["quarantine"]["reason"].as_str().unwrap().contains("instead of"), "{payment}");
        let listed = w.get("/api/v1/payments?quarantined=true", &w.finance.token).await;
        assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
        assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentQuarantined"]);
        let held = if currency == "INR" { -amount } else { 0 };
        assert_eq!(w.balance("quarantine").await, held, "what is ours to hold is in the books, and nobody's");
        assert_eq!(w.balance(&w.payable()).await, 0);
        w.service.finish().await;
    }
}

#[tokio::test]
async fn a_gateway_that_is_away_leaves_the_payment_to_the_webhook() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    let paid = w.pay(&gateway_order, json!({})).await;
    w.fault(json!({"system": "razorpay", "operation": "get_payment", "kind": "status", "value": 503, "count": 10})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(503), "gateway_unavailable");
    w.sandbox(reqwest::Method::DELETE, "/_sandbox/faults", &json!({})).await;
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    w.payment_webhook("evt_1", "payment.captured", &entity).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    w.said().await;
    w.service.finish().await;
}
