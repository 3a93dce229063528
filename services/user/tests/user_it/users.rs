//! Profiles, standing, deletion.

use domain::AdminRole;
use serde_json::{Value, json};

use crate::support::{Buyer, World, world};

fn at(buyer: &Buyer) -> String {
    format!("/api/v1/users/{}", buyer.user_id)
}

async fn set_status(world: &World, buyer: &Buyer, status: &str) -> testkit::Answer {
    let admin = world.staff(AdminRole::Operations);
    world.put(&format!("{}/status", at(buyer)), &admin, &json!({"status": status, "reason": "does not answer"})).await
}

#[tokio::test]
async fn a_person_changes_the_own_profile_and_nobody_elses() {
    let world = world().await;
    let (mine, theirs) = (world.buyer("+919000000001").await, world.buyer("+919000000002").await);
    world.said().await;
    let body = json!({"full_name": " Asha R ", "email": "asha@example.com", "preferred_language": "te"});
    let changed = world.put(&at(&mine), &mine.human.token, &body).await;
    assert_eq!(changed.data(200)["full_name"], "Asha R");
    let cleared = world.put(&at(&mine), &mine.human.token, &json!({"email": null})).await;
    assert_eq!((&cleared.data(200)["email"], &cleared.data(200)["preferred_language"]), (&Value::Null, &json!("te")));
    assert_eq!(world.said_types().await, ["UserUpdated", "UserUpdated"]);
    assert_eq!(world.get(&at(&theirs), &mine.human.token).await.code(404), "not_found");
    assert_eq!(world.put(&at(&theirs), &mine.human.token, &body).await.code(404), "not_found");
    assert_eq!(world.delete(&at(&theirs), &mine.human.token).await.code(404), "not_found");
    assert_eq!(world.put(&at(&mine), &mine.human.token, &json!({"phone": "9000000003"})).await.code(422), "validation_failed");
    let support = world.staff(AdminRole::Support);
    let _ = world.get(&at(&mine), &support).await.data(200);
    assert_eq!(world.put(&at(&mine), &support, &body).await.code(403), "forbidden");
    let operations = world.staff(AdminRole::Operations);
    let _ = world.put(&at(&mine), &operations, &body).await.data(200);
    assert_eq!(world.said_types().await, ["UserUpdated", "AuditRecorded"]);
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_user_is_shut_out_and_everybody_is_told() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    world.said().await;
    assert_eq!(set_status(&world, &buyer, "suspended").await.data(200)["status"], "suspended");
    assert_eq!(world.get("/api/v1/auth/me", &buyer.human.token).await.code(403), "account_suspended");
    let mut said = world.said_types().await;
    said.sort();
    assert_eq!(said, ["AuditRecorded", "UserAccessChanged", "UserUpdated"]);
    let refused = world.open_post("/api/v1/auth/refresh-token", &json!({"refresh_token": buyer.human.refresh_token})).await;
    assert_eq!(refused.code(403), "account_suspended", "Firebase was told");
    let _ = set_status(&world, &buyer, "suspended").await.data(200);
    assert!(world.said_types().await.is_empty(), "being that already changes nothing");

    assert_eq!(set_status(&world, &buyer, "active").await.data(200)["status"], "active");
    assert_eq!(world.get("/api/v1/auth/me", &buyer.human.token).await.code(401), "token_revoked", "sign in again");
    assert!(world.said_types().await.contains(&"UserAccessChanged".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn a_service_that_was_down_knows_who_was_suspended_meanwhile() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let _ = set_status(&world, &buyer, "suspended").await.data(200);
    let kept: String = sqlx::query_scalar("SELECT status FROM access_changes").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(kept, "suspended");
    world.finish().await;
}

#[tokio::test]
async fn a_suspension_that_firebase_misses_is_told_again() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    world.fault("update", "status", 500).await;
    let _ = set_status(&world, &buyer, "suspended").await.data(200);
    world.no_faults().await;
    world.later(10).await;
    let refused = world.open_post("/api/v1/auth/refresh-token", &json!({"refresh_token": buyer.human.refresh_token})).await;
    assert_eq!(refused.code(403), "account_suspended");
    world.finish().await;
}

#[tokio::test]
async fn deleting_erases_what_is_personal_and_frees_the_phone() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let address = json!({"address_line1": "Plot 12", "pincode": "500032", "latitude": 17.4, "longitude": 78.3});
    let _ = world.post(&buyer.path("/addresses"), &buyer.human.token, &address).await.data(201);
    let _ = world.post("/api/v1/buyers", &buyer.human.token, &json!({"business_name": "Asha Homes"})).await.data(200);
    world.said().await;
    assert_eq!(world.delete(&at(&buyer), &buyer.human.token).await.status, 204);
    let gone = world.get("/api/v1/auth/me", &buyer.human.token).await;
    assert_eq!(gone.code(401), "account_deleted");
    let admin = world.staff(AdminRole::Operations);
    let row = world.get(&at(&buyer), &admin).await;
    let row = row.data(200);
    assert_eq!((&row["phone"], &row["email"], &row["full_name"]), (&Value::Null, &Value::Null, &json!("")));
    assert_eq!(row["status"], "deleted");
    assert_eq!(world.count("SELECT count(*) FROM delivery_addresses").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM user_sessions").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM buyer_profiles WHERE business_name IS NOT NULL").await, 0);
    let said = world.said().await;
    let updated = said.iter().find(|event| event.r#type == "UserUpdated").unwrap();
    assert_eq!((&updated.data["status"], &updated.data["full_name"]), (&json!("deleted"), &json!("")));
    assert!(said.iter().any(|event| event.r#type == "UserAccessChanged"));
    assert_eq!(set_status(&world, &buyer, "active").await.code(409), "illegal_transition");

    let again = world.buyer("+919000000001").await;
    assert_ne!(again.user_id, buyer.user_id, "the same phone, another account");
    world.finish().await;
}

#[tokio::test]
async fn staff_finds_users_page_by_page() {
    let world = world().await;
    for n in 1..=5 {
        world.buyer(&format!("+91900000000{n}")).await;
    }
    let admin = world.staff(AdminRole::Support);
    let first = world.get("/api/v1/users?user_type=buyer&limit=3", &admin).await;
    assert_eq!(first.data(200).as_array().unwrap().len(), 3);
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap().to_owned();
    let second = world.get(&format!("/api/v1/users?user_type=buyer&limit=3&cursor={cursor}"), &admin).await;
    assert_eq!(second.data(200).as_array().unwrap().len(), 2);
    assert_eq!(second.body["page"]["next_cursor"], Value::Null);
    let one = world.get("/api/v1/users?phone=9000000003", &admin).await;
    assert_eq!(one.data(200).as_array().unwrap().len(), 1);
    assert_eq!(world.get("/api/v1/users?text=asha", &admin).await.data(200).as_array().unwrap().len(), 5);
    assert_eq!(world.get("/api/v1/users?text=100%25_", &admin).await.data(200).as_array().unwrap().len(), 0);
    assert_eq!(world.get("/api/v1/users?status=sleeping", &admin).await.code(422), "validation_failed");
    let finance = world.staff(AdminRole::Finance);
    assert_eq!(world.get("/api/v1/users", &finance).await.code(403), "forbidden");
    world.finish().await;
}
