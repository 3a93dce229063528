//! Rules 39 and 40: tries, and the next channel.

use bus::Outcome;
use chrono::TimeDelta;
use domain::ServiceName;
use domain::events::StockLow;
use serde_json::json;
use testkit::wiremock::matchers::method;
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::samples::{Order, event, status};
use crate::support::{pair, world, world_with};

const PAUSES: [i64; 5] = [1, 5, 30, 120, 720];

#[tokio::test]
async fn a_failed_send_is_tried_again_by_the_schedule_and_then_given_up() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.fault(json!({"system": "whatsapp", "operation": "send", "kind": "status", "value": 503})).await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    for (tries, minutes) in (1..).zip(PAUSES) {
        let kept = world.one(vendor.user_id, "new_order", "whatsapp").await;
        assert_eq!((kept.status.as_str(), kept.attempts), ("pending", tries));
        // Not before its time, jitter or not.
        world.later(TimeDelta::minutes(minutes) - TimeDelta::seconds(1)).await;
        assert_eq!(world.one(vendor.user_id, "new_order", "whatsapp").await.attempts, tries);
        world.later(TimeDelta::minutes(minutes) / 5 + TimeDelta::seconds(2)).await;
    }
    let kept = world.one(vendor.user_id, "new_order", "whatsapp").await;
    assert_eq!((kept.status.as_str(), kept.attempts), ("failed", 6));
    assert!(kept.reason.unwrap().contains("given up after 6 tries"));
    assert!(world.said_types().await.contains(&"NotificationFailed".to_owned()));
    world.service.finish().await;
}

#[tokio::test]
async fn a_send_that_works_the_second_time_reaches_the_person_once() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.fault(json!({"system": "whatsapp", "operation": "send", "kind": "status", "value": 503, "count": 2})).await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    world.later(TimeDelta::seconds(73)).await;
    assert_eq!(world.chat(&vendor.phone).await.len(), 1);
    assert_eq!(world.one(vendor.user_id, "new_order", "whatsapp").await.attempts, 2);
    world.said().await;
    world.service.finish().await;
}

#[tokio::test]
async fn a_permanent_error_is_not_tried_again_and_the_next_allowed_channel_is() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&vendor, &[("sms_enabled", true), ("sms_order_updates", true)]).await;
    world.fault(json!({"system": "whatsapp", "operation": "send", "kind": "status", "value": 400, "code": "131026"})).await;
    let order = Order::new(&buyer, &vendor, "online");
    world.happen(ServiceName::Payment, &order.captured()).await;
    world.later(TimeDelta::days(1)).await;
    let failed = world.one(vendor.user_id, "new_order", "whatsapp").await;
    assert_eq!((failed.status.as_str(), failed.attempts), ("failed", 1));
    // SMS was wanted beside WhatsApp anyway, so it is not said again there.
    let states = world.states(vendor.user_id, "new_order").await;
    assert_eq!(states, [pair("in_app", "delivered"), pair("sms", "sent"), pair("whatsapp", "failed")]);
    let sms = world.sms(&vendor.phone).await;
    assert_eq!(sms.len(), 1);
    assert!(sms[0].contains("Confirm ORD000042"), "{sms:?}");
    // The buyer allows no SMS, has no device and no mail: nothing else is tried.
    assert_eq!(world.states(buyer.user_id, "payment_received").await, [pair("in_app", "delivered"), pair("whatsapp", "failed")]);
}

