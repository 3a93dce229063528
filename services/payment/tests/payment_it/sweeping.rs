//! Asking the gateway by ourselves.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{count, world};

#[tokio::test]
async fn a_payment_whose_webhook_never_came_is_found_by_asking() {
    let w = world().await;
    let (id, gateway_order) = w.opened(&w.terms(11_800)).await;
    w.pay(&gateway_order, json!({})).await;
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.payment(&id).await["status"], "pending", "a payment just opened is left alone");
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    assert_eq!(w.payment(&id).await["status"], "captured");
    assert_eq!(w.said_types().await, ["PaymentOpened", "PaymentCaptured"]);
    w.service.finish().await;
}

#[tokio::test]
async fn the_gateway_is_asked_less_and_less_and_not_after_a_day() {
    let w = world().await;
    w.opened(&w.terms(11_800)).await;
    let mut asked_at = Vec::new();
    let mut asked = 0;
    for minute in 1..=(25 * 60) {
        w.clock.advance(TimeDelta::minutes(1));
        if minute % 5 != 0 && minute > 30 {
            continue;
        }
        payment::sweep_now(&w.app).await.unwrap();
        let (_, calls) = w.sandbox(reqwest::Method::GET, "/_sandbox/calls", &json!({})).await;
        let now = calls["data"]["razorpay.order_payments"].as_u64().unwrap_or(0);
        if now > asked {
            asked = now;
            asked_at.push(minute);
        }
    }
    assert_eq!(asked_at[0], 1);
    assert!(asked_at.len() < 70, "asked {} times", asked_at.len());
    assert!(asked_at.iter().filter(|minute| **minute <= 30).count() >= 10);
    assert!(*asked_at.last().unwrap() < 24 * 60);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_late_capture_found_by_asking_goes_back_when_the_order_was_cancelled() {
    let w = world().await;
    let terms = w.terms(11_800);
    let (id, gateway_order) = w.opened(&terms).await;
    w.cancelled(&terms).await;
    w.pay(&gateway_order, json!({})).await;
    w.clock.advance(TimeDelta::seconds(61));
    payment::sweep_now(&w.app).await.unwrap();
    let refunds = w.refunds_done(&id).await;
    assert_eq!(refunds["payment_status"], "refunded");
    let said = w.said_types().await;
    assert_eq!((count(&said, "PaymentCaptured"), count(&said, "RefundProcessed")), (1, 1));
    w.service.finish().await;
}

#[tokio::test]
async fn two_sweepers_at_once_do_not_do_it_twice() {
    let w = world().await;
    let (_, gateway_order) = w.opened(&w.terms(11_800)).await;
    w.pay(&gateway_order, json!({})).await;
    w.clock.advance(TimeDelta::seconds(61));
    let (a, b) = tokio::join!(payment::sweep_now(&w.app), payment::sweep_now(&w.app));
    a.unwrap();
    b.unwrap();
    assert_eq!(count(&w.said_types().await, "PaymentCaptured"), 1);
    w.service.finish().await;
}
