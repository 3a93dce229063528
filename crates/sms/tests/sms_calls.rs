//! The providers against their answers, good and odd.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sns::config::Credentials;
use outbound::{HttpSettings, OutboundError, http_client};
use serde_json::json;
use sms::{IncompleteSettings, Provider, Sms, SmsSender, SmsSettings, SmsTemplate};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, body_string_contains, header, method, path},
};

fn settings(provider: Provider, base: &str) -> SmsSettings {
    SmsSettings {
        provider,
        twilio_url: base.into(),
        twilio_account_sid: Some("AC1".into()),
        twilio_auth_token: Some("token".into()),
        twilio_from: Some("+15005550006".into()),
        twilio_status_callback_url: Some("https://api.realserv.test/api/v1/notifications/webhooks/twilio".into()),
        msg91_url: base.into(),
        msg91_auth_key: Some("key".into()),
        timeout: Duration::from_millis(300),
    }
}

async fn aws(endpoint: &str) -> aws_config::SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("ap-south-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .load()
        .await
}

async fn setup(provider: Provider) -> (MockServer, Arc<dyn SmsSender>) {
    let server = MockServer::start().await;
    let http = http_client(HttpSettings::default()).unwrap();
    let sender = sms::sender(settings(provider, &server.uri()), http, &aws(&server.uri()).await).unwrap();
    (server, sender)
}

fn otp() -> Sms {
    Sms {
        to: "9876543210".parse().unwrap(),
        text: "123456 is your RealServ delivery code".into(),
        template: SmsTemplate {
            dlt_entity_id: Some("1101".into()),
            dlt_template_id: Some("1107".into()),
            sender_id: Some("RLSERV".into()),
            provider_template_id: Some("flow-1".into()),
        },
        variables: [("VAR1".to_owned(), "123456".to_owned()), ("mobiles".to_owned(), "1".to_owned())].into(),
        promotional: false,
    }
}

#[tokio::test]
async fn twilio_gets_a_form_and_answers_with_its_id() {
    let (server, sender) = setup(Provider::Twilio).await;
    Mock::given(method("POST"))
        .and(path("/2010-04-01/Accounts/AC1/Messages.json"))
        .and(header("authorization", "Basic QUMxOnRva2Vu"))
        .and(body_string_contains("To=%2B919876543210"))
        .and(body_string_contains("From=%2B15005550006"))
        .and(body_string_contains("StatusCallback=https%3A%2F%2Fapi.realserv.test%2Fapi%2Fv1%2Fnotifications"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"sid": "SM1", "status": "queued",
            "error_code": null, "error_message": null})))
        .mount(&server)
        .await;
    assert_eq!(sender.send(&otp()).await.unwrap().provider_id, "SM1");
}

#[tokio::test]
async fn twilios_refusals_keep_their_code_and_its_rate_limit_is_retried() {
    let (server, sender) = setup(Provider::Twilio).await;
    let body = json!({"code": 21211, "message": "Invalid 'To'", "more_info": "u", "status": 400});
    Mock::given(any()).respond_with(ResponseTemplate::new(400).set_body_json(body)).mount(&server).await;
    let error = sender.send(&otp()).await.unwrap_err();
    assert_eq!(error, OutboundError::reject(400, "21211", "Invalid 'To'"));
    let (server, sender) = setup(Provider::Twilio).await;
    let body = json!({"code": 20429, "message": "Too Many Requests", "status": 429});
    Mock::given(any()).respond_with(ResponseTemplate::new(429).set_body_json(body)).mount(&server).await;
    assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Retry { .. })));
}

#[tokio::test]
async fn msg91_gets_the_template_and_the_recipient_cannot_be_overwritten() {
    let (server, sender) = setup(Provider::Msg91).await;
    Mock::given(method("POST"))
        .and(path("/api/v5/flow"))
        .and(header("authkey", "key"))
        .and(body_json(json!({"template_id": "flow-1", "short_url": "0", "realTimeResponse": "1",
            "sender": "RLSERV", "DLT_TE_ID": "1107", "PE_ID": "1101",
            "recipients": [{"VAR1": "123456", "mobiles": "919876543210"}]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"type": "success", "message": "req-1"})))
        .mount(&server)
        .await;
    assert_eq!(sender.send(&otp()).await.unwrap().provider_id, "req-1");
}

