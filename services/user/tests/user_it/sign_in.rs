//! Codes, tokens, sessions.

use serde_json::json;
use testkit::TestService;
use user::UserService;

use crate::support::{world, world_with};

#[tokio::test]
async fn a_known_phone_and_an_unknown_one_get_the_same_answer() {
    let world = world().await;
    world.buyer("+919000000001").await;
    let known = world.open_post("/api/v1/auth/send-otp", &json!({"phone": "90000 00001"})).await;
    let unknown = world.open_post("/api/v1/auth/send-otp", &json!({"phone": "09000000009"})).await;
    for answer in [&known, &unknown] {
        let data = answer.data(200).as_object().unwrap().clone();
        assert_eq!(data.keys().collect::<Vec<_>>(), ["session_info"]);
        assert_eq!(data["session_info"].as_str().unwrap().len(), 120);
    }
    world.finish().await;
}

#[tokio::test]
async fn codes_are_limited_by_phone_and_by_address() {
    let world = world_with(&["--otp-per-phone", "2", "--sign-in-per-address", "4", "--sign-in-per-address-seconds", "600"]).await;
    let ask = async |phone: &str| world.open_post("/api/v1/auth/send-otp", &json!({ "phone": phone })).await;
    let _ = ask("9000000001").await.data(200);
    let _ = ask("+919000000001").await.data(200);
    let refused = ask("91-90000 00001").await;
    assert_eq!(refused.code(429), "rate_limited");
    assert!(refused.headers.contains_key("retry-after"));
    let _ = ask("9000000002").await.data(200);
    assert_eq!(ask("9000000003").await.code(429), "rate_limited", "the address");
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_tries_are_limited() {
    let world = world().await;
    let sent = world.open_post("/api/v1/auth/send-otp", &json!({"phone": "9000000001"})).await;
    let session = sent.data(200)["session_info"].clone();
    let right = world.code("+919000000001").await;
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let attempt =
        async |code: &str| world.open_post("/api/v1/auth/verify-phone", &json!({"session_info": session, "code": code})).await;
    assert_eq!(attempt(wrong).await.code(422), "invalid_code");
    assert_eq!(attempt(&right).await.data(200)["registered"], false);
    assert_eq!(attempt(&right).await.code(422), "invalid_session", "a code is used up");
    attempt(wrong).await;
    attempt(wrong).await;
    assert_eq!(attempt(wrong).await.code(429), "rate_limited");
    let made_up = world.open_post("/api/v1/auth/verify-phone", &json!({"session_info": "nonsense", "code": "123456"})).await;
    assert_eq!(made_up.code(422), "invalid_session");
    world.finish().await;
}

#[tokio::test]
async fn with_the_real_firebase_no_code_is_sent_from_here() {
    let world = world().await;
    let account = serde_json::to_string(&world.firebase.service_account).unwrap();
    let settings = ["--firebase-api-key", "k", "--firebase-service-account", &account];
    let production = TestService::<UserService>::start(&settings).await;
    let body = json!({"phone": "9000000001"});
    let answer = production.send(reqwest::Method::POST, "/api/v1/auth/send-otp", None, Some(&body), &[]).await;
    assert_eq!(answer.code(404), "not_found");
    production.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn signing_out_voids_refresh_tokens_and_ends_the_session() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    assert_eq!(world.count("SELECT count(*) FROM user_sessions WHERE ended_at IS NULL").await, 1);
    // Firebase counts in whole seconds: a sign-in of the same second would outlive its revocation.
    world.clock.advance(chrono::TimeDelta::seconds(2));
    let out = world.send(reqwest::Method::POST, "/api/v1/auth/logout", Some(&buyer.human.token), None, &[]).await;
    assert_eq!(out.status, 204);
    let refused = world.open_post("/api/v1/auth/refresh-token", &json!({"refresh_token": buyer.human.refresh_token})).await;
    assert_eq!(refused.code(401), "invalid_refresh_token");
    assert_eq!(world.count("SELECT count(*) FROM user_sessions WHERE ended_at IS NULL").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn somebody_is_seen_at_most_once_a_minute_with_the_device() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let phone = [("user-agent", "RealServ/1.0 (Android 15)"), ("x-realserv-client-address", "203.0.113.9")];
    let me = async || {
        let answer = world.send(reqwest::Method::GET, "/api/v1/auth/me", Some(&buyer.human.token), None, &phone).await;
        answer.data(200)["last_login_at"].clone()
    };
    world.clock.advance(chrono::TimeDelta::seconds(120));
    let first = me().await;
    world.clock.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(me().await, first);
    world.clock.advance(chrono::TimeDelta::seconds(31));
    assert_ne!(me().await, first);
    let activity = world.get(&format!("/api/v1/users/{}/activity", buyer.user_id), &buyer.human.token).await;
    let session = activity.data(200)["sessions"][0].clone();
    assert_eq!(session["ip_address"], "203.0.113.9");
    assert_eq!(activity.data(200)["sessions"].as_array().unwrap().len(), 1);
    world.finish().await;
}
