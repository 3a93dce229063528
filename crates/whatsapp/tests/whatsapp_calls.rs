//! The client against answers Meta gives, and against some it should not.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use outbound::{Failure as _, HttpSettings, http_client};
use serde_json::{Value, json};
use whatsapp::{
    Button, MediaSource, Message, Outgoing, Recipient, Row, Section, Template, Whatsapp, WhatsappError, WhatsappSettings,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, method, path},
};

async fn setup() -> (MockServer, Whatsapp) {
    let server = MockServer::start().await;
    let settings = WhatsappSettings {
        base_url: server.uri(),
        api_version: "v26.0".into(),
        phone_number_id: "106".into(),
        access_token: "token".into(),
        app_secret: "app".into(),
        verify_token: "word".into(),
        media_hosts: vec!["lookaside.fbsbx.com".into()],
        timeout: Duration::from_millis(300),
        media_timeout: Duration::from_millis(500),
    };
    (server, Whatsapp::new(settings, http_client(HttpSettings::default()).unwrap()))
}

fn to_ravi(message: Message) -> Outgoing {
    Outgoing::new(Recipient::Phone("9876543210".parse().unwrap()), message)
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"messaging_product": "whatsapp",
        "contacts": [{"input": "919876543210", "wa_id": "919876543210"}], "messages": [{"id": "wamid.X"}]}))
}

async fn sent_body(message: Message) -> Value {
    let (server, whatsapp) = setup().await;
    Mock::given(method("POST"))
        .and(path("/v26.0/106/messages"))
        .and(header("authorization", "Bearer token"))
        .respond_with(accepted())
        .mount(&server)
        .await;
    let sent = whatsapp.send(&to_ravi(message)).await.unwrap();
    assert_eq!(sent.message_id, "wamid.X");
    server.received_requests().await.unwrap()[0].body_json().unwrap()
}

#[tokio::test]
async fn a_text_goes_out_as_meta_wants_it() {
    assert_eq!(
        sent_body(Message::text("hello")).await,
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "919876543210",
            "type": "text", "text": {"body": "hello", "preview_url": false}})
    );
}

#[tokio::test]
async fn a_template_names_its_language_and_fills_its_slots() {
    let template = Template {
        name: "order_reminder".into(),
        language: "te".into(),
        body: vec!["ORD000001".into()],
        button_payloads: vec!["confirm:ORD000001".into()],
        ..Template::default()
    };
    let body = sent_body(Message::Template(template)).await;
    assert_eq!(
        body["template"],
        json!({"name": "order_reminder", "language": {"code": "te"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "ORD000001"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0",
             "parameters": [{"type": "payload", "payload": "confirm:ORD000001"}]}]})
    );
}

#[tokio::test]
async fn buttons_lists_and_pictures_have_their_shapes() {
    let buttons = vec![Button { id: "yes".into(), title: "Yes".into() }];
    let body = sent_body(Message::Buttons { body: "Sure?".into(), footer: None, buttons }).await;
    assert_eq!(body["interactive"]["action"]["buttons"][0]["reply"], json!({"id": "yes", "title": "Yes"}));
    let sections = vec![Section { title: None, rows: vec![Row { id: "r".into(), title: "R".into(), description: None }] }];
    let list = Message::List { body: "Which?".into(), footer: Some("f".into()), button: "Choose".into(), sections };
    let body = sent_body(list).await;
    assert_eq!(body["interactive"]["type"], "list");
    assert_eq!(body["interactive"]["action"]["sections"], json!([{"rows": [{"id": "r", "title": "R"}]}]));
    let picture = Message::Image { source: MediaSource::Id("77".into()), caption: None };
    assert_eq!(sent_body(picture).await["image"], json!({"id": "77"}));
}

