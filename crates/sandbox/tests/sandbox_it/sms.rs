use serde_json::json;

use crate::support::{Stage, send};

const TWILIO: &str = "/twilio/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";

#[tokio::test]
async fn twilio_takes_a_form_and_refuses_bad_numbers_and_credentials() {
    let stage = Stage::new().await;
    let sends = |to: &str, token: &str| {
        let form = [("To", to), ("From", "+15005550006"), ("Body", "Your code is 123456")];
        send(stage.http.post(stage.url(TWILIO)).basic_auth("AC00000000000000000000000000000001", Some(token)).form(&form))
    };
    let (status, sent) = sends("+919876543210", "rs_test_twilio_auth_token").await;
    assert_eq!((status, sent["status"].as_str()), (201, Some("queued")));
    assert_eq!(sends("98765", "rs_test_twilio_auth_token").await.1["code"], 21_211);
    assert_eq!(sends("+919876543210", "wrong").await.0, 401);
    let (_, inbox) = stage.get("/_sandbox/phones/+919876543210/sms").await;
    assert_eq!(inbox["data"][0]["body"], "Your code is 123456");
    assert_eq!(inbox["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn msg91_sends_a_flow_and_may_refuse_with_200() {
    let stage = Stage::new().await;
    let sends = |body: serde_json::Value| {
        send(stage.http.post(stage.url("/msg91/api/v5/flow")).header("authkey", "rs_test_msg91_key").json(&body))
    };
    let (status, sent) = sends(json!({"template_id": "t1", "recipients": [{"mobiles": "919876543210", "OTP": "123456"}]})).await;
    assert_eq!((status, sent["type"].as_str()), (200, Some("success")));
    let (status, refused) = sends(json!({"recipients": []})).await;
    assert_eq!((status, refused["type"].as_str()), (200, Some("error")));
    let (_, inbox) = stage.get("/_sandbox/phones/919876543210/sms").await;
    assert_eq!(inbox["data"][0]["variables"]["OTP"], "123456");
}
