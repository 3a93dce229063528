//! The worked cases of `tests/settlement_cases.json`: what happens, and what each settlement must say, to the paisa.

use std::collections::BTreeMap;

use domain::events::{CodCollected, DisputeRaised, DisputeResolved, OrderFacts};
use domain::{DisputeNumber, Money, PaymentMethod};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{World, completed, confirmed, money, onboarding, payment};

/// Each case in a service of its own, a few at a time.
async fn all(part: usize, of: usize) {
    let text = include_str!("../settlement_cases.json");
    let document: Value = serde_json::from_str(text).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 30);
    for case in cases.iter().skip(part).step_by(of) {
        Box::pin(one(case)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_cases_hold_to_the_paisa_first_third() {
    Box::pin(all(0, 3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_cases_hold_to_the_paisa_second_third() {
    Box::pin(all(1, 3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_cases_hold_to_the_paisa_last_third() {
    Box::pin(all(2, 3)).await;
}

struct Case<'a> {
    name: &'a str,
    world: World,
    orders: BTreeMap<String, OrderFacts>,
}

async fn one(case: &Value) {
    let mut settings = Vec::new();
    for (switch, on) in case["deductions"].as_object().unwrap() {
        settings.extend([format!("--settlement-deduct-{}", switch.replace('_', "-")), on.to_string()]);
    }
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let world = World::with(&settings).await;
    let mut body = onboarding();
    body["gst_scheme"] = case["gst_scheme"].clone();
    if case["gst_scheme"] == "unregistered" {
        body["gstin"] = Value::Null;
    }
    let onboarded = world.service.post("/api/v1/vendors/onboard", &world.vendor(), &body).await;
    assert_eq!(onboarded.status, 200, "{}", onboarded.body);
    let mut case_at = Case { name: case["name"].as_str().unwrap(), world, orders: BTreeMap::new() };
    for step in case["steps"].as_array().unwrap() {
        let (what, with) = step.as_object().unwrap().iter().next().unwrap();
        match what.as_str() {
            "order" => case_at.order(with).await,
            "refund" => {
                let order = &case_at.orders[text(&with["order"])];
                case_at.world.refund(order, text(&with["amount"]), text(&with["refunded_total"])).await;
            }
            "dispute" | "resolve" => case_at.dispute(text(with), what == "resolve").await,
            _ => case_at.settle(with).await,
        }
    }
    case_at.world.service.said().await;
    case_at.world.service.finish().await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Case<'_> {
    async fn order(&mut self, with: &Value) {
        let method = text(&with["payment_method"]).parse::<PaymentMethod>().unwrap();
        let order = self.world.order(method, text(&with["total"]));
        let mut placed = confirmed(&order, self.world.now());
        placed.delivery_address.state_code = text(&with["to_state"]).parse().unwrap();
        self.world.tell(&placed).await;
        if method == PaymentMethod::Cod {
            self.world.tell(&CodCollected { payment: payment(&order), collected_at: self.world.now() }).await;
        }
        let mut event = completed(&order, text(&with["completed_at"]));
        event.tax = money(text(&with["tax"]));
        event.subtotal = event.order.total.checked_sub(event.tax).unwrap();
        event.commission_rate = text(&with["commission_rate"]).parse().unwrap();
        self.world.tell(&event).await;
        self.orders.insert(text(&with["id"]).to_owned(), order);
    }

    async fn dispute(&self, id: &str, over: bool) {
        let order = &self.orders[id];
        let (dispute_id, dispute_number) = (Uuid::from_u128(7).into(), DisputeNumber::from_sequence(1));
        let (order_number, buyer_user_id) = (order.order_number.clone(), order.buyer_user_id);
        if over {
            let event = DisputeResolved {
                dispute_id,
                dispute_number,
                order_id: order.order_id,
                order_number,
                buyer_user_id,
                vendor_id: order.vendor_id,
                resolution: "refund_partial".into(),
                refund_amount: None,
            };
            self.world.tell(&event).await;
        } else {
            let event = DisputeRaised {
                dispute_id,
                dispute_number,
                order_id: order.order_id,
                order_number,
                buyer_user_id,
                vendor_id: order.vendor_id,
                raised_by: buyer_user_id,
                dispute_type: "quality".into(),
            };
            self.world.tell(&event).await;
        }
    }

    /// What the settlement says, and what earnings said and say.
    async fn settle(&self, with: &Value) {
        let expected = &with["expect"];
        let before = self.earnings().await;
        let made = self.world.settle(text(&with["start"]), text(&with["end"])).await;
        let after = self.earnings().await;
        assert_eq!(before["due"], after["due"], "{}: settling changes nothing of what is due", self.name);
        for same in ["gross", "commission", "deductions", "orders_completed", "on_hold"] {
            assert_eq!(before[same], after[same], "{}: {same}", self.name);
        }
        let Some(made) = made else {
            assert!(expected.is_null(), "{}: no settlement was made", self.name);
            return;
        };
        assert!(!expected.is_null(), "{}: a settlement of nothing", self.name);
        for (sum, amount) in expected["sums"].as_object().unwrap() {
            assert_eq!(&made[sum.as_str()], amount, "{}: {sum}", self.name);
        }
        let path = format!("/api/v1/settlements/{}", text(&made["id"]));
        let whole = self.world.service.get(&path, &self.world.vendor()).await;
        let whole = whole.data(200);
        for (ours, theirs) in [("lines", "lines"), ("adjustments", "adjustment_lines"), ("deductions", "deduction_lines")] {
            assert_eq!(self.wanted(&expected[ours]), self.told(&whole[theirs], &expected[ours]), "{}: {ours}", self.name);
        }
        self.pay(&path, &made).await;
    }

    /// Pays it out, or closes it: what was due went into what was paid.
    async fn pay(&self, path: &str, made: &Value) {
        let before = self.earnings().await;
        let finance = self.world.staff(domain::AdminRole::Finance);
        let approved = self.world.service.put(&format!("{path}/approve"), &finance, &json!({})).await;
        if approved.data(200)["status"] != "closed" {
            let other = self.world.staff(domain::AdminRole::Finance);
            let paid = json!({"payment_reference": "UTR1"});
            let paid = self.world.service.put(&format!("{path}/mark-paid"), &other, &paid).await;
            assert_eq!(paid.data(200)["status"], "paid");
        }
        let after = self.earnings().await;
        let sum = |of: &Value| Money::total([money(text(&of["due"])), money(text(&of["paid_out"]))]).unwrap();
        assert_eq!(sum(&before), sum(&after), "{}: paid out and due", self.name);
        let payout = money(text(&made["payout_amount"])).max(Money::ZERO);
        let paid = |of: &Value| money(text(&of["paid_out"]));
        assert_eq!(paid(&after), paid(&before).checked_add(payout).unwrap(), "{}: paid out", self.name);
    }

    async fn earnings(&self) -> Value {
        let path = format!("/api/v1/earnings/vendor/{}", self.world.vendor.vendor_id);
        self.world.service.get(&path, &self.world.vendor()).await.data(200).clone()
    }

    fn wanted(&self, lines: &Value) -> Vec<String> {
        let mut lines: Vec<String> = lines.as_array().unwrap().iter().map(ToString::to_string).collect();
        lines.sort();
        lines
    }

    /// The answer's lines, with the fields and names of the case.
    fn told(&self, lines: &Value, like: &Value) -> Vec<String> {
        let fields: Vec<String> = match like.as_array().unwrap().first() {
            Some(first) => first.as_object().unwrap().keys().cloned().collect(),
            None => Vec::new(),
        };
        let mut told: Vec<String> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let named = fields.iter().map(|field| (field.clone(), self.field(line, field)));
                Value::Object(named.collect()).to_string()
            })
            .collect();
        told.sort();
        told
    }

    fn field(&self, line: &Value, field: &str) -> Value {
        match field {
            "order" => {
                let id = &line["order_id"];
                let name = self.orders.iter().find(|(_, order)| json!(order.order_id) == *id).map(|(name, _)| name.clone());
                json!(name)
            }
            "source" => line["source_settlement_number"].clone(),
            other => line[other].clone(),
        }
    }
}
