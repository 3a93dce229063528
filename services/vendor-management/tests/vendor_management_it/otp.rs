//! The delivery code (rule 37).

use chrono::TimeDelta;
use domain::AdminRole;
use serde_json::json;
use testkit::Answer;
use testkit::wiremock::matchers::{method, path as at_path};
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::support::{Fine as _, OTP, World};

async fn ask(world: &World, path: &str) -> Answer {
    world.service.post(&format!("{path}/generate-otp"), &world.vendor(), &json!({})).await
}

async fn enter(world: &World, path: &str, code: &str) -> Answer {
    world.service.post(&format!("{path}/verify-otp"), &world.vendor(), &json!({"code": code})).await
}

fn another(code: &str) -> String {
    let digit = if code.starts_with('9') { '0' } else { '9' };
    format!("{digit}{}", &code[1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_ends_the_delivery_and_the_code_is_in_no_answer_event_or_table() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    world.service.said().await;
    let asked = ask(&world, &path).await;
    assert_eq!(asked.data(200)["expires_at"], "2026-11-16T05:00:00Z");
    let code = world.codes().await.pop().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
    assert!(!asked.body.to_string().contains(&format!("\"{code}\"")));
    let delivered = enter(&world, &path, &code).await;
    assert_eq!((&delivered.data(200)["status"], &delivered.data(200)["proven_by"]), (&json!("delivered"), &json!("otp")));
    assert_eq!(enter(&world, &path, &code).await.data(200)["status"], "delivered");
    assert_eq!(enter(&world, &path, &another(&code)).await.code(409), "not_in_transit");
    let seen = world.service.get(&path, &world.buyer()).await;
    assert_eq!(seen.data(200)["proofs"][0]["proof_type"], "otp");
    for word in ["otp_hash", "otp_code"] {
        assert!(!seen.body.to_string().contains(word));
    }
    let said = world.service.said().await;
    let types: Vec<&str> = said.iter().map(|e| e.r#type.as_str()).collect();
    assert_eq!(types, ["DeliveryOtpGenerated", "DeliveryDelivered"]);
    assert!(!serde_json::to_string(&said).unwrap().contains(&format!("\"{code}\"")));
    let (kept,): (Vec<u8>,) =
        sqlx::query_as("SELECT otp_hash FROM delivery_otp_log").fetch_one(&world.service.db.pool).await.unwrap();
    assert_eq!(kept.len(), 32);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_tries_lock_the_code_even_for_the_right_one() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    assert_eq!(enter(&world, &path, "123456").await.code(409), "otp_not_requested");
    ask(&world, &path).await.fine(200);
    let code = world.codes().await.pop().unwrap();
    for left in [4, 3, 2, 1] {
        let wrong = enter(&world, &path, &another(&code)).await;
        assert_eq!(wrong.code(422), "otp_wrong");
        assert_eq!(wrong.body["error"]["details"]["tries_left"], left);
    }
    assert_eq!(enter(&world, &path, &another(&code)).await.code(409), "otp_locked");
    assert_eq!(enter(&world, &path, &code).await.code(409), "otp_locked");
    ask(&world, &path).await.fine(200);
    let fresh = world.codes().await.pop().unwrap();
    assert_eq!(enter(&world, &path, &fresh).await.data(200)["status"], "delivered");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_are_all_counted() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    ask(&world, &path).await.fine(200);
    let wrong = another(&world.codes().await.pop().unwrap());
    let guesses = futures::future::join_all((0..20).map(|_| enter(&world, &path, &wrong))).await;
    let wrong = guesses.iter().filter(|a| a.body["error"]["code"] == "otp_wrong").count();
    let locked = guesses.iter().filter(|a| a.body["error"]["code"] == "otp_locked").count();
    assert_eq!((wrong, locked), (4, 16));
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_thirty_minutes_and_only_the_newest_does() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    ask(&world, &path).await.fine(200);
    ask(&world, &path).await.fine(200);
    let codes = world.codes().await;
    if codes[0] != codes[1] {
        assert_eq!(enter(&world, &path, &codes[0]).await.code(422), "otp_wrong");
    }
    world.service.clock.advance(TimeDelta::minutes(30));
    assert_eq!(enter(&world, &path, &codes[1]).await.code(422), "otp_expired");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fourth_code_in_an_hour_is_refused() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    for _ in 0..3 {
        ask(&world, &path).await.fine(200);
        world.service.clock.advance(TimeDelta::minutes(1));
    }
    let refused = ask(&world, &path).await;
    assert_eq!(refused.code(429), "otp_limit_reached");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(world.codes().await.len(), 3);
    world.service.clock.advance(TimeDelta::minutes(57));
    ask(&world, &path).await.fine(200);
    assert_eq!(ask(&world, &path).await.code(429), "otp_limit_reached");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_not_sent_does_not_count_and_may_be_asked_for_again() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    Mock::given(method("POST"))
        .and(at_path(OTP))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(3)
        .with_priority(1)
        .mount(&world.service.neighbours)
        .await;
    for _ in 0..3 {
        assert_eq!(ask(&world, &path).await.code(503), "otp_not_sent");
    }
    let unsent = world.codes().await.pop().unwrap();
    assert_eq!(enter(&world, &path, &unsent).await.code(409), "otp_not_requested");
    ask(&world, &path).await.fine(200);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_only_for_the_vendor_of_a_delivery_on_its_way() {
    let world = World::selling().await;
    let path = world.delivery().await;
    assert_eq!(ask(&world, &path).await.code(409), "not_in_transit");
    assert_eq!(enter(&world, &path, "123456").await.code(409), "not_in_transit");
    assert_eq!(enter(&world, &path, "12345").await.code(422), "validation_failed");
    assert_eq!(enter(&world, &path, "12345x").await.code(422), "validation_failed");
    for token in [world.buyer(), world.staff(AdminRole::Operations)] {
        let answer = world.service.post(&format!("{path}/generate-otp"), &token, &json!({})).await;
        assert_eq!(answer.code(403), "forbidden");
    }
    assert!(world.codes().await.is_empty());
    world.service.said().await;
    world.service.finish().await;
}
