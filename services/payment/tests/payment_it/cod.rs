//! Cash on delivery.

use domain::{MediaId, ServiceName};
use serde_json::json;

use crate::support::{new_id, terms, text, world};

fn path(id: &str) -> String {
    format!("/api/v1/payments/cod/{id}/mark-collected")
}

#[tokio::test]
async fn cash_is_collected_only_after_delivery_and_only_all_of_it() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    assert_eq!(w.open_cod(&order).await.data(200)["payment_id"], id.as_str());
    for path in ["orders", "deliveries/order"] {
        let unknown = json!({"error": {"code": "not_found", "message": "not found",
            "correlation_id": new_id::<domain::CorrelationId>()}});
        w.neighbour("GET", &format!("/internal/v1/{path}/{}", order.order_id), 404, unknown).await;
    }
    let body = json!({"amount": "5000.00"});
    assert_eq!(w.put(&path(&id), &w.vendor.token, &body).await.code(409), "not_delivered");
    w.delivered(&order).await;
    for amount in ["4999.99", "5000.01"] {
        let answer = w.put(&path(&id), &w.vendor.token, &json!({"amount": amount})).await;
        assert_eq!(answer.code(422), "amount_differs");
        assert_eq!(answer.body["error"]["details"]["due"], "5000.00");
    }
    let collected = w.put(&path(&id), &w.vendor.token, &body).await;
    assert_eq!(collected.data(200)["status"], "collected");
    assert_eq!(collected.data(200)["cod"]["collected_by"], json!(w.vendor.user_id));
    assert_eq!(w.put(&path(&id), &w.vendor.token, &body).await.data(200), collected.data(200));
    assert_eq!(w.said_types().await, ["PaymentOpened", "CodCollected"]);
    assert_eq!(w.balance(&format!("cash_with_vendor:{}", order.vendor_id)).await, 500_000);
    assert_eq!(w.balance(&w.payable()).await, -500_000);
    w.service.finish().await;
}