#[tokio::test]
async fn msg91s_error_inside_a_200_is_an_error() {
    let (server, sender) = setup(Provider::Msg91).await;
    let body = json!({"type": "error", "message": "template not approved"});
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let error = sender.send(&otp()).await.unwrap_err();
    assert_eq!(error, OutboundError::reject(200, "msg91", "template not approved"));
}

#[tokio::test]
async fn a_message_without_an_answer_is_not_sent_twice() {
    for provider in [Provider::Twilio, Provider::Msg91, Provider::Sns] {
        let (server, sender) = setup(provider).await;
        let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
        Mock::given(any()).respond_with(late).mount(&server).await;
        assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Unknown { .. })));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

fn published(id: &str) -> String {
    format!(
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
         </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>"
    )
}

#[tokio::test]
async fn sns_gets_the_number_the_text_and_indias_registration() {
    let (server, sender) = setup(Provider::Sns).await;
    Mock::given(method("POST"))
        .and(body_string_contains("Action=Publish"))
        .and(body_string_contains("PhoneNumber=%2B919876543210"))
        .and(body_string_contains("Message=123456%20is%20your%20RealServ%20delivery%20code"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(published("sns-1"), "text/xml"))
        .mount(&server)
        .await;
    assert_eq!(sender.send(&otp()).await.unwrap().provider_id, "sns-1");
    let body = String::from_utf8(server.received_requests().await.unwrap()[0].body.clone()).unwrap();
    let fields: BTreeMap<&str, &str> = body.split('&').filter_map(|field| field.split_once('=')).collect();
    let attributes: BTreeMap<&str, &str> = (1..=4)
        .map(|at| {
            (
                fields[format!("MessageAttributes.entry.{at}.Name").as_str()],
                fields[format!("MessageAttributes.entry.{at}.Value.StringValue").as_str()],
            )
        })
        .collect();
    assert_eq!(
        attributes,
        [
            ("AWS.MM.SMS.EntityId", "1101"),
            ("AWS.MM.SMS.TemplateId", "1107"),
            ("AWS.SNS.SMS.SMSType", "Transactional"),
            ("AWS.SNS.SMS.SenderID", "RLSERV"),
        ]
        .into()
    );
}

#[tokio::test]
async fn snss_refusals_keep_their_code_and_its_throttling_is_retried() {
    let refusal = |code: &str, message: &str| {
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        )
    };
    let (server, sender) = setup(Provider::Sns).await;
    let body = refusal("InvalidParameter", "Invalid parameter: PhoneNumber");
    Mock::given(any()).respond_with(ResponseTemplate::new(400).set_body_raw(body, "text/xml")).mount(&server).await;
    let error = sender.send(&otp()).await.unwrap_err();
    assert_eq!(error, OutboundError::reject(400, "InvalidParameter", "Invalid parameter: PhoneNumber"));
    let (server, sender) = setup(Provider::Sns).await;
    let body = refusal("Throttled", "Rate exceeded");
    Mock::given(any()).respond_with(ResponseTemplate::new(400).set_body_raw(body, "text/xml")).mount(&server).await;
    assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Retry { .. })));
    let (server, sender) = setup(Provider::Sns).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500).set_body_string("<html>")).mount(&server).await;
    assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Unknown { .. })));
    let (server, sender) = setup(Provider::Sns).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503).set_body_string("busy")).mount(&server).await;
    assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Retry { .. })));
}

#[tokio::test]
async fn a_chosen_provider_without_its_key_is_refused_at_the_start() {
    let http = http_client(HttpSettings::default()).unwrap();
    let mut settings = settings(Provider::Msg91, "http://x");
    settings.msg91_auth_key = None;
    let error = sms::sender(settings, http, &aws("http://x").await).unwrap_err();
    assert_eq!(error, IncompleteSettings("MSG91_AUTH_KEY"));
}
