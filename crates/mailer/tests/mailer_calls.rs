//! The mailer against answers SES gives.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sesv2::config::Credentials;
use mailer::{Email, Mailer, MailerSettings, SesMailer};
use outbound::OutboundError;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, method, path},
};

async fn mailer_at(endpoint: &str) -> SesMailer {
    let aws = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("ap-south-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .load()
        .await;
    let settings = MailerSettings {
        from: "RealServ <orders@realserv.test>".into(),
        configuration_set: Some("realserv".into()),
        timeout: Duration::from_millis(500),
    };
    SesMailer::new(&aws, &settings)
}

fn email() -> Email {
    Email {
        to: "ravi@example.test".into(),
        subject: "Order\r\nBcc: x ORD000001".into(),
        text: "Your order".into(),
        html: Some("<p>Your order</p>".into()),
        reply_to: None,
        tags: vec![("template".into(), "order.placed".into())],
    }
}

#[tokio::test]
async fn a_mail_goes_out_as_text_and_html_under_the_configuration_set() {
    let server = MockServer::start().await;
    let utf8 = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
    Mock::given(method("POST"))
        .and(path("/v2/email/outbound-emails"))
        .and(body_json(json!({
            "FromEmailAddress": "RealServ <orders@realserv.test>",
            "Destination": {"ToAddresses": ["ravi@example.test"]},
            "Content": {"Simple": {"Subject": utf8("OrderBcc: x ORD000001"),
                "Body": {"Text": utf8("Your order"), "Html": utf8("<p>Your order</p>")}}},
            "EmailTags": [{"Name": "template", "Value": "order_placed"}],
            "ConfigurationSetName": "realserv"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"MessageId": "m-1"})))
        .mount(&server)
        .await;
    let sent = mailer_at(&server.uri()).await.send(&email()).await.unwrap();
    assert_eq!(sent.provider_id, "m-1");
}

async fn failing(response: ResponseTemplate) -> (OutboundError, usize) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let error = mailer_at(&server.uri()).await.send(&email()).await.unwrap_err();
    (error, server.received_requests().await.unwrap().len())
}

fn refusal(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("x-amzn-errortype", code).set_body_json(json!({"message": "why"}))
}

#[tokio::test]
async fn failures_are_told_apart_and_nothing_is_sent_twice() {
    let (error, calls) = failing(refusal(400, "MessageRejected")).await;
    assert_eq!((error, calls), (OutboundError::reject(400, "MessageRejected", "why"), 1));
    let (error, calls) = failing(refusal(429, "TooManyRequestsException")).await;
    assert!(matches!(error, OutboundError::Retry { .. }), "{error:?}");
    assert_eq!(calls, 1);
    let (error, calls) = failing(ResponseTemplate::new(500)).await;
    assert!(matches!(error, OutboundError::Unknown { .. }), "{error:?}");
    assert_eq!(calls, 1);
    let (error, calls) = failing(ResponseTemplate::new(200).set_delay(Duration::from_secs(3))).await;
    assert!(matches!(error, OutboundError::Unknown { .. }), "{error:?}");
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn a_refused_connection_may_be_tried_again() {
    let error = mailer_at("http://127.0.0.1:1").await.send(&email()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Retry { .. }), "{error:?}");
}
