//! Both providers against their answers, good and odd.
#![expect(clippy::unwrap_used, reason = "tests may stop at the first surprise")]

use std::{sync::Arc, time::Duration};

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
        msg91_url: base.into(),
        msg91_auth_key: Some("key".into()),
        timeout: Duration::from_millis(300),
    }
}

async fn setup(provider: Provider) -> (MockServer, Arc<dyn SmsSender>) {
    let server = MockServer::start().await;
    let http = http_client(HttpSettings::default()).unwrap();
    let sender = sms::sender(settings(provider, &server.uri()), http).unwrap();
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
    for provider in [Provider::Twilio, Provider::Msg91] {
        let (server, sender) = setup(provider).await;
        let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
        Mock::given(any()).respond_with(late).mount(&server).await;
        assert!(matches!(sender.send(&otp()).await, Err(OutboundError::Unknown { .. })));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[test]
fn a_chosen_provider_without_its_key_is_refused_at_the_start() {
    let http = http_client(HttpSettings::default()).unwrap();
    let mut settings = settings(Provider::Msg91, "http://x");
    settings.msg91_auth_key = None;
    let error = sms::sender(settings, http).unwrap_err();
    assert_eq!(error, IncompleteSettings("MSG91_AUTH_KEY"));
}
