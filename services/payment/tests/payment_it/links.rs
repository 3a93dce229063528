//! Paying by a link.

use chrono::TimeDelta;
use clients::payment::OpenPaymentIn;
use domain::{AdminRole, ServiceName};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{World, count, text, world_of_today};

impl World {
    async fn send_link(&self, terms: &OpenPaymentIn) -> Answer {
        for channel in ["sms", "whatsapp"] {
            self.neighbour("POST", &format!("/api/v1/notifications/{channel}"), 202, json!({"notification_ids": []})).await;
        }
        let path = format!("/internal/v1/payments/order/{}/payment-link", terms.order_id);
        self.post(&path, &self.service_token(ServiceName::Integration), &json!({})).await
    }

    async fn link(&self, id: &Value) -> Value {
        self.sandbox(Method::GET, &format!("/razorpay/v1/payment_links/{}", text(id)), &Value::Null).await.1
    }

    /// Pays a link as the buyer would on the gateway's page.
    async fn pay_link(&self, id: &Value) -> Value {
        let order = text(&self.link(id).await["order_id"]);
        self.pay(&order, json!({})).await
    }
}

#[tokio::test]
async fn a_link_is_made_once_sent_and_its_money_counts_like_any_other() {
    let w = world_of_today().await;
    let terms = w.terms(11_800);
    let (id, _) = w.opened(&terms).await;
    let first = w.send_link(&terms).await;
    let link = first.data(200).clone();
    assert!(link["url"].as_str().unwrap().starts_with("https://"), "{link}");
    assert_eq!((link["amount"].as_str(), link["payment_id"].as_str()), (Some("11800.00"), Some(id.as_str())));
    assert_eq!(w.send_link(&terms).await.data(200)["link_id"], link["link_id"], "again, the same");
    let paid = w.pay_link(&link["link_id"]).await;
    let theirs = w.link(&link["link_id"]).await;
    assert_eq!(theirs["status"], "paid");
    let entity = w.entity(paid["razorpay_payment_id"].as_str().unwrap()).await;
    // As the gateway has it: the order's id without its prefix.
    let bare = text(&theirs["order_id"]).trim_start_matches("order_").to_owned();
    let event = json!({"entity": "event", "event": "payment_link.paid", "contains": ["payment_link", "order", "payment"],
        "payload": {"payment_link": {"entity": theirs}, "order": {"entity": {"id": bare}}, "payment": {"entity": entity}},
        "created_at": 1_767_225_600});
    for event_id in ["evt_link_1", "evt_link_2"] {
        let _ = w.webhook(event_id, &event).await.data(200);
    }
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    assert_eq!(w.send_link(&terms).await.code(409), "payment_under_way");
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn a_link_that_was_paid_without_a_webhook_is_found_by_asking() {
    let w = world_of_today().await;
    let terms = w.terms(11_800);
    let (id, _) = w.opened(&terms).await;
    let link = w.send_link(&terms).await.data(200)["link_id"].clone();
    w.pay_link(&link).await;
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.payment(&id).await["status"], "captured");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn paying_in_the_app_as_well_gives_the_second_money_back() {
    let w = world_of_today().await;
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    let link = w.send_link(&terms).await.data(200)["link_id"].clone();
    let by_link = w.pay_link(&link).await;
    let in_app = w.pay(&gateway_order, json!({})).await;
    assert_eq!(w.verify(&in_app, &w.buyer.token).await.data(200)["status"], "captured");
    let entity = w.entity(by_link["razorpay_payment_id"].as_str().unwrap()).await;
    let event = json!({"entity": "event", "event": "payment_link.paid", "contains": ["payment_link", "payment"],
        "payload": {"payment_link": {"entity": w.link(&link).await}, "payment": {"entity": entity}}, "created_at": 1_767_225_600});
    let _ = w.webhook("evt_link", &event).await.data(200);
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["refunds"][0]["reason"], "duplicate_payment", "{refunds}");
    assert_eq!(w.gateway_refunds(by_link["razorpay_payment_id"].as_str().unwrap()).await.len(), 1);
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_link_of_an_edited_or_ended_order_is_taken_back_and_its_money_goes_back() {
    let w = world_of_today().await;
    let terms = w.terms(11_800);
    let (id, _) = w.opened(&terms).await;
    let old = w.send_link(&terms).await.data(200)["link_id"].clone();
    w.pay_link(&old).await;
    // Looking first finds the money: the amount stays. Another order, edited before anybody pays its link:
    assert_eq!(w.replace(terms.order_id, 9_440, 1).await.code(409), "payment_under_way");
    assert_eq!(w.payment(&id).await["status"], "captured");
    let edited = w.terms(5_000);
    w.opened(&edited).await;
    let old = w.send_link(&edited).await.data(200)["link_id"].clone();
    let _ = w.replace(edited.order_id, 4_000, 1).await.data(200);
    let new = w.send_link(&edited).await.data(200).clone();
    assert_ne!(new["link_id"], old);
    assert_eq!(new["amount"], "4000.00");
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.link(&old).await["status"], "cancelled");
    w.cancelled(&edited).await;
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.link(&new["link_id"]).await["status"], "cancelled");
    assert_eq!(w.send_link(&edited).await.code(409), "order_cancelled");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_link_that_the_gateway_was_not_reached_about_is_taken_back_later() {
    let w = world_of_today().await;
    let terms = w.terms(5_000);
    w.opened(&terms).await;
    let link = w.send_link(&terms).await.data(200)["link_id"].clone();
    w.cancelled(&terms).await;
    w.fault(json!({"system": "razorpay", "operation": "cancel_payment_link", "kind": "status", "value": 503, "count": 1})).await;
    payment::sweep_now(&w.app).await.unwrap();
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.link(&link).await["status"], "created", "it failed, and is not tried again at once");
    let tries = async || {
        let (_, calls) = w.sandbox(Method::GET, "/_sandbox/calls", &Value::Null).await;
        calls["data"]["razorpay.cancel_payment_link"].as_u64().unwrap_or(0)
    };
    assert_eq!(tries().await, 1);
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.link(&link).await["status"], "cancelled");
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(tries().await, 2, "done is done");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_time_out_after_the_gateway_made_the_link_does_not_make_another() {
    let w = world_of_today().await;
    let terms = w.terms(11_800);
    w.opened(&terms).await;
    w.fault(json!({"system": "razorpay", "operation": "create_payment_link", "kind": "timeout_after_effect", "count": 1})).await;
    let link = w.send_link(&terms).await.data(200)["link_id"].clone();
    let (_, all) = w.sandbox(Method::GET, "/razorpay/v1/payment_links", &Value::Null).await;
    assert_eq!(all["payment_links"].as_array().unwrap().len(), 1, "{all}");
    assert_eq!(all["payment_links"][0]["id"], link);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn staff_sends_links_and_nobody_else() {
    let w = world_of_today().await;
    let (id, _) = w.opened(&w.terms(100)).await;
    let path = format!("/api/v1/payments/{id}/payment-link");
    for token in [&w.buyer.token, &w.vendor.token, &w.people.admin(AdminRole::Operations).token] {
        assert_eq!(w.post(&path, token, &json!({})).await.status, 403);
    }
    let _ = w.post(&path, &w.people.admin(AdminRole::Support).token, &json!({})).await.data(200);
    let cash = w.terms(100);
    let _ = w.open_cod(&cash).await.data(201);
    assert_eq!(w.send_link(&cash).await.code(409), "not_online");
    assert_eq!(count(&w.said_types().await, "AuditRecorded"), 1);
    w.service.finish().await;
}
