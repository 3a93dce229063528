//! Finance decides on money that is not what an order waits for.

use domain::AdminRole;
use serde_json::{Value, json};
use testkit::Answer;

use crate::support::{World, count, text, world};

impl World {
    /// Money of another amount than is due: the payment, and the gateway's payment.
    async fn held(&self, rupees: i32, paise: i64) -> (String, String) {
        let (id, gateway_order) = self.opened(&self.terms(rupees)).await;
        let paid = self.pay(&gateway_order, json!({"amount": paise})).await;
        assert_eq!(self.verify(&paid, &self.buyer.token).await.code(409), "payment_quarantined");
        (id, text(&paid["razorpay_payment_id"]))
    }

    pub(crate) async fn decide(&self, gateway_payment: &str, decision: &str, token: &str) -> Answer {
        let path = format!("/api/v1/payments/quarantine/{gateway_payment}/{decision}");
        self.post(&path, token, &json!({"notes": "talked to the buyer"})).await
    }

    async fn listed(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/payments/quarantine{query}"), &self.finance.token).await;
        answer.data(200).as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn held_money_goes_back_whole_once() {
    let w = world().await;
    let (id, theirs) = w.held(11_800, 1_000_000).await;
    assert_eq!(w.balance("quarantine").await, -1_000_000);
    let listed = w.listed("?resolved=false").await;
    assert_eq!((listed.len(), listed[0]["amount"].as_str(), listed[0]["due"].as_str()), (1, Some("10000.00"), Some("11800.00")));
    let answers = futures::future::join_all((0..5).map(|_| w.decide(&theirs, "refund", &w.finance.token))).await;
    for answer in &answers {
        assert_eq!(answer.data(200)["resolution"], "refunded");
    }
    w.refunds_done(&id).await;
    let at_gateway = w.gateway_refunds(&theirs).await;
    assert_eq!((at_gateway.len(), at_gateway[0]["amount"].as_i64()), (1, Some(1_000_000)));
    assert_eq!((w.balance("quarantine").await, w.balance("refunds").await, w.balance(&w.payable()).await), (0, 0, 0));
    assert_eq!(w.decide(&theirs, "release", &w.finance.token).await.code(409), "held_money");
    assert!(w.listed("?resolved=false").await.is_empty());
    let payment = w.payment(&id).await;
    assert_eq!(payment["status"], "pending");
    assert!(payment.get("quarantine").is_none(), "nothing is held any more: {payment}");
    let said = w.said_types().await;
    assert_eq!((count(&said, "AuditRecorded"), count(&said, "PaymentQuarantined")), (1, 1));
    w.service.finish().await;
}

#[tokio::test]
async fn money_that_is_enough_may_be_taken_for_the_order_and_what_is_over_goes_back() {
    let w = world().await;
    let (id, theirs) = w.held(11_800, 1_200_000).await;
    assert_eq!(w.decide(&theirs, "release", &w.finance.token).await.data(200)["resolution"], "released");
    assert_eq!(w.payment(&id).await["status"], "captured");
    let refunds = w.refunds_done(&id).await;
    assert_eq!((refunds["refunds"][0]["amount"].as_str(), refunds["refundable"].as_str()), (Some("200.00"), Some("11800.00")));
    assert_eq!(w.balance(&w.payable()).await, -1_180_000);
    assert_eq!((w.balance("quarantine").await, w.balance("refunds").await), (0, 0));
    // The webhook that tells of it once more changes nothing.
    w.payment_webhook("evt_again", "payment.captured", &w.entity(&theirs).await).await;
    w.run_due_jobs().await;
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
    w.service.finish().await;
}

#[tokio::test]
async fn money_is_not_taken_for_an_order_that_it_does_not_pay() {
    let w = world().await;
    let (_, less) = w.held(11_800, 1_179_900).await;
    assert_eq!(w.decide(&less, "release", &w.finance.token).await.code(409), "held_money");
    let terms = w.terms(500);
    let (_, gateway_order) = w.opened(&terms).await;
    let paid = w.pay(&gateway_order, json!({"amount": 60_000})).await;
    assert_eq!(w.verify(&paid, &w.buyer.token).await.code(409), "payment_quarantined");
    w.cancelled(&terms).await;
    let theirs = text(&paid["razorpay_payment_id"]);
    assert_eq!(w.decide(&theirs, "release", &w.finance.token).await.code(409), "order_cancelled");
    let _ = w.decide(&theirs, "refund", &w.finance.token).await.data(200);
    assert_eq!(w.decide("pay_00000000000000", "refund", &w.finance.token).await.status, 404);
    for token in [&w.buyer.token, &w.vendor.token, &w.people.admin(AdminRole::Support).token] {
        assert_eq!(w.decide(&less, "refund", token).await.status, 403);
        assert_eq!(w.get("/api/v1/payments/quarantine", token).await.status, 403);
    }
    w.run_due_jobs().await;
    w.said().await;
    w.service.finish().await;
}
