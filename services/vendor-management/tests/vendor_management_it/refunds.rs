//! Refunds before, after and during settlement (rules 33 and 34).

use bus::Outcome;
use domain::{Money, PaymentMethod, ServiceName};
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, completed, refund};

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_before_settlement_lowers_the_line_also_when_it_is_told_before_the_completion() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    assert_eq!(world.refund(&order, "400.00", "400.00").await, Outcome::Done);
    world.complete(&order, "2026-11-10T06:00:00Z").await;
    let settlement = world.settle("2026-11-09", "2026-11-15").await.unwrap();
    assert_eq!(settlement["gross_revenue"], "600.00");
    assert_eq!(settlement["payout_amount"], "540.00");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_after_settlement_come_back_less_their_commission_and_the_last_returns_what_is_left() {
    let world = World::selling().await;
    // 100.05 at 10 % took 10.01.
    let order = world.order(PaymentMethod::Online, "100.05");
    world.complete(&order, "2026-11-10T06:00:00Z").await;
    assert_eq!(world.settle("2026-11-09", "2026-11-11").await.unwrap()["commission_amount"], "10.01");
    let id = Uuid::from_u128(0xf1);
    let first = world.service.envelope(ServiceName::Payment, &refund(&order, id, "50.03", "50.03"));
    assert_eq!(world.service.deliver_envelope(first.clone()).await, Outcome::Done);
    assert_eq!(world.service.deliver_envelope(first).await, Outcome::Duplicate);
    // The same refund as another event changes nothing either.
    world.tell(&refund(&order, id, "50.03", "50.03")).await;
    let other = world.order(PaymentMethod::Online, "1000.00");
    world.complete(&other, "2026-11-12T06:00:00Z").await;
    let second = world.settle("2026-11-12", "2026-11-12").await.unwrap();
    assert_eq!(second["adjustments"], "-45.03");
    assert_eq!(second["commission_returned"], "5.00");
    assert_eq!(second["payout_amount"], "854.97");
    world.refund(&order, "50.02", "100.05").await;
    // Without orders the adjustment alone makes a settlement: -50.02 + 5.01.
    let third = world.settle("2026-11-13", "2026-11-13").await.unwrap();
    assert_eq!(
        (&third["total_orders"], &third["adjustments"], &third["payout_amount"]),
        (&json!(0), &json!("-45.01"), &json!("-45.01"))
    );
    assert_eq!(third["commission_returned"], "5.01");
    let earnings = world.service.get(&format!("/api/v1/earnings/vendor/{}", world.vendor.vendor_id), &world.vendor()).await;
    assert_eq!(earnings.data(200)["gross"], "1000.00");
    assert_eq!(earnings.data(200)["commission"], "100.00");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_completion_told_of_is_not_taken_twice() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    let mut event = completed(&order, "2026-11-10T06:00:00Z");
    event.refunded = "250.00".parse::<Money>().unwrap();
    world.tell(&event).await;
    assert_eq!(world.settle("2026-11-09", "2026-11-11").await.unwrap()["gross_revenue"], "750.00");
    // Its own event comes late.
    assert_eq!(world.refund(&order, "250.00", "250.00").await, Outcome::Done);
    assert_eq!(world.settle("2026-11-12", "2026-11-15").await, None);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_during_settlement_is_in_the_line_or_in_an_adjustment_but_never_in_both() {
    let world = World::selling().await;
    let orders: Vec<_> = (0..12).map(|_| world.order(PaymentMethod::Online, "1000.00")).collect();
    for order in &orders {
        world.complete(order, "2026-11-10T06:00:00Z").await;
    }
    let refunds = futures::future::join_all(orders.iter().map(|order| world.refund(order, "100.00", "100.00")));
    let (outcomes, first) = futures::future::join(refunds, world.settle("2026-11-09", "2026-11-11")).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));
    let paise = |value: &serde_json::Value| value["payout_amount"].as_str().unwrap().parse::<Money>().unwrap().paise();
    let second = world.settle("2026-11-12", "2026-11-15").await;
    let total = paise(&first.unwrap()) + second.as_ref().map_or(0, paise);
    assert_eq!(total, 12 * 81_000);
    world.service.said().await;
    world.service.finish().await;
}
