//! The webhook: proof, dedupe, order, statuses.

use aws_lc_rs::hmac;
use domain::ServiceName;
use reqwest::Method;
use serde_json::json;

use crate::world::{APP_SECRET, World, world, world_with_vendor};

const AT: &str = "/api/v1/whatsapp/webhook";

fn signed(raw: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, raw).as_ref()))
}

fn message(wamid: &str, from: &str, text: &str, at: i64) -> serde_json::Value {
    json!({"from": from, "id": wamid, "timestamp": at.to_string(), "type": "text", "text": {"body": text}})
}

fn body(messages: &[serde_json::Value]) -> Vec<u8> {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": "1", "phone_number_id": "106540352242922"},
        "messages": messages}}]}]})
    .to_string()
    .into_bytes()
}

async fn post(world: &World, raw: Vec<u8>, signature: Option<&str>) -> u16 {
    let mut request = world.http.post(format!("{}{AT}", world.base_url)).header("content-type", "application/json").body(raw);
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn metas_handshake_is_answered_with_the_bare_challenge() {
    let world = world().await;
    let get = async |query: &str| {
        let response = world.http.get(format!("{}{AT}?{query}", world.base_url)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let right = "hub.mode=subscribe&hub.verify_token=rs_test_verify_token&hub.challenge=1158201444";
    assert_eq!(get(right).await, (200, "1158201444".to_owned()));
    assert_eq!(get("hub.mode=subscribe&hub.verify_token=other&hub.challenge=1").await.0, 403);
    assert_eq!(get("").await.0, 403);
    world.service.finish().await;
}

#[tokio::test]
async fn only_bytes_that_meta_signed_are_taken() {
    let world = world().await;
    let raw = body(&[message("wamid.1", "919848012345", "hello", 1_767_225_600)]);
    let signature = signed(&raw);
    assert_eq!(post(&world, raw.clone(), None).await, 401);
    assert_eq!(post(&world, raw.clone(), Some("sha256=00")).await, 401);
    let mut other = raw.clone();
    other.push(b' ');
    assert_eq!(post(&world, other, Some(&signature)).await, 401, "the same JSON in other bytes");
    assert_eq!(world.count_inbound().await, 0);
    let nonsense = b"{\"object\":\"page\"}".to_vec();
    let nonsense_signature = signed(&nonsense);
    assert_eq!(post(&world, nonsense, Some(&nonsense_signature)).await, 400);
    assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    assert_eq!(world.count_inbound().await, 1);
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM jobs WHERE kind = 'whatsapp_answer'").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(jobs, 1);
}

#[tokio::test]
async fn a_redelivered_message_has_one_effect_and_one_reply() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let confirm = format!("/api/v1/orders/{order}/confirm");
    world.neighbour("POST", &confirm, 200, json!({})).await;
    let raw = body(&[message("wamid.R", "919848012345", "Confirm ORD000001", 1_767_225_600)]);
    let signature = signed(&raw);
    let (a, b, c) = tokio::join!(
        post(&world, raw.clone(), Some(&signature)),
        post(&world, raw.clone(), Some(&signature)),
        post(&world, raw.clone(), Some(&signature))
    );
    assert_eq!((a, b, c), (200, 200, 200));
    world.run_due_jobs().await;
    assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    world.run_due_jobs().await;
    assert_eq!(world.calls("POST", &confirm).await.len(), 1);
    let answered: i64 = sqlx::query_scalar("SELECT count(*) FROM whatsapp_messages WHERE direction = 'outbound'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(answered, 1);
}

#[tokio::test]
async fn the_messages_of_one_phone_are_answered_in_order_whoever_is_asked_first() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    world.neighbour("POST", &format!("/api/v1/orders/{order}/confirm"), 200, json!({})).await;
    world.neighbour("PUT", &format!("/api/v1/vendors/{}/availability", world.vendor_id), 200, json!({})).await;
    // The later message is first in the body, and its job may run first.
    let raw = body(&[
        message("wamid.3", "919848012345", "Not available", 1_767_225_602),
        message("wamid.1", "919848012345", "hello", 1_767_225_600),
        message("wamid.2", "919848012345", "Confirm ORD1", 1_767_225_601),
    ]);
    let signature = signed(&raw);
    assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    world.run_due_jobs().await;
    let intents: Vec<String> = sqlx::query_scalar(
        "SELECT answered.detected_intent FROM whatsapp_messages m JOIN whatsapp_messages answered ON answered.id = m.in_reply_to
          ORDER BY m.position",
    )
    .fetch_all(&world.db.pool)
    .await
    .unwrap();
    assert_eq!(intents, ["greeting", "confirm", "not_available"]);
}

#[tokio::test]
async fn a_message_that_cannot_be_done_now_holds_back_the_next_and_is_done_later() {
    let world = world_with_vendor().await;
    let order = world.order("ORD000001", "paid", "online").await;
    let confirm = format!("/api/v1/orders/{order}/confirm");
    world.answers("POST", &confirm, 503, json!({}), 1).await;
    world.neighbour("POST", &confirm, 200, json!({})).await;
    let raw = body(&[
        message("wamid.1", "919848012345", "Confirm ORD1", 1_767_225_600),
        message("wamid.2", "919848012345", "hello", 1_767_225_601),
    ]);
    let signature = signed(&raw);
    assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    world.run_due_jobs().await;
    for _ in 0..5 {
        world.clock.advance(chrono::TimeDelta::seconds(40));
        world.run_due_jobs().await;
    }
    let said: Vec<String> =
        sqlx::query_scalar("SELECT message_text FROM whatsapp_messages WHERE direction = 'outbound' ORDER BY position")
            .fetch_all(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("ORD000001 is confirmed"), "{said:?}");
    let keys: Vec<String> = world
        .calls("POST", &confirm)
        .await
        .iter()
        .map(|request| request.headers["idempotency-key"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1], "the same wish has the same key");
}

#[tokio::test]
async fn what_became_of_a_message_is_told_once_and_never_backwards() {
    let world = world().await;
    let status = |word: &str| {
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"},
            "statuses": [{"id": "wamid.OUT", "status": word, "timestamp": "1767225600", "recipient_id": "919848012345"}]}}]}]})
        .to_string()
        .into_bytes()
    };
    let service = world.service_token(ServiceName::Notification);
    for word in ["read", "delivered", "read", "sent", "delivered"] {
        let raw = status(word);
        let signature = signed(&raw);
        assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    }
    let told: Vec<String> =
        world.said().await.into_iter().map(|event| event.data["status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["read", "delivered", "sent"]);
    let unknown = world.send(Method::POST, AT, Some(&service), Some(&json!({})), &[]).await;
    assert_eq!(unknown.code(401), "signature_mismatch");
    world.service.finish().await;
}

#[tokio::test]
async fn somebody_without_a_phone_keeps_one_conversation_by_their_lasting_id() {
    let world = world().await;
    let hidden = |wamid: &str, from: Option<&str>| {
        let mut message = message(wamid, "", "hello", 1_767_225_600);
        message["from_user_id"] = json!("IN.1349");
        match from {
            Some(from) => message["from"] = json!(from),
            None => drop(message.as_object_mut().unwrap().remove("from")),
        }
        body(&[message])
    };
    for (wamid, from) in [("wamid.1", None), ("wamid.2", Some("919848012345")), ("wamid.3", None)] {
        let raw = hidden(wamid, from);
        let signature = signed(&raw);
        assert_eq!(post(&world, raw, Some(&signature)).await, 200);
    }
    let all: Vec<(Option<String>, Option<String>)> =
        sqlx::query_as("SELECT phone_number, bsuid FROM whatsapp_conversations").fetch_all(&world.db.pool).await.unwrap();
    assert_eq!(all, [(Some("+919848012345".to_owned()), Some("IN.1349".to_owned()))]);
}
