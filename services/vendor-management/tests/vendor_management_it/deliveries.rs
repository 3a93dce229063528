//! Deliveries: states, visibility, proofs, cancellations in any order.

use bus::Outcome;
use domain::events::OrderPreparing;
use domain::{AdminRole, PaymentMethod, ServiceName};
use serde_json::{Value, json};
use testkit::wiremock::matchers::{method, path as at_path};
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::support::{Fine as _, World, cancelled, confirmed, nobody};

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_order_has_one_delivery_however_often_it_is_told() {
    let world = World::selling().await;
    world.service.said().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    let envelope = world.service.envelope(ServiceName::Order, &confirmed(&order, world.now()));
    assert_eq!(world.service.deliver_envelope(envelope.clone()).await, Outcome::Done);
    assert_eq!(world.service.deliver_envelope(envelope).await, Outcome::Duplicate);
    assert_eq!(world.tell(&confirmed(&order, world.now())).await, Outcome::Stale);
    assert_eq!(world.tell(&OrderPreparing { order: order.clone() }).await, Outcome::Done);
    assert_eq!(world.service.said_types().await, ["DeliveryCreated"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn out_for_delivery_passes_through_assigned_and_keeps_the_position() {
    let world = World::selling().await;
    world.service.said().await;
    let path = world.delivery().await;
    let moved = json!({"status": "in_transit", "latitude": 17.4501, "longitude": 78.3802});
    let answer = world.service.put(&format!("{path}/status"), &world.vendor(), &moved).await;
    assert_eq!(answer.data(200)["status"], "in_transit");
    world
        .service
        .put(&format!("{path}/status"), &world.vendor(), &json!({"status": "in_transit", "latitude": 17.46, "longitude": 78.39}))
        .await
        .fine(200);
    let seen = world.service.get(&path, &world.buyer()).await;
    assert_eq!(seen.data(200)["position"]["latitude"], 17.46);
    let states: Vec<&Value> = seen.data(200)["history"].as_array().unwrap().iter().map(|h| &h["new_status"]).collect();
    assert_eq!(states, ["pending", "assigned", "in_transit", "in_transit"]);
    assert_eq!(world.service.said_types().await, ["DeliveryCreated", "DeliveryAssigned", "DeliveryDispatched"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn illegal_moves_name_from_and_to_and_delivered_needs_proof() {
    let world = World::selling().await;
    let path = world.delivery().await;
    let wish = |status: &str| {
        let (path, token, body) =
            (format!("{path}/status"), world.vendor(), json!({"status": status, "notes": "nobody at home"}));
        let service = &world.service;
        async move { service.put(&path, &token, &body).await }
    };
    let refused = wish("failed").await;
    assert_eq!(refused.code(409), "illegal_transition");
    assert_eq!(refused.body["error"]["details"], json!({"from": "pending", "to": "failed"}));
    assert_eq!(wish("delivered").await.code(409), "illegal_transition");
    wish("in_transit").await.fine(200);
    assert_eq!(wish("delivered").await.code(409), "proof_required");
    assert_eq!(wish("assigned").await.code(409), "illegal_transition");
    let silent = world.service.put(&format!("{path}/status"), &world.vendor(), &json!({"status": "failed"})).await;
    assert_eq!(silent.code(422), "validation_failed");
    assert_eq!(wish("failed").await.data(200)["failure_reason"], "nobody at home");
    assert_eq!(wish("assigned").await.data(200)["failure_reason"], Value::Null);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_delivery_is_not_there() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    let stranger = world.register("+919848099999").await;
    let other_buyer = world.service.people.buyer();
    for token in [&stranger.token, &other_buyer.token] {
        assert_eq!(world.service.get(&path, token).await.code(404), "not_found");
    }
    let token = &stranger.token;
    assert_eq!(
        world.service.put(&format!("{path}/status"), token, &json!({"status": "failed", "notes": "x"})).await.code(404),
        "not_found"
    );
    assert_eq!(world.service.post(&format!("{path}/generate-otp"), token, &json!({})).await.code(404), "not_found");
    assert_eq!(world.service.post(&format!("{path}/verify-otp"), token, &json!({"code": "123456"})).await.code(404), "not_found");
    let foreign = world.file_of(stranger.user_id).await;
    assert_eq!(
        world.service.post(&format!("{path}/upload-proof"), token, &json!({"media_id": foreign})).await.code(404),
        "not_found"
    );
    let list = format!("/api/v1/deliveries/vendor/{}", world.vendor.vendor_id);
    assert_eq!(world.service.get(&list, token).await.code(403), "forbidden");
    assert_eq!(world.service.get(&list, &world.vendor()).await.data(200).as_array().unwrap().len(), 1);
    assert_eq!(world.service.get("/api/v1/deliveries", &world.vendor()).await.code(403), "forbidden");
    assert_eq!(
        world.service.get(&format!("/api/v1/deliveries/order/{}", nobody().0), &world.vendor()).await.code(404),
        "not_found"
    );
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_ends_its_delivery_and_opens_none_afterwards() {
    let world = World::selling().await;
    world.service.said().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    let path = world.delivery_of(&order).await;
    assert_eq!(world.tell(&cancelled(&order, world.now())).await, Outcome::Done);
    let seen = world.service.get(&path, &world.vendor()).await;
    assert_eq!(
        (&seen.data(200)["status"], &seen.data(200)["failure_reason"]),
        (&json!("failed"), &json!("order cancelled: buyer_request"))
    );
    let again = world.service.put(&format!("{path}/status"), &world.vendor(), &json!({"status": "assigned"})).await;
    assert_eq!(again.code(409), "order_cancelled");
    // The other way round.
    let order = world.order(PaymentMethod::Online, "1000.00");
    assert_eq!(world.tell(&cancelled(&order, world.now())).await, Outcome::Done);
    assert_eq!(world.tell(&confirmed(&order, world.now())).await, Outcome::Stale);
    let none = world.service.get(&format!("/api/v1/deliveries/order/{}", order.order_id), &world.vendor()).await;
    assert_eq!(none.code(404), "not_found");
    assert_eq!(world.service.said_types().await, ["DeliveryCreated", "DeliveryFailed"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_and_an_admin_end_a_delivery_and_the_proofs_are_chained() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    world.service.said().await;
    let operations = world.staff(AdminRole::Operations);
    let approve = format!("{path}/approve-proof");
    assert_eq!(world.service.post(&approve, &operations, &json!({})).await.code(409), "no_photo");
    let mut files = Vec::new();
    for kind in ["signature", "photo"] {
        let media = world.file_of(world.vendor.user_id).await;
        let body = json!({"media_id": media, "proof_type": kind, "latitude": 17.44, "longitude": 78.37});
        world.service.post(&format!("{path}/upload-proof"), &world.vendor(), &body).await.fine(201);
        world.service.post(&format!("{path}/upload-proof"), &world.vendor(), &body).await.fine(201);
        files.push(media);
    }
    assert_eq!(world.service.post(&approve, &world.vendor(), &json!({})).await.code(403), "forbidden");
    let delivered = world.service.post(&approve, &operations, &json!({})).await;
    assert_eq!((&delivered.data(200)["status"], &delivered.data(200)["proven_by"]), (&json!("delivered"), &json!("photo")));
    world.service.post(&approve, &operations, &json!({})).await.fine(200);
    let whole = world.service.get(&path, &world.vendor()).await;
    let proofs = whole.data(200)["proofs"].as_array().unwrap();
    let kinds: Vec<&Value> = proofs.iter().map(|p| &p["proof_type"]).collect();
    assert_eq!(kinds, ["signature", "photo", "approval"]);
    assert_eq!(proofs[0]["prev_hash"], "00".repeat(32));
    for pair in proofs.windows(2) {
        assert_eq!(pair[1]["prev_hash"], pair[0]["hash"]);
    }
    assert_eq!(proofs[2]["place_source"], "delivery_address");
    let wanted = ["DeliveryProofAdded", "DeliveryProofAdded", "DeliveryDelivered", "AuditRecorded"];
    assert_eq!(world.service.said_types().await, wanted);
    let changed = sqlx::query("UPDATE delivery_proof SET latitude = 0").execute(&world.service.db.pool).await;
    assert!(changed.unwrap_err().to_string().contains("kept as they are"));
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_made_by_hand_from_what_the_order_service_says() {
    let world = World::selling().await;
    world.service.said().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    let mut summary = serde_json::to_value(&order).unwrap();
    for (field, value) in [
        ("status", "confirmed"),
        ("payment_status", "paid"),
        ("commission_rate", "10.00"),
        ("refunded", "0.00"),
        ("placed_at", "2026-11-16T04:00:00Z"),
    ] {
        summary[field] = value.into();
    }
    let known = format!("/internal/v1/orders/{}", order.order_id);
    world.service.neighbour("GET", &known, 200, summary.clone()).await;
    let address = serde_json::to_value(confirmed(&order, world.now()).delivery_address).unwrap();
    let body = json!({"order_id": order.order_id, "delivery_address": address});
    let operations = world.staff(AdminRole::Operations);
    let made = world.service.post("/api/v1/deliveries", &operations, &body).await;
    assert_eq!(made.data(201)["vendor_id"], json!(world.vendor.vendor_id));
    assert_eq!(world.service.post("/api/v1/deliveries", &operations, &body).await.data(200)["id"], made.data(201)["id"]);
    assert_eq!(world.service.post("/api/v1/deliveries", &world.vendor(), &body).await.code(403), "forbidden");
    world.unknown(&format!("/internal/v1/orders/{}", nobody().0)).await;
    let unknown = json!({"order_id": nobody().0, "delivery_address": address});
    assert_eq!(world.service.post("/api/v1/deliveries", &operations, &unknown).await.code(404), "not_found");
    summary["status"] = "pending".into();
    let early = world.order(PaymentMethod::Online, "1000.00");
    summary["order_id"] = json!(early.order_id);
    let answer = ResponseTemplate::new(200).set_body_json(json!({"data": summary}));
    let mock = Mock::given(method("GET")).and(at_path(format!("/internal/v1/orders/{}", early.order_id))).respond_with(answer);
    mock.mount(&world.service.neighbours).await;
    let body = json!({"order_id": early.order_id, "delivery_address": address});
    assert_eq!(world.service.post("/api/v1/deliveries", &operations, &body).await.code(409), "order_not_ready");
    assert_eq!(world.service.said_types().await, ["DeliveryCreated"]);
    world.service.finish().await;
}
