use sandbox::Settings;
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::Stage;

#[tokio::test]
async fn the_page_and_what_it_is_made_of_are_served() {
    let stage = Stage::new().await;
    for (path, kind) in [("/", "text/html"), ("/face.css", "text/css"), ("/face.js", "text/javascript")] {
        let answer = reqwest::get(stage.sandbox.url(path)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
    }
}

#[tokio::test]
async fn phones_are_listed_with_their_newest_message_first() {
    let stage = Stage::new().await;
    stage.sign_in("+919876543210").await;
    stage.post("/_sandbox/phones/9000000001/whatsapp", &json!({"text": "Hello"})).await;
    let people = stage.get("/_sandbox/people").await.1;
    let phones: Vec<&str> = people["data"]["phones"].as_array().unwrap().iter().map(|p| p["phone"].as_str().unwrap()).collect();
    assert_eq!(phones, ["+919000000001", "+919876543210"]);
    assert_eq!(people["data"]["phones"][0]["last"], "Hello");
}

#[tokio::test]
async fn what_can_be_paid_is_listed_with_its_payments() {
    let stage = Stage::new().await;
    let (open, paid) = (stage.order(50_000).await, stage.order(70_000).await);
    stage.pay(&paid, json!({"outcome": "captured"})).await;
    let (_, bills) = stage.get("/_sandbox/razorpay/bills").await;
    let bill = |id: &str| bills["data"].as_array().unwrap().iter().find(|bill| bill["id"] == id).unwrap().clone();
    assert_eq!((bill(&open)["payable"].clone(), bill(&open)["payments"].clone()), (json!(true), json!([])));
    assert_eq!((bill(&paid)["payable"].clone(), bill(&paid)["payments"][0]["status"].clone()), (json!(false), json!("captured")));
}

#[tokio::test]
async fn the_mailbox_shows_what_ses_was_asked_to_send_and_says_when_it_cannot() {
    let mailbox = MockServer::start().await;
    let mail = json!({"MessageId": "m1", "Source": "a@x.example", "To": ["b@x.example"], "Subject": "Hello", "BodyText": "Hi",
        "BodyHtml": "<p>Hi</p>", "Timestamp": 1, "Type": "SendEmail"});
    let answer = ResponseTemplate::new(200).set_body_json(json!({"messages": {"000000000000": [mail]}}));
    Mock::given(path("/mails")).respond_with(answer).mount(&mailbox).await;
    let stage = Stage::with(Settings { mailbox_url: Some(format!("{}/mails", mailbox.uri())), ..Settings::for_tests().unwrap() });
    let (_, mails) = stage.await.get("/_sandbox/mail").await;
    assert_eq!((mails["data"][0]["subject"].clone(), mails["data"][0]["html"].clone()), (json!("Hello"), json!("<p>Hi</p>")));
    let lost = Stage::with(Settings { mailbox_url: Some("http://127.0.0.1:9/mails".into()), ..Settings::for_tests().unwrap() });
    assert_eq!(lost.await.get("/_sandbox/mail").await.0, 502);
    assert_eq!(Stage::new().await.get("/_sandbox/mail").await.1, json!({"data": []}));
}
