use std::time::Duration;

use sandbox::{Settings, signing};
use serde_json::{Value, json};

use crate::support::{APP_SECRET, Stage, base64, send, text};

const PHONE: &str = "+919876543210";

fn hello() -> Value {
    json!({"to": "919876543210", "type": "text", "text": {"body": "Hello"}})
}

fn template() -> Value {
    json!({"to": "919876543210", "type": "template", "template": {"name": "order_placed", "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "ORD000001"}]}]}})
}

async fn wait_for_status(stage: &Stage, wanted: &str) {
    let mut seen = json!(null);
    for _ in 0..100 {
        let (_, chat) = stage.get(&format!("/_sandbox/phones/{PHONE}/whatsapp")).await;
        seen = chat["data"][0]["status"].clone();
        if seen == wanted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn free_text_needs_a_message_within_the_last_day_and_a_template_does_not() {
    let directory = std::env::temp_dir().join(format!("sandbox-clock-{}", std::process::id()));
    std::fs::write(&directory, "0").unwrap();
    let settings = Settings { clock_file: Some(directory.clone()), ..Settings::for_tests().unwrap() };
    let stage = Stage::with(settings).await;
    let (status, refusal) = stage.whatsapp(hello()).await;
    assert_eq!((status, refusal["error"]["code"].as_u64()), (400, Some(131_047)));
    assert_eq!(stage.whatsapp(template()).await.0, 200);
    stage.types(PHONE, json!({"text": "Namaste"})).await;
    assert_eq!(stage.whatsapp(hello()).await.0, 200);
    std::fs::write(&directory, "90000").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.whatsapp(hello()).await.1["error"]["code"], 131_047);
    std::fs::remove_file(&directory).unwrap();
}

#[tokio::test]
async fn a_sent_template_is_delivered_and_read_once_the_person_answers() {
    let stage = Stage::new().await;
    let (status, sent) = stage.whatsapp(template()).await;
    assert_eq!(status, 200, "{sent}");
    assert!(text(&sent["messages"][0]["id"]).starts_with("wamid."));
    wait_for_status(&stage, "delivered").await;
    stage.types(PHONE, json!({"text": "ok"})).await;
    wait_for_status(&stage, "read").await;
    let received = stage.receiver.wait_for(4).await;
    let statuses: Vec<Value> =
        received.iter().map(|one| one.body()["entry"][0]["changes"][0]["value"]["statuses"][0]["status"].clone()).collect();
    assert_eq!(statuses, [json!("sent"), json!("delivered"), json!("read"), json!(null)]);
}

#[tokio::test]
async fn what_a_person_types_comes_signed_over_escaped_bytes() {
    let stage = Stage::new().await;
    stage.types(PHONE, json!({"text": "सीमेंट 👍", "name": "Ravi"})).await;
    let received = stage.receiver.wait_for(1).await;
    assert!(received[0].bytes.is_ascii());
    assert_eq!(received[0].header("x-hub-signature-256"), signing::meta(APP_SECRET, &received[0].bytes));
    let body = received[0].body();
    let value = &body["entry"][0]["changes"][0]["value"];
    assert_eq!(value["messages"][0]["text"]["body"], "सीमेंट 👍");
    assert_eq!(value["messages"][0]["from"], "919876543210");
    assert_eq!(value["contacts"][0]["profile"]["name"], "Ravi");
}

#[tokio::test]
async fn a_tap_answers_the_message_that_offered_the_button() {
    let stage = Stage::new().await;
    stage.types(PHONE, json!({"text": "hi"})).await;
    let offer = json!({"to": PHONE, "type": "interactive", "interactive": {"type": "button", "body": {"text": "Confirm ORD000001?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "confirm:1", "title": "Confirm"}}]}}});
    let (_, sent) = stage.whatsapp(offer).await;
    let typed = stage.types(PHONE, json!({"button": {"id": "confirm:1", "title": "Confirm"}})).await;
    assert_eq!(typed["interactive"]["button_reply"]["id"], "confirm:1");
    assert_eq!(typed["context"]["id"], sent["messages"][0]["id"]);
    stage.whatsapp(template()).await;
    let typed = stage.types(PHONE, json!({"button": {"id": "stop", "title": "Stop"}})).await;
    assert_eq!((typed["type"].as_str(), typed["button"]["payload"].as_str()), (Some("button"), Some("stop")));
}

#[tokio::test]
async fn a_person_with_a_username_shows_no_phone_and_can_still_be_answered() {
    let stage = Stage::new().await;
    let typed = stage.types(PHONE, json!({"text": "hi", "hide_phone": true})).await;
    assert!(typed.get("from").is_none());
    let user = typed["from_user_id"].clone();
    let (status, sent) = stage.whatsapp(json!({"recipient": user, "type": "text", "text": {"body": "Hello"}})).await;
    assert_eq!((status, sent["contacts"][0]["user_id"].clone()), (200, user));
}

#[tokio::test]
async fn a_picture_is_fetched_in_two_steps_with_the_token() {
    let stage = Stage::new().await;
    let typed = stage
        .types(PHONE, json!({"image": {"base64": base64(b"not really a jpeg"), "mime": "image/jpeg", "caption": "proof"}}))
        .await;
    assert_eq!(typed["image"]["caption"], "proof");
    let url = stage.url(&format!("/whatsapp/v26.0/{}", text(&typed["image"]["id"])));
    assert_eq!(send(stage.http.get(&url)).await.0, 401);
    let (_, media) = send(stage.http.get(&url).bearer_auth("rs_test_whatsapp_token")).await;
    let address = text(&media["url"]);
    assert_eq!(send(stage.http.get(&address)).await.0, 401);
    let file = stage.http.get(&address).bearer_auth("rs_test_whatsapp_token").send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/jpeg");
    assert_eq!(file.bytes().await.unwrap().as_ref(), b"not really a jpeg");
}

#[tokio::test]
async fn an_uploaded_file_can_be_sent() {
    let stage = Stage::new().await;
    stage.types(PHONE, json!({"text": "hi"})).await;
    let file =
        reqwest::multipart::Part::bytes(b"%PDF-1.7".to_vec()).file_name("invoice.pdf").mime_str("application/pdf").unwrap();
    let form = reqwest::multipart::Form::new().text("messaging_product", "whatsapp").part("file", file);
    let url = stage.url("/whatsapp/v26.0/106540352242922/media");
    let (status, media) = send(stage.http.post(url).bearer_auth("rs_test_whatsapp_token").multipart(form)).await;
    assert_eq!(status, 200, "{media}");
    let document = |id: Value| json!({"to": PHONE, "type": "document", "document": {"id": id, "filename": "invoice.pdf"}});
    assert_eq!(stage.whatsapp(document(media["id"].clone())).await.0, 200);
    assert_eq!(stage.whatsapp(document(json!("123"))).await.0, 400);
}

#[tokio::test]
async fn a_delivery_may_fail_for_good() {
    let stage = Stage::new().await;
    stage.fault(json!({"system": "whatsapp", "operation": "delivery", "kind": "status", "code": 131_026, "count": 1})).await;
    assert_eq!(stage.whatsapp(template()).await.0, 200);
    let received = stage.receiver.wait_for(1).await;
    let body = received[0].body();
    let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!((status["status"].as_str(), status["errors"][0]["code"].as_u64()), (Some("failed"), Some(131_026)));
}

#[tokio::test]
async fn only_what_came_in_can_be_marked_as_read() {
    let stage = Stage::new().await;
    let typed = stage.types(PHONE, json!({"text": "hi"})).await;
    let (_, answer) = stage.whatsapp(json!({"status": "read", "message_id": typed["id"]})).await;
    assert_eq!(answer, json!({"success": true}));
    assert_eq!(stage.whatsapp(json!({"status": "read", "message_id": "wamid.none"})).await.0, 400);
}