#[tokio::test]
async fn a_message_that_fails_after_it_was_accepted_goes_by_the_next_channel() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    world.prefer(&vendor, &[("sms_enabled", true), ("sms_order_updates", true)]).await;
    let id = world.one(vendor.user_id, "new_order", "whatsapp").await.provider_message_id.unwrap();
    world.deliver(ServiceName::Integration, &status(&id, "failed", Some(131_026))).await;
    world.run_due_jobs().await;
    assert_eq!(world.one(vendor.user_id, "new_order", "whatsapp").await.status, "failed");
    let instead = world.one(vendor.user_id, "new_order", "sms").await;
    assert!(instead.fallback && instead.status == "sent");
    assert_eq!(world.sms(&vendor.phone).await.len(), 1);
    // Known now: the next message does not even try WhatsApp.
    let other = world.buyer().await;
    world.happen(ServiceName::Payment, &Order::new(&other, &vendor, "online").captured()).await;
    assert_eq!(world.chat(&vendor.phone).await.len(), 1);
    assert_eq!(world.sms(&vendor.phone).await.len(), 2);
}

#[tokio::test]
async fn a_send_that_nobody_knows_the_end_of_is_not_repeated() {
    let world = world().await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.fault(json!({"system": "whatsapp", "operation": "send", "kind": "timeout_after_effect", "value": 4000})).await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    world.no_faults().await;
    world.later(TimeDelta::days(1)).await;
    assert_eq!(world.chat(&vendor.phone).await.len(), 1);
    assert!(world.one(vendor.user_id, "new_order", "whatsapp").await.reason.unwrap().contains("nobody knows"));
}

#[tokio::test]
async fn a_status_that_comes_before_the_answer_is_not_lost() {
    let world = world_with(&["--whatsapp-url", "{neighbours}/whatsapp"]).await;
    let answer = json!({"messaging_product": "whatsapp", "messages": [{"id": "wamid.early"}]});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200).set_body_json(answer)).mount(&world.neighbours).await;
    let vendor = world.vendor().await;
    assert_eq!(world.deliver(ServiceName::Integration, &status("wamid.early", "delivered", None)).await, Outcome::Done);
    let low: StockLow = event(json!({"inventory_id": uuid::Uuid::from_u128(8), "vendor_id": vendor.vendor_id,
        "item_id": uuid::Uuid::from_u128(9), "name": "OPC 53 cement", "available": "4", "unit": "bag", "threshold": "10"}));
    world.happen(ServiceName::Catalog, &low).await;
    assert_eq!(world.one(vendor.user_id, "stock_low", "whatsapp").await.status, "delivered");
    let asked = world.neighbours.received_requests().await.unwrap();
    let sent: serde_json::Value = asked.iter().find(|r| r.url.path().starts_with("/whatsapp/")).unwrap().body_json().unwrap();
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM notifications WHERE channel = 'whatsapp'").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(sent["biz_opaque_callback_data"], id.to_string());
}

#[tokio::test]
async fn a_number_that_said_stop_gets_no_sms_until_it_changes() {
    let world = world_with(&["--twilio-url", "{neighbours}/twilio"]).await;
    let stop = json!({"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(400).set_body_json(stop)).mount(&world.neighbours).await;
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.prefer(&buyer, &[("whatsapp_enabled", false), ("sms_enabled", true), ("sms_payment_updates", true)]).await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    let kept = world.one(buyer.user_id, "payment_received", "sms").await;
    assert_eq!((kept.status.as_str(), kept.attempts), ("failed", 1));
    let other = world.vendor().await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &other, "online").captured()).await;
    let sms = world.states(buyer.user_id, "payment_received").await.into_iter().filter(|(channel, _)| channel == "sms");
    assert_eq!(sms.count(), 1, "it is not even tried");
    let mut moved = crate::samples::user(&buyer, "buyer", "en");
    moved.user.phone = "+919812345670".parse().unwrap();
    let mut envelope = world.envelope(ServiceName::User, &moved);
    envelope.sequence = 2;
    assert_eq!(world.deliver_envelope(envelope).await, Outcome::Done);
    let third = world.vendor().await;
    world.happen(ServiceName::Payment, &Order::new(&buyer, &third, "online").captured()).await;
    let sms = world.states(buyer.user_id, "payment_received").await.into_iter().filter(|(channel, _)| channel == "sms");
    assert_eq!(sms.count(), 2, "a new number is a new chance");
}
