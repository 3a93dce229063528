//! An order's items are edited before it is paid.

use domain::{Money, OrderId, ServiceName};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{World, count, new_id, text, world};

impl World {
    pub(crate) async fn replace(&self, order: OrderId, rupees: i32, revision: i64) -> Answer {
        let body = json!({"amount": Money::from_rupees(rupees), "revision": revision});
        let path = format!("/internal/v1/payments/order/{order}/replace");
        self.post(&path, &self.service_token(ServiceName::Order), &body).await
    }

    /// Replaced: the gateway's order that is to be paid now.
    async fn replaced(&self, order: OrderId, rupees: i32, revision: i64) -> String {
        let answer = self.replace(order, rupees, revision).await;
        let data = answer.data(200);
        assert_eq!(data["gateway"]["amount_paise"], i64::from(rupees) * 100, "{data}");
        text(&data["gateway"]["razorpay_order_id"])
    }

    async fn orders_with(&self, receipt: &str) -> usize {
        let path = format!("/razorpay/v1/orders?receipt={receipt}");
        self.sandbox(Method::GET, &path, &Value::Null).await.1["items"].as_array().unwrap().len()
    }

    /// A gateway's payment went back whole, once, and never was the order's.
    pub(crate) async fn went_back(&self, id: &str, gateway_payment: &str, paise: i64) {
        let refunds = self.refunds_done(id).await;
        let all = refunds["refunds"].as_array().unwrap();
        let of_it: Vec<_> = all.iter().filter(|refund| refund["reason"] == "retired_order").collect();
        assert_eq!(of_it.len(), 1, "{refunds}");
        assert_eq!(of_it[0]["status"], "processed");
        assert_eq!(refunds["refund_requested"], "0.00", "it is not counted as the order's");
        let at_gateway = self.gateway_refunds(gateway_payment).await;
        assert_eq!(at_gateway.len(), 1);
        assert_eq!(at_gateway[0]["amount"], paise);
        assert_eq!(self.balance("refunds").await, 0);
    }
}

#[tokio::test]
async fn an_edited_order_is_paid_by_its_new_amount() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, old) = w.opened(&terms).await;
    let new = w.replaced(terms.order_id, 9_440, 1).await;
    assert_ne!(old, new);
    assert_eq!(w.payment(&id).await["amount"], "9440.00");
    let paid = w.pay(&new, json!({})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
    assert_eq!(w.balance(&w.payable()).await, -944_000);
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"], "opened once");
    w.service.finish().await;
}