#[tokio::test]
async fn the_order_service_is_asked_when_the_delivery_is_not_known_yet() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    w.neighbour(
        "GET",
        &format!("/internal/v1/orders/{}", order.order_id),
        200,
        json!({"order_id": order.order_id, "order_number": order.order_number, "buyer_id": order.buyer_id,
            "buyer_user_id": order.buyer_user_id, "vendor_id": order.vendor_id, "order_type": "material",
            "payment_method": "cod", "total": "5000.00", "status": "delivered", "payment_status": "pending",
            "commission_rate": "10.00", "refunded": "0.00", "placed_at": "2026-11-16T04:30:00Z"}),
    )
    .await;
    assert_eq!(w.put(&path(&id), &w.vendor.token, &json!({"amount": "5000.00"})).await.data(200)["status"], "collected");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn cash_is_collected_a_moment_after_the_code_fitted_though_only_the_delivery_knows() {
    let w = world().await;
    for (delivery, answer) in [("in_transit", 409), ("delivered", 200)] {
        let order = w.terms(5_000);
        let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
        let parties = json!({"order_id": order.order_id, "order_number": order.order_number, "buyer_id": order.buyer_id,
            "buyer_user_id": order.buyer_user_id, "vendor_id": order.vendor_id, "order_type": "material",
            "payment_method": "cod", "total": "5000.00", "status": "in_transit", "payment_status": "pending",
            "commission_rate": "10.00", "refunded": "0.00", "placed_at": "2026-11-16T04:30:00Z",
            "delivery_id": new_id::<domain::DeliveryId>()});
        w.neighbour("GET", &format!("/internal/v1/orders/{}", order.order_id), 200, parties.clone()).await;
        let mut stands = parties;
        stands["status"] = json!(delivery);
        w.neighbour("GET", &format!("/internal/v1/deliveries/order/{}", order.order_id), 200, stands).await;
        let said = w.put(&path(&id), &w.vendor.token, &json!({"amount": "5000.00"})).await;
        assert_eq!(said.status, answer, "{delivery}: {}", said.body);
    }
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn only_the_orders_vendor_and_finance_collect() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    w.delivered(&order).await;
    let body = json!({"amount": "5000.00"});
    assert_eq!(w.put(&path(&id), &w.people.vendor().token, &body).await.code(404), "not_found");
    assert_eq!(w.put(&path(&id), &w.buyer.token, &body).await.code(403), "forbidden");
    assert_eq!(w.put(&path(&id), &w.people.admin(domain::AdminRole::Operations).token, &body).await.code(403), "forbidden");
    let (online, _) = w.opened(&w.terms(5_000)).await;
    assert_eq!(w.put(&path(&online), &w.vendor.token, &body).await.code(404), "not_found");
    let _ = w.put(&path(&id), &w.finance.token, &body).await.data(200);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_cancelled_cash_order_is_not_collected() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    w.cancelled(&order).await;
    assert_eq!(w.put(&path(&id), &w.vendor.token, &json!({"amount": "5000.00"})).await.code(409), "order_cancelled");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn ten_reports_at_once_are_one_collection() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    w.delivered(&order).await;
    let body = json!({"amount": "5000.00"});
    let (at, token) = (path(&id), w.vendor.token.clone());
    let answers = futures::future::join_all((0..10).map(|_| w.put(&at, &token, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(w.said_types().await, ["PaymentOpened", "CodCollected"]);
    assert_eq!(w.balance(&w.payable()).await, -500_000);
    w.service.finish().await;
}

#[tokio::test]
async fn too_much_cash_in_a_vendors_hands_turns_new_cash_orders_off() {
    let w = world().await;
    w.collected(&w.terms(50_000)).await;
    let known = w.terms(1);
    w.collected(&known).await;
    let refused = w.open_cod(&w.terms(100)).await;
    assert_eq!(refused.code(409), "cod_limit_reached");
    assert_eq!(refused.body["error"]["details"]["held"], "50001.00");
    let _ = w.open_cod(&known).await.data(200);
    let another = w.people.vendor();
    let _ = w.open_cod(&terms(&w.buyer, &another, 100)).await.data(201);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn exactly_the_limit_is_still_allowed() {
    let w = world().await;
    w.collected(&w.terms(50_000)).await;
    let _ = w.open_cod(&w.terms(100)).await.data(201);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_proof_is_added_once_and_looked_at_by_finance() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = w.collected(&order).await;
    let verify = format!("/api/v1/payments/cod/{id}/verify-proof");
    assert_eq!(w.post(&verify, &w.finance.token, &json!({})).await.code(409), "no_proof");
    let proof: MediaId = new_id();
    w.stored_by(proof, w.vendor.user_id).await;
    let body = json!({"amount": "5000.00", "proof_media_id": proof});
    assert_eq!(w.put(&path(&id), &w.vendor.token, &body).await.data(200)["cod"]["proof_media_id"], json!(proof));
    let second: MediaId = new_id();
    w.stored_by(second, w.vendor.user_id).await;
    let other = json!({"amount": "5000.00", "proof_media_id": second});
    assert_eq!(w.put(&path(&id), &w.vendor.token, &other).await.data(200)["cod"]["proof_media_id"], json!(proof));
    assert_eq!(w.post(&verify, &w.vendor.token, &json!({})).await.code(403), "forbidden");
    let seen = w.post(&verify, &w.finance.token, &json!({"notes": "looks right"})).await;
    assert_eq!(seen.data(200)["cod"]["proof_verified_by"], json!(w.finance.user_id));
    let _ = w.post(&verify, &w.finance.token, &json!({})).await.data(200);
    assert_eq!(w.said_types().await, ["PaymentOpened", "CodCollected", "AuditRecorded"]);
    w.service.finish().await;
}

#[tokio::test]
async fn only_services_open_cash_payments() {
    let w = world().await;
    let body = serde_json::to_value(w.terms(100)).unwrap();
    for token in [&w.buyer.token, &w.vendor.token, &w.finance.token] {
        assert_eq!(w.post("/api/v1/payments/cod/create", token, &body).await.code(403), "forbidden");
    }
    let _ = w.post("/api/v1/payments/cod/create", &w.service_token(ServiceName::Order), &body).await.data(201);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_delivery_whose_payment_is_not_known_yet_comes_again() {
    let w = world().await;
    let order = w.terms(100);
    w.invoiceable(&order).await;
    let event = w.delivery(&order);
    assert!(matches!(w.deliver(ServiceName::Order, &event).await, bus::Outcome::Retry(_)));
    let _ = w.open_cod(&order).await.data(201);
    assert_eq!(w.deliver(ServiceName::Order, &event).await, bus::Outcome::Done);
    w.run_due_jobs().await;
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn nothing_but_a_file_of_the_vendors_own_proves_that_cash_was_collected() {
    let w = world().await;
    let order = w.terms(5_000);
    let id = text(&w.open_cod(&order).await.data(201)["payment_id"]);
    w.delivered(&order).await;
    let (somebodys, nobodys): (MediaId, MediaId) = (new_id(), new_id());
    w.stored_by(somebodys, w.buyer.user_id).await;
    let missing = json!({"error": {"code": "not_found", "message": "file not found", "correlation_id": nobodys}});
    w.neighbour("GET", &format!("/internal/v1/media/{nobodys}"), 404, missing).await;
    for proof in [somebodys, nobodys] {
        let body = json!({"amount": "5000.00", "proof_media_id": proof});
        let refused = w.put(&path(&id), &w.vendor.token, &body).await;
        assert_eq!(refused.code(422), "validation_failed");
        assert_eq!(refused.body["error"]["details"][0]["field"], "proof_media_id");
    }
    assert_eq!(w.payment(&id).await["status"], "pending");
    let body = json!({"amount": "5000.00", "proof_media_id": somebodys});
    assert_eq!(w.put(&path(&id), &w.finance.token, &body).await.data(200)["status"], "collected");
    w.said().await;
    w.service.finish().await;
}
