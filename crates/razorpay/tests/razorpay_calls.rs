//! The client against answers Razorpay gives, and against some it should not.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::time::Duration;

use domain::Money;
use outbound::{Failure as _, HttpSettings, http_client};
use razorpay::{NewOrder, NewRefund, Notes, OrderStatus, Razorpay, RazorpayError, RazorpaySettings, RefundStatus, RefusalKind};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, method, path, query_param},
};

async fn razorpay() -> (MockServer, Razorpay) {
    let server = MockServer::start().await;
    let settings = RazorpaySettings {
        base_url: format!("{}/", server.uri()),
        key_id: "rzp_test_key".into(),
        key_secret: "secret".into(),
        webhook_secrets: Vec::new(),
        timeout: Duration::from_millis(300),
    };
    let http = http_client(HttpSettings::default()).unwrap();
    (server, Razorpay::new(settings, http))
}

fn order(id: &str, receipt: &str) -> Value {
    json!({"id": id, "entity": "order", "amount": 1_180_000, "amount_paid": 0,
        "amount_due": 1_180_000, "currency": "INR", "receipt": receipt, "offer_id": null,
        "status": "created", "attempts": 0, "notes": [], "created_at": 1_767_225_600})
}

fn new_order() -> NewOrder {
    NewOrder {
        amount: Money::from_paise(1_180_000),
        receipt: "ORD000001-1".into(),
        notes: Notes::default().with("order", "ORD000001"),
    }
}

async fn answers_everything(server: &MockServer, response: ResponseTemplate) {
    Mock::given(any()).respond_with(response).mount(server).await;
}

fn refused(status: u16, description: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": {"code": "BAD_REQUEST_ERROR",
        "description": description, "source": null, "step": "NA", "reason": "input_validation_failed",
        "metadata": {}}}))
}

#[tokio::test]
async fn an_order_is_opened_in_paise_with_basic_credentials() {
    let (server, razorpay) = razorpay().await;
    Mock::given(method("POST"))
        .and(path("/v1/orders"))
        .and(header("authorization", "Basic cnpwX3Rlc3Rfa2V5OnNlY3JldA=="))
        .and(body_json(json!({"amount": 1_180_000, "currency": "INR", "receipt": "ORD000001-1",
            "notes": {"order": "ORD000001"}})))
        .respond_with(ResponseTemplate::new(200).set_body_json(order("order_A", "ORD000001-1")))
        .expect(1)
        .mount(&server)
        .await;
    let made = razorpay.create_order(&new_order()).await.unwrap();
    assert_eq!(made.status, OrderStatus::Created);
    assert_eq!(made.amount, Money::from_paise(1_180_000));
    assert_eq!(made.notes, Notes::default());
}

#[tokio::test]
async fn an_order_without_an_answer_is_unknown_and_is_not_sent_twice() {
    let (server, razorpay) = razorpay().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
    answers_everything(&server, late).await;
    let error = razorpay.create_order(&new_order()).await.unwrap_err();
    assert!(matches!(error, RazorpayError::Unknown { .. }), "{error:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_gateway_that_gave_up_midway_leaves_a_change_unknown_but_not_a_refused_one() {
    for status in [500, 502, 504] {
        let (server, razorpay) = razorpay().await;
        answers_everything(&server, ResponseTemplate::new(status)).await;
        let error = razorpay.create_order(&new_order()).await.unwrap_err();
        assert!(matches!(error, RazorpayError::Unknown { .. }), "{status}");
    }
    for status in [429, 503] {
        let (server, razorpay) = razorpay().await;
        let busy = ResponseTemplate::new(status).insert_header("retry-after", "3");
        answers_everything(&server, busy).await;
        let error = razorpay.create_order(&new_order()).await.unwrap_err();
        assert_eq!(error.after(), Some(Duration::from_secs(3)), "{status}");
    }
}

#[tokio::test]
async fn reading_is_repeated_when_razorpay_stumbles() {
    let (server, razorpay) = razorpay().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(502)).up_to_n_times(1).mount(&server).await;
    answers_everything(&server, ResponseTemplate::new(200).set_body_json(order("order_A", "r"))).await;
    assert_eq!(razorpay.fetch_order("order_A").await.unwrap().id, "order_A");
}

