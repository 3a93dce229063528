//! Messages that others have sent, and conversations for support.

use domain::{AdminRole, ServiceName};
use serde_json::json;

use crate::world::{PHONE, world_with_vendor};

const SEND: &str = "/api/v1/whatsapp/send-message";

#[tokio::test]
async fn free_text_goes_out_within_the_window_and_templates_always_each_key_once() {
    let world = world_with_vendor().await;
    let service = world.service_token(ServiceName::Notification);
    let text = json!({"user_id": world.user_id, "text": "Your order is late"});
    assert_eq!(world.post(SEND, &service, &text).await.code(422), "outside_messaging_window");
    let template = json!({"phone": PHONE, "template": {"name": "order_reminder", "language": "en", "variables": ["ORD000001"]}, "dedupe_key": "k1"});
    let first = world.post(SEND, &service, &template).await;
    let again = world.post(SEND, &service, &template).await;
    assert_eq!(first.data(202)["message_id"], again.data(202)["message_id"]);
    world.run_due_jobs().await;
    assert_eq!(world.replies(PHONE).await.len(), 1);
    world.say("hello").await;
    assert_eq!(world.post(SEND, &world.people.admin(AdminRole::Support).token, &text).await.status, 202);
    world.run_due_jobs().await;
    assert_eq!(world.last_reply(PHONE).await.text, "Your order is late");
    world.clock.advance(chrono::TimeDelta::hours(25));
    let support = world.people.admin(AdminRole::Support);
    assert_eq!(world.post(SEND, &support.token, &text).await.code(422), "outside_messaging_window");
    assert_eq!(world.post(SEND, &support.token, &json!({"phone": PHONE})).await.code(422), "validation_failed");
    let finance = world.people.admin(AdminRole::Finance);
    assert_eq!(world.post(SEND, &finance.token, &text).await.code(403), "forbidden");
}

#[tokio::test]
async fn support_reads_a_conversation_with_what_was_understood() {
    let world = world_with_vendor().await;
    world.say("hello").await;
    let at = format!("/api/v1/whatsapp/conversations/{}", world.user_id);
    let support = world.people.admin(AdminRole::Support);
    let found = world.get(&at, &support.token).await;
    let conversation = &found.data(200)[0];
    assert_eq!(conversation["phone_number"], PHONE);
    let messages = conversation["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!((&messages[1]["direction"], &messages[1]["detected_intent"]), (&json!("inbound"), &json!("greeting")));
    let vendor = world.people.vendor();
    assert_eq!(world.get(&at, &vendor.token).await.code(403), "forbidden");
}
