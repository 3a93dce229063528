use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};

use crate::support::{MESSAGING_SCOPE, Stage, claims, send, text};

const PHONE: &str = "+919876543210";
const CUSTOM_AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

async fn verified(stage: &Stage, token: &Value) -> Value {
    let token = token.as_str().unwrap();
    let response = stage.http.get(stage.url("/firebase/jwks")).send().await.unwrap();
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("max-age=21600"));
    let keys: JwkSet = response.json().await.unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["demo-realserv"]);
    validation.set_issuer(&["https://securetoken.google.com/demo-realserv"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn a_code_signs_in_and_the_token_verifies_against_the_published_keys() {
    let stage = Stage::new().await;
    let signed_in = stage.sign_in(PHONE).await;
    assert_eq!(signed_in["isNewUser"], true);
    let claims = verified(&stage, &signed_in["idToken"]).await;
    assert_eq!(claims["sub"], signed_in["localId"]);
    assert_eq!(claims["phone_number"], PHONE);
    assert_eq!(claims["firebase"]["sign_in_provider"], "phone");
    assert_eq!(stage.sign_in(PHONE).await["isNewUser"], false);
}

#[tokio::test]
async fn the_code_is_also_an_sms() {
    let stage = Stage::new().await;
    stage.sign_in(PHONE).await;
    let (_, sms) = stage.get("/_sandbox/phones/9876543210/sms").await;
    let (_, otp) = stage.get(&format!("/_sandbox/phones/{PHONE}/otp")).await;
    assert!(text(&sms["data"][0]["body"]).contains(&text(&otp["data"]["code"])));
    assert_eq!(sms["data"][0]["provider"], "firebase");
}

#[tokio::test]
async fn a_wrong_code_may_be_corrected_and_a_right_one_is_used_up() {
    let stage = Stage::new().await;
    let send_code = "/firebase/identitytoolkit/v1/accounts:sendVerificationCode?key=k";
    let sign_in = "/firebase/identitytoolkit/v1/accounts:signInWithPhoneNumber?key=k";
    let (status, refusal) = stage.post(send_code, &json!({"phoneNumber": PHONE})).await;
    assert_eq!((status, refusal["error"]["message"].clone()), (400, json!("MISSING_RECAPTCHA_TOKEN")));
    let (_, sent) = stage.post(send_code, &json!({"phone_number": PHONE, "recaptcha_token": "t"})).await;
    let with = |code: Value| json!({"sessionInfo": sent["sessionInfo"], "code": code});
    let (_, refusal) = stage.post(sign_in, &with(json!("nothing"))).await;
    assert_eq!(refusal["error"]["message"], "INVALID_CODE");
    let (_, otp) = stage.get(&format!("/_sandbox/phones/{PHONE}/otp")).await;
    assert_eq!(stage.post(sign_in, &with(otp["data"]["code"].clone())).await.0, 200);
    let (_, refusal) = stage.post(sign_in, &with(otp["data"]["code"].clone())).await;
    assert_eq!(refusal["error"]["message"], "INVALID_SESSION_INFO");
}

fn custom_token(stage: &Stage, uid: &str, extra: &Value) -> Value {
    let now = jsonwebtoken::get_current_timestamp();
    let email = &stage.sandbox.service_account.client_email;
    json!({"iss": email, "sub": email, "aud": CUSTOM_AUDIENCE, "iat": now, "exp": now + 3_600, "uid": uid, "claims": extra})
}

#[tokio::test]
async fn a_custom_token_of_the_service_account_is_exchanged_and_a_forged_one_is_not() {
    let stage = Stage::new().await;
    let exchange = "/firebase/identitytoolkit/v1/accounts:signInWithCustomToken?key=k";
    let token = stage.assert(&custom_token(&stage, "vendor-1", &json!({"bot": true})));
    let (status, signed_in) = stage.post(exchange, &json!({"token": token, "returnSecureToken": true})).await;
    assert_eq!(status, 200, "{signed_in}");
    let claims = verified(&stage, &signed_in["idToken"]).await;
    assert_eq!(claims["sub"], "vendor-1");
    assert_eq!(claims["bot"], true);
    assert_eq!(claims["firebase"]["sign_in_provider"], "custom");

    let other = Stage::new().await;
    let forged = other.assert(&custom_token(&stage, "vendor-1", &json!({})));
    let (status, refusal) = stage.post(exchange, &json!({"token": forged})).await;
    assert_eq!(status, 400);
    assert!(text(&refusal["error"]["message"]).starts_with("INVALID_CUSTOM_TOKEN"));
    let reserved = stage.assert(&custom_token(&stage, "vendor-1", &json!({"firebase": 1})));
    let (_, refusal) = stage.post(exchange, &json!({"token": reserved})).await;
    assert_eq!(refusal["error"]["message"], "FORBIDDEN_CLAIM : firebase");
}

#[tokio::test]
async fn claims_reach_the_next_token_except_those_firebase_sets_itself() {
    let stage = Stage::new().await;
    let signed_in = stage.sign_in(PHONE).await;
    let attributes = json!({"app_user_id": "a-1", "user_id": "internal-7", "user_type": "buyer"}).to_string();
    let (status, _) = stage.admin(":update", &json!({"localId": signed_in["localId"], "customAttributes": attributes})).await;
    assert_eq!(status, 200);
    assert!(claims(&signed_in["idToken"]).get("app_user_id").is_none());
    let (_, refreshed) = stage.refresh(&signed_in["refreshToken"]).await;
    let fresh = verified(&stage, &refreshed["id_token"]).await;
    assert_eq!(fresh["app_user_id"], "a-1");
    assert_eq!(fresh["user_id"], signed_in["localId"]);
    assert_eq!(fresh["auth_time"], claims(&signed_in["idToken"])["auth_time"]);
    let reserved = json!({"localId": signed_in["localId"], "customAttributes": "{\"sub\":\"x\"}"});
    assert_eq!(stage.admin(":update", &reserved).await.0, 400);
}

#[tokio::test]
async fn a_disabled_or_revoked_user_gets_no_fresh_token() {
    let stage = Stage::new().await;
    let signed_in = stage.sign_in(PHONE).await;
    let uid = &signed_in["localId"];
    stage.admin(":update", &json!({"localId": uid, "disableUser": true})).await;
    let (_, refusal) = stage.refresh(&signed_in["refreshToken"]).await;
    assert_eq!(refusal["error"]["message"], "USER_DISABLED");
    let later = (jsonwebtoken::get_current_timestamp() + 60).to_string();
    stage.admin(":update", &json!({"localId": uid, "disableUser": false, "validSince": later})).await;
    let (_, refusal) = stage.refresh(&signed_in["refreshToken"]).await;
    assert_eq!(refusal["error"]["message"], "TOKEN_EXPIRED");
    let (_, found) = stage.admin(":lookup", &json!({"localId": [uid]})).await;
    assert_eq!(found["users"][0]["validSince"], json!(later));
    assert_eq!(stage.admin(":delete", &json!({"localId": uid})).await.0, 200);
    let (_, found) = stage.admin(":lookup", &json!({"phoneNumber": [PHONE]})).await;
    assert!(found.get("users").is_none());
}

#[tokio::test]
async fn admin_calls_need_an_access_token_of_the_right_scope() {
    let stage = Stage::new().await;
    let url = stage.url("/firebase/identitytoolkit/v1/projects/demo-realserv/accounts:lookup");
    let body = json!({"localId": ["x"]});
    assert_eq!(send(stage.http.post(&url).json(&body)).await.0, 401);
    let (_, granted) = stage.access_token(MESSAGING_SCOPE).await;
    let token = granted["access_token"].as_str().unwrap();
    assert_eq!(send(stage.http.post(&url).bearer_auth(token).json(&body)).await.0, 403);
}

#[tokio::test]
async fn after_a_rotation_old_tokens_still_verify_and_new_ones_name_the_new_key() {
    let stage = Stage::new().await;
    let before = stage.sign_in(PHONE).await;
    assert_eq!(stage.post("/_sandbox/firebase/keys/rotate", &json!({})).await.0, 200);
    let after = stage.sign_in(PHONE).await;
    let kid = |token: &Value| jsonwebtoken::decode_header(token.as_str().unwrap()).unwrap().kid;
    assert_ne!(kid(&before["idToken"]), kid(&after["idToken"]));
    verified(&stage, &before["idToken"]).await;
    verified(&stage, &after["idToken"]).await;
}

#[tokio::test]
async fn accounts_are_listed_page_by_page() {
    let stage = Stage::new().await;
    for at in 0..5 {
        stage.admin("", &json!({"phoneNumber": format!("+91987654320{at}")})).await;
    }
    let (_, granted) = stage.access_token(crate::support::IDENTITY_SCOPE).await;
    let (mut seen, mut next) = (0, String::new());
    loop {
        let path =
            format!("/firebase/identitytoolkit/v1/projects/demo-realserv/accounts:batchGet?maxResults=2&nextPageToken={next}");
        let (_, page) = send(stage.http.get(stage.url(&path)).bearer_auth(granted["access_token"].as_str().unwrap())).await;
        seen += page["users"].as_array().unwrap().len();
        let Some(token) = page["nextPageToken"].as_str() else { break };
        next = token.to_owned();
    }
    assert_eq!(seen, 5);
}