#[tokio::test]
async fn what_meta_would_refuse_is_not_sent() {
    let (server, whatsapp) = setup().await;
    let button = |title: &str| Button { id: title.into(), title: title.into() };
    let ask = |buttons| Message::Buttons { body: "?".into(), footer: None, buttons };
    for message in [
        Message::text(""),
        Message::text("x".repeat(4097)),
        ask(vec![]),
        ask(vec![button("a"), button("b"), button("c"), button("d")]),
        ask(vec![button("a"), button("a")]),
        ask(vec![button("a title that is too long")]),
    ] {
        let error = whatsapp.send(&to_ravi(message)).await.unwrap_err();
        assert!(matches!(error, WhatsappError::Permanent { .. }));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn failures_are_told_apart_by_code_whatever_the_status() {
    type Check = fn(&WhatsappError) -> bool;
    let cases: [(u16, i64, Check); 7] = [
        (400, 131_047, |e| matches!(e, WhatsappError::TemplateNeeded)),
        (400, 131_026, |e| matches!(e, WhatsappError::Undeliverable { .. })),
        (400, 130_429, |e| matches!(e, WhatsappError::Retry { .. })),
        (500, 131_000, |e| matches!(e, WhatsappError::Retry { .. })),
        (400, 190, |e| matches!(e, WhatsappError::Alert { .. })),
        (500, 132_001, |e| matches!(e, WhatsappError::Permanent { .. })),
        (400, 424_242, |e| matches!(e, WhatsappError::Permanent { .. })),
    ];
    for (status, code, check) in cases {
        let (server, whatsapp) = setup().await;
        let body = json!({"error": {"message": "(#1) x", "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": "because"}, "fbtrace_id": "A"}});
        Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_json(body)).mount(&server).await;
        let error = whatsapp.send(&to_ravi(Message::text("x"))).await.unwrap_err();
        assert!(check(&error), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn failures_without_a_code_go_by_the_status() {
    let (server, whatsapp) = setup().await;
    let busy = ResponseTemplate::new(503).insert_header("retry-after", "4");
    Mock::given(any()).respond_with(busy).mount(&server).await;
    let error = whatsapp.send(&to_ravi(Message::text("x"))).await.unwrap_err();
    assert_eq!(error.after(), Some(Duration::from_secs(4)));
}

#[tokio::test]
async fn a_message_without_an_answer_is_not_sent_twice() {
    let (server, whatsapp) = setup().await;
    Mock::given(any()).respond_with(accepted().set_delay(Duration::from_secs(2))).mount(&server).await;
    let error = whatsapp.send(&to_ravi(Message::text("x"))).await.unwrap_err();
    assert!(matches!(error, WhatsappError::Unknown { .. }));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn reading_is_marked_with_typing() {
    let (server, whatsapp) = setup().await;
    Mock::given(body_json(json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1",
        "typing_indicator": {"type": "text"}})))
    .respond_with(ResponseTemplate::new(200).set_body_json(json!({"success": true})))
    .expect(1)
    .mount(&server)
    .await;
    whatsapp.mark_read("wamid.1", true).await.unwrap();
}

async fn has_file(server: &MockServer, url: &str, sha256: &str) {
    let info = json!({"messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg",
        "sha256": sha256, "file_size": "5", "id": "77"});
    Mock::given(path("/v26.0/77")).respond_with(ResponseTemplate::new(200).set_body_json(info)).mount(server).await;
    Mock::given(path("/file"))
        .and(header("authorization", "Bearer token"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(b"hello".to_vec()))
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_file_is_fetched_and_checked_against_its_hash() {
    let hex_hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let base64_hash = STANDARD.encode(hex_decode(hex_hash));
    for hash in [hex_hash, base64_hash.as_str()] {
        let (server, whatsapp) = setup().await;
        has_file(&server, &format!("{}/file", server.uri()), hash).await;
        let media = whatsapp.download_media("77", 5).await.unwrap();
        assert_eq!(media.content, Bytes::from_static(b"hello"));
        assert!(whatsapp.download_media("77", 4).await.is_err(), "larger than we take");
    }
    let (server, whatsapp) = setup().await;
    has_file(&server, &format!("{}/file", server.uri()), &"0".repeat(64)).await;
    let error = whatsapp.download_media("77", 5).await.unwrap_err();
    assert!(matches!(error, WhatsappError::Retry { .. }));
}

fn hex_decode(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn our_token_does_not_follow_a_file_to_another_host() {
    let (server, whatsapp) = setup().await;
    let elsewhere = MockServer::start().await;
    has_file(&server, &format!("{}/file", elsewhere.uri()), "00").await;
    let error = whatsapp.download_media("77", 5).await.unwrap_err();
    assert!(matches!(error, WhatsappError::Permanent { .. }), "{error:?}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_uploaded() {
    let (server, whatsapp) = setup().await;
    Mock::given(method("POST"))
        .and(path("/v26.0/106/media"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "88"})))
        .mount(&server)
        .await;
    let id = whatsapp.upload_media(Bytes::from_static(b"%PDF"), "application/pdf", "invoice.pdf").await.unwrap();
    assert_eq!(id, "88");
    let body = server.received_requests().await.unwrap()[0].body.clone();
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(body.contains("name=\"messaging_product\"") && body.contains("filename=\"invoice.pdf\""));
}

#[tokio::test]
async fn its_work_can_be_spawned() {
    fn spawnable<T: Send>(_work: &T) {}
    let (_server, whatsapp) = setup().await;
    spawnable(&whatsapp.download_media("1", 1));
    spawnable(&whatsapp.mark_read("1", true));
    spawnable(&whatsapp.send(&to_ravi(Message::text("x"))));
}
