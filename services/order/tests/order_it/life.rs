//! From the payment to the end, and everything that may come twice, late or in another order (rules 12, 13, 15, 17, 18).

use bus::Outcome;
use domain::events::{CodCollected, PaymentFailed, RefundProcessed};
use domain::{AdminRole, Clock as _, Money, ServiceName};
use serde_json::{Value, json};

use crate::support::{Placed, World};

fn refund(world: &World, order: &Placed, paise: i64) -> RefundProcessed {
    RefundProcessed {
        payment: world.payment(order),
        refund_id: order.id.as_uuid().into(),
        refund_amount: Money::from_paise(paise),
        refunded_total: Money::from_paise(paise),
        processed_at: world.service.clock.now(),
    }
}

#[tokio::test]
async fn an_online_order_goes_from_paid_to_completed_and_every_change_is_in_its_history() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.put(&format!("/api/v1/orders/{}/status", order.id), &world.vendor.token, &json!({"status": "preparing"})).await;
    world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&order)).await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let spoken = world.order(&order).await;
    let history = spoken["history"].as_array().unwrap();
    let statuses: Vec<&str> = history.iter().map(|entry| entry["new_status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["pending", "paid", "confirmed", "preparing", "in_transit", "delivered", "completed"]);
    let by = |at: usize| (history[at]["changed_by_kind"].as_str().unwrap(), history[at]["changed_via"].as_str().unwrap());
    assert_eq!(by(0), ("buyer", "mobile"));
    assert_eq!(by(1), ("system", "system"));
    assert_eq!(by(2), ("vendor", "whatsapp"));
    assert_eq!(history[2]["changed_by"], json!(world.vendor.user_id));
    assert_eq!(
        world.service.said_types().await,
        ["OrderPlaced", "OrderConfirmed", "OrderPreparing", "OrderInTransit", "OrderDelivered", "OrderCompleted"]
    );
    world.finish().await;
}

#[tokio::test]
async fn changes_at_the_same_moment_stand_in_the_order_in_which_they_were_made() {
    let world = World::new().await;
    let order = world.confirmed().await;
    // As somebody who looked at the clock first and then waited for the other.
    world.advance(-1);
    let preparing = json!({"status": "preparing"});
    let _ = world.service.put(&format!("/api/v1/orders/{}/status", order.id), &world.vendor.token, &preparing).await.data(200);
    let spoken = world.order(&order).await;
    let statuses: Vec<_> = spoken["history"].as_array().unwrap().iter().map(|entry| entry["new_status"].clone()).collect();
    assert_eq!(statuses, ["pending", "paid", "confirmed", "preparing"]);
    world.finish().await;
}

#[tokio::test]
async fn a_cash_order_completes_when_it_is_delivered_and_the_cash_is_collected_in_either_order() {
    for cash_first in [false, true] {
        let world = World::new().await;
        let order = world.placed("cod").await;
        let _ = world.confirm(&order).await.data(200);
        let cash = CodCollected { payment: world.payment(&order), collected_at: world.service.clock.now() };
        if cash_first {
            world.service.deliver(ServiceName::Payment, &cash).await;
            world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
        } else {
            world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
            assert_eq!(world.status(&order).await, "delivered");
            world.service.deliver(ServiceName::Payment, &cash).await;
        }
        let spoken = world.order(&order).await;
        assert_eq!((&spoken["status"], &spoken["payment_status"]), (&json!("completed"), &json!("paid")));
        let said = world.service.said().await;
        let completed = said.iter().find(|e| e.r#type == "OrderCompleted").unwrap();
        assert_eq!(completed.data["cod_collected"], "20270.00");
        assert_eq!(completed.data["commission_rate"], "5.00");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_part_refund_does_not_keep_an_order_from_completing() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::Payment, &refund(&world, &order, 10_000)).await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let spoken = world.order(&order).await;
    assert_eq!((&spoken["status"], &spoken["payment_status"]), (&json!("completed"), &json!("partially_refunded")));
    assert_eq!(spoken["refunded"], "100.00");
    world.finish().await;
}

#[tokio::test]
async fn the_same_event_twice_has_one_effect() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let envelope = world.service.envelope(ServiceName::Payment, &world.captured(&order));
    assert!(matches!(world.service.deliver_envelope(envelope.clone()).await, Outcome::Done));
    assert!(matches!(world.service.deliver_envelope(envelope).await, Outcome::Duplicate));
    // The webhook and the verify call may both say it, as two events.
    assert!(matches!(world.service.deliver(ServiceName::Payment, &world.captured(&order)).await, Outcome::Stale));
    assert_eq!(world.count("SELECT count(*) FROM order_status_history WHERE new_status = 'paid'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM jobs WHERE kind = 'vendor_timeout'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_delivery_heard_of_before_its_dispatch_passes_through_in_transit() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    assert_eq!(world.status(&order).await, "completed");
    let late = world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&order)).await;
    assert!(matches!(late, Outcome::Stale));
    assert_eq!(world.count("SELECT count(*) FROM order_status_history WHERE new_status = 'in_transit'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn failed_turns_into_paid_when_a_late_capture_comes() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let failed = PaymentFailed { payment: world.payment(&order), reason: "card declined".into() };
    world.service.deliver(ServiceName::Payment, &failed).await;
    assert_eq!(world.order(&order).await["payment_status"], "failed");
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    world.service.deliver(ServiceName::Payment, &failed).await;
    let spoken = world.order(&order).await;
    assert_eq!((&spoken["status"], &spoken["payment_status"]), (&json!("paid"), &json!("paid")));
    world.finish().await;
}

#[tokio::test]
async fn a_capture_on_a_cancelled_order_is_only_kept_account_of() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let _ = world.cancel(&order, &world.buyer.token).await.data(200);
    world.service.said().await;
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    let spoken = world.order(&order).await;
    assert_eq!((&spoken["status"], &spoken["payment_status"]), (&json!("cancelled"), &json!("paid")));
    assert!(world.service.said().await.is_empty());
    world.service.deliver(ServiceName::Payment, &refund(&world, &order, order.total.paise())).await;
    assert_eq!(world.order(&order).await["payment_status"], "refunded");
    world.finish().await;
}

#[tokio::test]
async fn a_capture_of_another_amount_is_not_taken() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let mut captured = world.captured(&order);
    captured.payment.amount = Money::from_rupees(1);
    assert!(matches!(world.service.deliver(ServiceName::Payment, &captured).await, Outcome::Reject(_)));
    assert_eq!(world.status(&order).await, "pending");
    world.finish().await;
}

#[tokio::test]
async fn mark_paid_and_the_event_come_to_the_same_end() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let token = world.service.service_token(ServiceName::Payment);
    let paid = json!({"payment_id": order.id, "amount": order.total, "captured_at": world.service.clock.now()});
    let path = format!("/internal/v1/orders/{}/mark-paid", order.id);
    for _ in 0..2 {
        assert_eq!(world.service.post(&path, &token, &paid).await.data(200)["status"], "paid");
    }
    assert_eq!(world.service.post(&path, &world.buyer.token, &paid).await.code(403), "forbidden");
    world.service.deliver(ServiceName::Payment, &world.captured(&order)).await;
    assert_eq!(world.count("SELECT count(*) FROM order_status_history WHERE new_status = 'paid'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_unpaid_online_order_cannot_be_confirmed() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let answer = world.confirm(&order).await;
    assert_eq!(answer.code(409), "illegal_transition");
    assert_eq!(answer.body["error"]["details"], json!({"from": "pending", "to": "confirmed"}));
    world.finish().await;
}

#[tokio::test]
async fn confirming_twice_is_confirming_once() {
    let world = World::new().await;
    let order = world.confirmed().await;
    assert_eq!(world.confirm(&order).await.data(200)["status"], "confirmed");
    let said = world.service.said_types().await;
    assert_eq!(said.iter().filter(|t| *t == "OrderConfirmed").count(), 1);
    world.finish().await;
}

#[tokio::test]
async fn buyer_and_vendor_may_cancel_as_far_as_rule_12_says() {
    let world = World::new().await;
    let confirmed = world.confirmed().await;
    let answer = world.cancel(&confirmed, &world.buyer.token).await;
    assert_eq!(answer.data(200)["cancellation"]["code"], "buyer_request");
    let said = world.service.said().await;
    let cancelled = &said.iter().find(|e| e.r#type == "OrderCancelled").unwrap().data;
    assert_eq!((&cancelled["was_paid"], &cancelled["cancelled_by"]), (&json!(true), &json!("buyer")));

    let preparing = world.confirmed().await;
    let path = format!("/api/v1/orders/{}/status", preparing.id);
    let _ = world.service.put(&path, &world.vendor.token, &json!({"status": "preparing"})).await.data(200);
    assert_eq!(world.cancel(&preparing, &world.buyer.token).await.code(409), "illegal_transition");
    assert_eq!(world.cancel(&preparing, &world.vendor.token).await.data(200)["cancellation"]["code"], "vendor_rejected");

    let left = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&left)).await;
    let staff = world.service.people.admin(AdminRole::Operations);
    for token in [&world.buyer.token, &world.vendor.token, &staff.token] {
        assert_eq!(world.cancel(&left, token).await.code(409), "illegal_transition");
    }
    let answer = world.service.delete(&format!("/api/v1/orders/{}", left.id), &world.buyer.token).await;
    assert_eq!(answer.code(409), "illegal_transition");
    world.finish().await;
}

#[tokio::test]
async fn cancelling_wants_a_reason_on_post_and_none_on_delete() {
    let world = World::new().await;
    let order = world.placed("online").await;
    let path = format!("/api/v1/orders/{}", order.id);
    let answer = world.service.post(&format!("{path}/cancel"), &world.buyer.token, &json!({})).await;
    assert_eq!(answer.code(422), "validation_failed");
    let answer = world.service.post(&format!("{path}/cancel"), &world.buyer.token, &json!({"reason": "   "})).await;
    assert_eq!(answer.code(422), "validation_failed");
    assert_eq!(world.service.delete(&path, &world.buyer.token).await.data(200)["status"], "cancelled");
    assert_eq!(world.service.delete(&path, &world.buyer.token).await.data(200)["status"], "cancelled");
    world.finish().await;
}

#[tokio::test]
async fn only_legal_moves_are_made_by_naming_a_status() {
    let world = World::new().await;
    let order = world.paid().await;
    let path = format!("/api/v1/orders/{}/status", order.id);
    let staff = world.service.people.admin(AdminRole::Operations);
    for status in ["delivered", "completed", "in_transit", "preparing", "pending"] {
        for token in [&world.vendor.token, &staff.token] {
            let answer = world.service.put(&path, token, &json!({ "status": status })).await;
            assert_eq!(answer.code(409), "illegal_transition");
            assert_eq!(answer.body["error"]["details"], json!({"from": "paid", "to": status}));
        }
    }
    assert_eq!(world.service.put(&path, &staff.token, &json!({"status": "confirmed"})).await.data(200)["status"], "confirmed");
    assert_eq!(world.service.put(&path, &staff.token, &json!({"status": "in_transit"})).await.data(200)["status"], "in_transit");
    assert_eq!(world.service.put(&path, &world.buyer.token, &json!({"status": "delivered"})).await.code(403), "forbidden");
    let finance = world.service.people.admin(AdminRole::Finance);
    assert_eq!(world.service.put(&path, &finance.token, &json!({"status": "preparing"})).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_confirmation_and_a_cancellation_at_once_the_end_is_one_of_them() {
    let world = World::new().await;
    for _ in 0..10 {
        let order = world.paid().await;
        let (confirmed, cancelled) = tokio::join!(world.confirm(&order), world.cancel(&order, &world.buyer.token));
        // The buyer may cancel what is confirmed; what is cancelled cannot be confirmed.
        assert_eq!(cancelled.status, 200);
        assert!(confirmed.status == 200 || confirmed.code(409) == "illegal_transition");
        assert_eq!(world.status(&order).await, "cancelled");
    }
    world.finish().await;
}

#[tokio::test]
async fn the_story_is_told_across_the_services_and_settlements_are_not_the_buyers() {
    let world = World::new().await;
    let order = world.confirmed().await;
    let settlement = json!({
        "settlement_id": order.id, "settlement_number": "STL000001", "vendor_id": world.vendor.vendor_id,
        "period_start": "2026-11-01", "period_end": "2026-11-15", "order_ids": [order.id], "gross_revenue": "20270.00",
        "commission_amount": "1013.50", "net_amount": "19256.50", "cod_to_remit": "0.00", "adjustments": "0.00",
        "commission_returned": "0.00", "carried_over": "0.00", "deductions": [], "payout_amount": "19256.50"});
    let facts: domain::events::SettlementFacts = serde_json::from_value(settlement).unwrap();
    let generated = domain::events::SettlementGenerated { settlement: facts };
    assert!(matches!(world.service.deliver(ServiceName::VendorManagement, &generated).await, Outcome::Done));
    let path = format!("/api/v1/orders/{}/timeline", order.id);
    let types = |story: &Value| -> Vec<String> {
        story.as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
    };
    let buyers = world.service.get(&path, &world.buyer.token).await.data(200).clone();
    assert_eq!(types(&buyers), ["OrderPlaced", "PaymentCaptured", "OrderConfirmed"]);
    assert_eq!(buyers[1]["source"], "payment");
    let vendors = world.service.get(&path, &world.vendor.token).await.data(200).clone();
    assert_eq!(types(&vendors).last().unwrap(), "SettlementGenerated");
    world.finish().await;
}

#[tokio::test]
async fn an_event_about_no_order_of_ours_is_rejected_and_one_about_none_at_all_is_done() {
    let world = World::new().await;
    let mut ghost = world.placed("online").await;
    ghost.id = world.buyer.user_id.as_uuid().into();
    let outcome = world.service.deliver(ServiceName::VendorManagement, &world.dispatched(&ghost)).await;
    assert!(matches!(outcome, Outcome::Reject(_)));
    let sent = domain::events::NotificationSent {
        notification_id: ghost.id.as_uuid().into(),
        user_id: None,
        order_id: None,
        channel: domain::NotificationChannel::Sms,
        template: "welcome".into(),
        provider_message_id: None,
    };
    assert!(matches!(world.service.deliver(ServiceName::Notification, &sent).await, Outcome::Done));
    world.finish().await;
}
