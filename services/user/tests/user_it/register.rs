//! Registration.

use futures::future::join_all;
use serde_json::json;

use crate::support::world;

pub(crate) fn vendor_facts(user_id: &serde_json::Value, revision: i64, status: &str) -> serde_json::Value {
    json!({
        "vendor_id": "019a0000-0000-7000-8000-00000000a001", "user_id": user_id, "business_name": "", "status": status,
        "kyc_status": "pending", "is_accepting_orders": false, "gst_scheme": "unregistered", "state_code": "36",
        "phone": "+919000000002", "service_pincodes": [], "commission_rate": "10.00", "revision": revision,
    })
}

#[tokio::test]
async fn registering_again_answers_the_same_user() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    assert!(!human.registered);
    let first = world.register(&human, "buyer").await;
    let first = first.data(201);
    assert_eq!(first["token_refresh_required"], true);
    assert_eq!(first["setup_complete"], true);
    assert_eq!(first["user"]["phone"], "+919000000001");
    let again = world.register(&human, "vendor").await;
    assert_eq!(again.data(200)["user"]["id"], first["user"]["id"]);
    assert_eq!(again.data(200)["user"]["user_type"], "buyer");
    assert_eq!(world.said_types().await, ["UserRegistered"]);
    assert!(world.sign_in("+919000000001").await.registered);
    world.finish().await;
}

#[tokio::test]
async fn registering_at_once_makes_one_user() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    let answers = join_all((0..8).map(|_| world.register(&human, "buyer"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.status == 200), "{answers:?}");
    assert_eq!(world.count("SELECT count(*) FROM users").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM buyer_profiles").await, 1);
    assert_eq!(world.said_types().await, ["UserRegistered"]);
    world.later(10).await;
    world.finish().await;
}

#[tokio::test]
async fn claims_are_exactly_those_of_the_rule_and_come_with_the_next_token() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let claims = world.claims(&buyer.human).await;
    assert_eq!(claims["app_user_id"], json!(buyer.user_id));
    assert_eq!(claims["buyer_id"], json!(buyer.buyer_id));
    assert_eq!((&claims["user_type"], &claims["status"]), (&json!("buyer"), &json!("active")));
    assert_ne!(claims["user_id"], json!(buyer.user_id), "Firebase keeps that one for itself");
    assert!(claims.get("vendor_id").is_none() && claims.get("admin_role").is_none());
    let me = world.get("/api/v1/auth/me", &buyer.human.token).await;
    assert_eq!(me.data(200)["id"], json!(buyer.user_id));
    assert_eq!(me.data(200)["buyer"]["total_spent"], "0.00");
    assert_eq!(me.data(200)["token_refresh_required"], false);
    world.finish().await;
}

#[tokio::test]
async fn claims_that_firebase_does_not_take_are_tried_again_until_they_hold() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    world.fault("update", "status", 503).await;
    let registered = world.register(&human, "buyer").await;
    assert_eq!(registered.data(201)["setup_complete"], false);
    assert_eq!(registered.data(201)["token_refresh_required"], true);
    let me = world.get("/api/v1/auth/me", &human.token).await;
    assert_eq!(me.data(200)["token_refresh_required"], true);
    world.later(10).await;
    assert_eq!(world.count("SELECT count(*) FROM users WHERE synced_revision < sync_revision").await, 1);
    world.no_faults().await;
    world.later(30).await;
    assert_eq!(world.count("SELECT count(*) FROM users WHERE synced_revision < sync_revision").await, 0);
    assert!(world.claims(&human).await.get("app_user_id").is_some());
    world.finish().await;
}

#[tokio::test]
async fn a_refresh_makes_good_what_registration_could_not() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    world.fault("update", "status", 503).await;
    let _ = world.register(&human, "buyer").await.data(201);
    world.no_faults().await;
    assert!(world.claims(&human).await.get("app_user_id").is_some());
    world.later(10).await;
    world.finish().await;
}

#[tokio::test]
async fn a_user_whose_job_is_gone_is_found_by_the_sweeper() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    world.fault("update", "status", 503).await;
    let _ = world.register(&human, "buyer").await.data(201);
    world.no_faults().await;
    sqlx::query("DELETE FROM jobs").execute(&world.db.pool).await.unwrap();
    user::sweep(&world.app).await.unwrap();
    world.later(1).await;
    assert_eq!(world.count("SELECT count(*) FROM users WHERE synced_revision < sync_revision").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_is_opened_and_gets_its_id_into_the_claims() {
    let world = world().await;
    let facts = vendor_facts(&json!("019a0000-0000-7000-8000-00000000b001"), 1, "pending");
    world.neighbour("POST", "/internal/v1/vendors", 200, facts.clone()).await;
    let human = world.sign_in("+919000000002").await;
    let registered = world.register(&human, "vendor").await;
    assert_eq!(registered.data(201)["user"]["vendor_id"], facts["vendor_id"]);
    assert_eq!(registered.data(201)["setup_complete"], true);
    assert_eq!(world.claims(&human).await["vendor_id"], facts["vendor_id"]);
    assert_eq!(world.said_types().await, ["UserRegistered", "UserUpdated"]);
    let token = world.refresh(&human).await.token;
    let opened = world.post("/api/v1/vendors", &token, &json!({"business_name": "Rao Cements"})).await;
    assert_eq!(opened.data(200)["vendor_id"], facts["vendor_id"]);
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_registers_while_vendor_management_is_down() {
    let world = world().await;
    let human = world.sign_in("+919000000002").await;
    let registered = world.register(&human, "vendor").await;
    assert_eq!(registered.data(201)["setup_complete"], false);
    assert!(world.claims(&human).await.get("app_user_id").is_none(), "half an identity is none");
    let facts = vendor_facts(&json!("019a0000-0000-7000-8000-00000000b001"), 1, "pending");
    world.neighbour("POST", "/internal/v1/vendors", 200, facts.clone()).await;
    world.later(60).await;
    assert_eq!(world.claims(&human).await["vendor_id"], facts["vendor_id"]);
    world.finish().await;
}

#[tokio::test]
async fn nobody_registers_as_staff_nor_without_a_phone_nor_with_somebody_elses() {
    let world = world().await;
    let human = world.sign_in("+919000000001").await;
    assert_eq!(world.register(&human, "admin").await.code(422), "validation_failed");
    let body = json!({"user_type": "buyer", "full_name": "Asha", "colour": "red"});
    assert_eq!(world.post("/api/v1/auth/register", &human.token, &body).await.code(422), "validation_failed");
    let body = json!({"user_type": "buyer", "full_name": "a\u{0}b"});
    assert_eq!(world.post("/api/v1/auth/register", &human.token, &body).await.code(422), "validation_failed");
    let body = json!({"user_type": "buyer", "full_name": "Asha"});
    let by_mail = world.people.token("uid-mail", &json!({"email": "a@b.example", "email_verified": true}));
    assert_eq!(world.post("/api/v1/auth/register", &by_mail, &body).await.code(422), "phone_required");
    let _ = world.register(&human, "buyer").await.data(201);
    let other = world.people.stranger("+919000000001");
    assert_eq!(world.post("/api/v1/auth/register", &other.token, &body).await.code(409), "phone_taken");
    world.finish().await;
}