#[tokio::test]
async fn the_same_edit_again_or_an_older_one_changes_nothing() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, _) = w.opened(&terms).await;
    let newest = w.replaced(terms.order_id, 5_000, 3).await;
    assert_eq!(w.replaced(terms.order_id, 5_000, 3).await, newest, "again");
    let older = w.replace(terms.order_id, 7_000, 2).await;
    assert_eq!(older.data(200)["gateway"]["razorpay_order_id"], newest, "an older one answers the newest");
    assert_eq!(older.data(200)["gateway"]["amount_paise"], 500_000);
    assert_eq!(w.replace(terms.order_id, 5_001, 3).await.code(409), "payment_differs");
    assert_eq!(w.payment(&id).await["amount"], "5000.00");
    let simple = terms.order_id.as_uuid().simple();
    assert_eq!((w.orders_with(&format!("{simple}-3")).await, w.orders_with(&format!("{simple}-2")).await), (1, 0));
    let paid = w.pay(&newest, json!({})).await;
    let _ = w.verify(&paid, &w.buyer.token).await.data(200);
    assert_eq!(w.replaced(terms.order_id, 5_000, 3).await, newest, "again, after it was paid");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn edits_that_come_at_once_and_in_any_order_end_in_the_newest() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "latency", "value": 60})).await;
    let terms = w.terms(11_800);
    let (id, _) = w.opened(&terms).await;
    let order = terms.order_id;
    let asked = [3, 1, 5, 2, 5, 4, 1, 3].map(|revision| w.replace(order, 1_000 * i32::try_from(revision).unwrap(), revision));
    for answer in futures::future::join_all(asked).await {
        assert!(matches!(answer.status, 200 | 409), "{}", answer.body);
    }
    let newest = w.replaced(order, 5_000, 5).await;
    assert_eq!(w.payment(&id).await["amount"], "5000.00");
    for revision in 1..=5 {
        let receipt = format!("{}-{revision}", order.as_uuid().simple());
        assert!(w.orders_with(&receipt).await <= 1, "two orders of one edit");
    }
    let paid = w.pay(&newest, json!({})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured");
    assert_eq!(count(&w.said_types().await, "PaymentOpened"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn money_on_the_old_order_goes_back_whole_however_we_hear_of_it() {
    let w = world().await;
    for way in ["webhook", "verify", "sweeper"] {
        let terms = w.terms(11_800);
        let (id, old) = w.opened(&terms).await;
        let new = w.replaced(terms.order_id, 9_440, 1).await;
        let paid = w.pay(&old, json!({})).await;
        let gateway_payment = text(&paid["razorpay_payment_id"]);
        let before = w.balance(&w.payable()).await;
        match way {
            "webhook" => {
                for event in ["evt_1", "evt_2"] {
                    let event = format!("{event}_{}", terms.order_id);
                    w.payment_webhook(&event, "payment.captured", &w.entity(&gateway_payment).await).await;
                }
                w.run_due_jobs().await;
            }
            "verify" => {
                assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_replaced");
                assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_replaced");
            }
            _ => {
                w.clock.advance(chrono::TimeDelta::seconds(61));
                payment::sweep_now(&w.app).await.unwrap();
            }
        }
        assert_eq!(w.payment(&id).await["status"], "pending", "{way}: it never counts for the new amount");
        w.went_back(&id, &gateway_payment, 1_180_000).await;
        assert_eq!(w.balance(&w.payable()).await, before, "{way}: nobody is owed anything for it");
        let paid = w.pay(&new, json!({})).await;
        assert_eq!(w.verify(&paid, &w.buyer.token).await.data(200)["status"], "captured", "{way}");
        assert_eq!(w.refunds(&id).await["refundable"], "9440.00");
    }
    let said = w.said_types().await;
    assert_eq!((count(&said, "PaymentCaptured"), count(&said, "RefundProcessed")), (3, 0), "the order hears nothing of it");
    w.service.finish().await;
}

#[tokio::test]
async fn what_was_paid_without_our_knowing_keeps_its_amount() {
    let w = world().await;
    for outcome in ["captured", "authorized"] {
        let terms = w.terms(11_800);
        let (id, old) = w.opened(&terms).await;
        w.pay(&old, json!({"outcome": outcome})).await;
        assert_eq!(w.replace(terms.order_id, 9_440, 1).await.code(409), "payment_under_way", "{outcome}");
        let payment = w.payment(&id).await;
        assert_eq!((payment["status"].as_str().unwrap(), payment["amount"].as_str().unwrap()), ("captured", "11800.00"));
    }
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_time_out_after_the_gateway_made_the_new_order_does_not_make_another() {
    let w = world().await;
    let terms = w.terms(11_800);
    w.opened(&terms).await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "timeout_after_effect", "count": 1})).await;
    let new = w.replaced(terms.order_id, 9_440, 1).await;
    assert_eq!(w.replaced(terms.order_id, 9_440, 1).await, new);
    assert_eq!(w.orders_with(&format!("{}-1", terms.order_id.as_uuid().simple())).await, 1);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_gateway_that_is_away_leaves_the_new_amount_due_and_the_old_order_retired() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, old) = w.opened(&terms).await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "status", "value": 503, "count": 1})).await;
    assert_eq!(w.replace(terms.order_id, 9_440, 1).await.code(503), "gateway_unavailable");
    assert_eq!(w.payment(&id).await["amount"], "9440.00");
    assert_ne!(w.replaced(terms.order_id, 9_440, 1).await, old);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn an_opening_that_is_still_at_the_gateway_is_retired_as_well() {
    let w = world().await;
    w.fault(json!({"system": "razorpay", "operation": "create_order", "kind": "latency", "value": 500, "count": 1})).await;
    let terms = w.terms(11_800);
    let edit = async {
        loop {
            let answer = w.replace(terms.order_id, 9_440, 1).await;
            if answer.status != 404 {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let (opened, replaced) = tokio::join!(w.open(&terms), edit);
    let newest = replaced.data(200)["gateway"]["razorpay_order_id"].clone();
    assert_eq!(opened.data(201)["gateway"]["razorpay_order_id"], newest, "nobody is handed the old one");
    let id = text(&opened.data(201)["payment_id"]);
    let path = format!("/razorpay/v1/orders?receipt={}", terms.order_id.as_uuid().simple());
    let old = text(&w.sandbox(Method::GET, &path, &Value::Null).await.1["items"][0]["id"]);
    assert_ne!(Value::from(old.clone()), newest);
    let paid = w.pay(&old, json!({})).await;
    let gateway_payment = text(&paid["razorpay_payment_id"]);
    w.payment_webhook("evt_old", "payment.captured", &w.entity(&gateway_payment).await).await;
    w.went_back(&id, &gateway_payment, 1_180_000).await;
    assert_eq!(count(&w.said_types().await, "PaymentOpened"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn the_amount_due_in_cash_changes_too() {
    let w = world().await;
    let terms = w.terms(11_800);
    let id = text(&w.open_cod(&terms).await.data(201)["payment_id"]);
    assert!(w.replace(terms.order_id, 9_440, 1).await.data(200).get("gateway").is_none());
    w.delivered(&terms).await;
    let path = format!("/api/v1/payments/cod/{id}/mark-collected");
    let collect = async |rupees: i32| w.put(&path, &w.vendor.token, &json!({"amount": Money::from_rupees(rupees)})).await;
    assert_eq!(collect(11_800).await.code(422), "amount_differs");
    assert_eq!(collect(9_440).await.data(200)["amount"], "9440.00");
    assert_eq!(w.replace(terms.order_id, 7_000, 2).await.code(409), "payment_under_way");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn only_an_open_payment_of_a_living_order_is_replaced_and_only_by_a_service() {
    let w = world().await;
    assert_eq!(w.replace(new_id(), 100, 1).await.status, 404);
    let terms = w.terms(11_800);
    w.opened(&terms).await;
    assert_eq!(w.replace(terms.order_id, 0, 1).await.status, 422);
    assert_eq!(w.replace(terms.order_id, 100, 0).await.status, 422);
    let body = json!({"amount": "1.00", "revision": 1});
    let path = format!("/internal/v1/payments/order/{}/replace", terms.order_id);
    assert_eq!(w.post(&path, &w.buyer.token, &body).await.status, 403);
    w.cancelled(&terms).await;
    assert_eq!(w.replace(terms.order_id, 9_440, 1).await.code(409), "order_cancelled");
    w.said().await;
    w.service.finish().await;
}
