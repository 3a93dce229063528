//! Disputes: who raises them, how they are decided, what is told.

use domain::events::RefundProcessed;
use domain::{AdminRole, Clock as _, Money, RefundId, ServiceName};
use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{Placed, World};

impl World {
    /// An order whose money is in and that was handed over.
    async fn completed(&self) -> Placed {
        let order = self.confirmed().await;
        self.service.deliver(ServiceName::VendorManagement, &self.delivered(&order)).await;
        order
    }

    async fn dispute(&self, order: &Placed, token: &str) -> Answer {
        let body = json!({"dispute_type": "quality", "description": "Half of the bags are wet"});
        self.service.post(&format!("/api/v1/orders/{}/disputes", order.id), token, &body).await
    }

    async fn decide(&self, dispute: &Value, body: &Value) -> Answer {
        let judge = self.service.people.admin(AdminRole::Operations);
        let path = format!("/api/v1/disputes/{}/resolve", dispute["id"].as_str().unwrap());
        self.service.put(&path, &judge.token, body).await
    }
}

#[tokio::test]
async fn a_party_disputes_what_was_delivered_and_one_dispute_is_open_at_a_time() {
    let world = World::new().await;
    let waiting = world.placed("cod").await;
    assert_eq!(world.dispute(&waiting, &world.buyer.token).await.code(409), "order_not_delivered");
    let order = world.completed().await;
    world.service.said().await;
    let raised = world.dispute(&order, &world.buyer.token).await;
    let dispute = raised.data(201);
    assert_eq!((&dispute["dispute_number"], &dispute["status"]), (&json!("DSP000001"), &json!("open")));
    assert_eq!(dispute["raised_against"], json!(world.vendor.user_id));
    let said = world.service.said().await;
    assert_eq!(said.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>(), ["DisputeRaised"]);
    assert_eq!(said[0].data["vendor_id"], json!(world.vendor.vendor_id));
    assert_eq!(world.dispute(&order, &world.vendor.token).await.code(409), "dispute_open");
    let timeline = world.service.get(&format!("/api/v1/orders/{}/timeline", order.id), &world.vendor.token).await;
    let last = timeline.data(200).as_array().unwrap().iter().any(|entry| entry["type"] == "DisputeRaised");
    assert!(last, "{}", timeline.body);
    world.finish().await;
}

#[tokio::test]
async fn many_who_dispute_one_order_at_once_raise_one_dispute() {
    let world = World::new().await;
    let order = world.completed().await;
    let tries = (0..8).map(|n| world.dispute(&order, if n % 2 == 0 { &world.buyer.token } else { &world.vendor.token }));
    let answers = futures::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 7);
    assert_eq!(world.count("SELECT count(*) FROM disputes").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_dispute_exists_only_for_its_parties_and_its_judges() {
    let world = World::new().await;
    let order = world.completed().await;
    let raised = world.dispute(&order, &world.vendor.token).await;
    let path = format!("/api/v1/disputes/{}", raised.data(201)["id"].as_str().unwrap());
    let of_order = format!("/api/v1/orders/{}/disputes", order.id);
    let support = world.service.people.admin(AdminRole::Support);
    for token in [&world.buyer.token, &world.vendor.token, &support.token] {
        assert_eq!(world.service.get(&path, token).await.data(200)["raised_by_kind"], "vendor");
        assert_eq!(world.service.get("/api/v1/disputes?status=open", token).await.data(200).as_array().unwrap().len(), 1);
        assert_eq!(world.service.get(&of_order, token).await.data(200).as_array().unwrap().len(), 1);
    }
    let (buyer, vendor) = (world.service.people.buyer(), world.service.people.vendor());
    for token in [&buyer.token, &vendor.token] {
        assert_eq!(world.service.get(&path, token).await.code(404), "not_found");
        assert_eq!(world.service.get(&of_order, token).await.code(404), "not_found");
        assert_eq!(world.dispute(&order, token).await.code(404), "not_found");
        assert_eq!(*world.service.get("/api/v1/disputes", token).await.data(200), json!([]));
    }
    let finance = world.service.people.admin(AdminRole::Finance);
    assert_eq!(world.service.get(&path, &finance.token).await.code(403), "forbidden");
    let decision = json!({"resolution": "rejected"});
    let by_party = world.service.put(&format!("{path}/resolve"), &world.buyer.token, &decision).await;
    assert_eq!(by_party.code(403), "forbidden");
    assert_eq!(world.dispute(&order, &support.token).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test]
async fn a_decision_says_what_goes_back_and_holds() {
    let world = World::new().await;
    let order = world.completed().await;
    let raised = world.dispute(&order, &world.buyer.token).await;
    let dispute = raised.data(201);
    for body in [
        json!({"resolution": "refund_partial"}),
        json!({"resolution": "rejected", "amount": "10.00"}),
        json!({"resolution": "refund_partial", "amount": "0.00"}),
        json!({"resolution": "refund_partial", "amount": order.total}),
    ] {
        assert_eq!(world.decide(dispute, &body).await.code(422), "validation_failed", "{body}");
    }
    world.service.said().await;
    let part = json!({"resolution": "refund_partial", "amount": "500.00", "notes": "A quarter was wet"});
    let decided = world.decide(dispute, &part).await;
    assert_eq!((&decided.data(200)["status"], &decided.data(200)["refund_amount"]), (&json!("resolved"), &json!("500.00")));
    let again = world.decide(dispute, &part).await;
    assert_eq!(again.data(200), decided.data(200));
    assert_eq!(world.decide(dispute, &json!({"resolution": "refund_full"})).await.code(409), "dispute_resolved");
    let said = world.service.said().await;
    assert_eq!(said.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>(), ["DisputeResolved", "AuditRecorded"]);
    assert_eq!((&said[0].data["resolution"], &said[0].data["refund_amount"]), (&json!("refund_partial"), &json!("500.00")));
    // The order can be disputed again; what went back meanwhile does not go back twice.
    let returned: Money = "500.00".parse().unwrap();
    let refund = RefundProcessed {
        payment: world.payment(&order),
        refund_id: RefundId::new(order.id.as_uuid()),
        refund_amount: returned,
        refunded_total: returned,
        processed_at: world.service.clock.now(),
    };
    world.service.deliver(ServiceName::Payment, &refund).await;
    let second = world.dispute(&order, &world.buyer.token).await;
    let full = world.decide(second.data(201), &json!({"resolution": "refund_full"})).await;
    let left = order.total.checked_sub(returned).unwrap();
    assert_eq!(full.data(200)["refund_amount"], json!(left));
    world.finish().await;
}

#[tokio::test]
async fn money_that_never_came_in_does_not_go_back() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let _ = world.confirm(&order).await.data(200);
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let raised = world.dispute(&order, &world.buyer.token).await;
    let dispute = raised.data(201);
    assert_eq!(world.decide(dispute, &json!({"resolution": "refund_full"})).await.code(409), "nothing_to_refund");
    let replaced = world.decide(dispute, &json!({"resolution": "replacement"})).await;
    assert_eq!(replaced.data(200)["refund_amount"], Value::Null);
    world.finish().await;
}