#[tokio::test]
async fn an_order_is_found_by_its_exact_receipt() {
    let (server, razorpay) = razorpay().await;
    Mock::given(method("GET"))
        .and(path("/v1/orders"))
        .and(query_param("receipt", "ORD000001-1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"entity": "collection",
            "count": 2, "items": [order("order_X", "other"), order("order_A", "ORD000001-1")]})))
        .mount(&server)
        .await;
    let found = razorpay.find_order_by_receipt("ORD000001-1").await.unwrap();
    assert_eq!(found.unwrap().id, "order_A");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let cases = [
        (401, "Authentication failed", RefusalKind::Unauthorized),
        (400, "Authentication failed", RefusalKind::Unauthorized),
        (400, "The id provided does not exist", RefusalKind::NotFound),
        (400, "This payment has already been captured", RefusalKind::AlreadyCaptured),
        (400, "The payment has been fully refunded already", RefusalKind::AlreadyRefunded),
        (400, "The refund amount provided is greater than amount captured", RefusalKind::RefundTooLarge),
        (409, "Different request with the same idempotency key has already been processed.", RefusalKind::KeyReused),
        (400, "amount must be an integer", RefusalKind::Other),
    ];
    for (status, description, kind) in cases {
        let (server, razorpay) = razorpay().await;
        answers_everything(&server, refused(status, description)).await;
        let error = razorpay.capture("pay_A", Money::from_paise(100)).await.unwrap_err();
        assert_eq!(error.refusal(), Some(kind), "{description}");
    }
}

#[tokio::test]
async fn a_refund_in_flight_under_the_same_key_is_tried_later() {
    let (server, razorpay) = razorpay().await;
    answers_everything(&server, refused(409, "Request in progress")).await;
    let refund =
        NewRefund { amount: Money::from_paise(500), key: "refund-0001".into(), receipt: "r1".into(), notes: Notes::default() };
    let error = razorpay.create_refund("pay_A", &refund).await.unwrap_err();
    assert!(matches!(error, RazorpayError::Retry { .. }));
}

#[tokio::test]
async fn all_three_error_shapes_are_read() {
    for body in [
        json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "The id provided does not exist"}}),
        json!({"message": "The id provided does not exist"}),
        json!("The id provided does not exist"),
        json!({"error": "The id provided does not exist"}),
    ] {
        let (server, razorpay) = razorpay().await;
        answers_everything(&server, ResponseTemplate::new(400).set_body_json(&body)).await;
        let error = razorpay.fetch_payment("pay_A").await.unwrap_err();
        assert_eq!(error.refusal(), Some(RefusalKind::NotFound), "{body}");
    }
    let (server, razorpay) = razorpay().await;
    answers_everything(&server, ResponseTemplate::new(400).set_body_string("<html>")).await;
    let error = razorpay.fetch_payment("pay_A").await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalKind::Other));
}

#[tokio::test]
async fn a_refund_carries_its_key_and_answers_with_its_state() {
    let (server, razorpay) = razorpay().await;
    Mock::given(method("POST"))
        .and(path("/v1/payments/pay_A/refund"))
        .and(header("x-refund-idempotency", "refund-0001"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"id": "rfnd_A",
            "entity": "refund", "amount": 500, "currency": "INR", "payment_id": "pay_A",
            "notes": {"n": 7}, "receipt": "r1", "acquirer_data": {"rrn": "123"},
            "created_at": 1_767_225_600, "batch_id": null, "status": "processed"})))
        .mount(&server)
        .await;
    let refund =
        NewRefund { amount: Money::from_paise(500), key: "refund-0001".into(), receipt: "r1".into(), notes: Notes::default() };
    let made = razorpay.create_refund("pay_A", &refund).await.unwrap();
    assert_eq!(made.status, RefundStatus::Processed);
    assert_eq!(made.bank_reference(), Some("123"));
    assert_eq!(made.notes.get("n"), Some("7"));
}

#[tokio::test]
async fn an_id_that_would_leave_its_path_is_refused_without_a_call() {
    let (server, razorpay) = razorpay().await;
    let error = razorpay.fetch_payment("pay_A/../orders").await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalKind::NotFound));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn its_work_can_be_spawned() {
    fn spawnable<T: Send>(_work: &T) {}
    let (_server, razorpay) = razorpay().await;
    spawnable(&razorpay.fetch_refunds("pay_A"));
    spawnable(&razorpay.find_order_by_receipt("r"));
    spawnable(&razorpay.create_order(&new_order()));
}
