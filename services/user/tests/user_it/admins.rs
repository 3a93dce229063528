//! Staff.

use chrono::TimeDelta;
use domain::{AdminRole, Clock as _, UserId};
use futures::future::join;
use serde_json::{Value, json};
use user::{BootstrapAdmin, make_first_admin};

use crate::support::{World, world};

fn first(phone: &str) -> BootstrapAdmin {
    BootstrapAdmin { phone: phone.parse().ok(), email: None, name: "First".to_owned() }
}

async fn make(world: &World, phone: &str, role: &str) -> Value {
    let token = world.staff(AdminRole::SuperAdmin);
    let body = json!({"phone": phone, "full_name": "Staff", "role": role});
    world.post("/api/v1/admin/users", &token, &body).await.data(201).clone()
}

async fn demote(world: &World, id: &str) -> testkit::Answer {
    let token = world.staff(AdminRole::SuperAdmin);
    world.put(&format!("/api/v1/admin/users/{id}/roles"), &token, &json!({"role": "support"})).await
}

#[tokio::test]
async fn the_first_super_admin_comes_from_the_command_and_signs_in_by_phone() {
    let world = world().await;
    let id = make_first_admin(&world.app, first("+919000000010")).await.unwrap();
    assert_eq!(make_first_admin(&world.app, first("9000000010")).await.unwrap(), id, "the same person, the same id");
    let refused = make_first_admin(&world.app, first("9000000011")).await.unwrap_err();
    assert!(format!("{refused:#}").contains("super admin already"), "{refused:#}");
    let human = world.sign_in("+919000000010").await;
    assert!(human.registered);
    let claims = world.claims(&human).await;
    assert_eq!((&claims["user_type"], &claims["admin_role"]), (&json!("admin"), &json!("super_admin")));
    let staff = world.get("/api/v1/admin/users", &human.token).await;
    assert_eq!(staff.data(200)[0]["id"], json!(id));
    let me = world.get("/api/v1/auth/me", &human.token).await;
    assert_eq!(me.data(200)["permissions"], json!([]));
    let gone = world.delete(&format!("/api/v1/users/{id}"), &human.token).await;
    assert_eq!(gone.code(409), "last_super_admin", "nor by leaving");
    world.finish().await;
}

#[tokio::test]
async fn staff_is_made_by_phone_or_mail_and_once() {
    let world = world().await;
    let token = world.staff(AdminRole::SuperAdmin);
    let post = async |body: Value| world.post("/api/v1/admin/users", &token, &body).await;
    let by_phone = json!({"phone": "9000000010", "full_name": "Ops", "role": "operations", "permissions": ["users.suspend"]});
    let made = post(by_phone.clone()).await.data(201).clone();
    assert_eq!(post(by_phone).await.data(200)["id"], made["id"]);
    let by_mail = json!({"email": "fin@realserv.example", "full_name": "Fin", "role": "finance"});
    let made = post(by_mail.clone()).await;
    assert_eq!((&made.data(201)["phone"], &made.data(201)["admin_role"]), (&Value::Null, &json!("finance")));
    let _ = post(by_mail).await.data(200);
    assert_eq!(post(json!({"full_name": "Nobody", "role": "finance"})).await.code(422), "validation_failed");
    let unknown = json!({"phone": "9000000012", "full_name": "x", "role": "finance", "permissions": ["everything"]});
    assert_eq!(post(unknown).await.code(422), "validation_failed");
    world.buyer("+919000000013").await;
    let buyer = json!({"phone": "9000000013", "full_name": "x", "role": "finance"});
    assert_eq!(post(buyer).await.code(409), "already_registered");
    let operations = world.staff(AdminRole::Operations);
    assert_eq!(world.get("/api/v1/admin/users", &operations).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test]
async fn another_role_asks_for_another_sign_in() {
    let world = world().await;
    make(&world, "9000000010", "super_admin").await;
    let made = make(&world, "9000000011", "operations").await;
    let human = world.sign_in("+919000000011").await;
    world.said().await;
    assert_eq!(demote(&world, made["id"].as_str().unwrap()).await.data(200)["admin_role"], "support");
    assert_eq!(world.get("/api/v1/users", &human.token).await.code(401), "token_revoked");
    let mut said = world.said_types().await;
    said.sort();
    assert_eq!(said, ["AuditRecorded", "UserAccessChanged"]);
    world.finish().await;
}

#[tokio::test]
async fn another_role_voids_a_sign_in_by_a_clock_that_is_ahead_of_ours() {
    let world = world().await;
    let made = make(&world, "9000000011", "operations").await;
    let human = world.sign_in("+919000000011").await;
    world.clock.set(world.clock.now() - TimeDelta::seconds(20));
    assert_eq!(demote(&world, made["id"].as_str().unwrap()).await.data(200)["admin_role"], "support");
    assert_eq!(world.get("/api/v1/users", &human.token).await.code(401), "token_revoked");
    world.clock.advance(TimeDelta::seconds(40));
    world.finish().await;
}

#[tokio::test]
async fn permissions_of_staff_are_those_of_the_list_and_stay_when_only_the_role_changes() {
    let world = world().await;
    make(&world, "9000000010", "super_admin").await;
    let made = make(&world, "9000000011", "operations").await;
    let at = format!("/api/v1/admin/users/{}/roles", made["id"].as_str().unwrap());
    let token = world.staff(AdminRole::SuperAdmin);
    // A sign-in of the same second as the change is void, so the changes are a little ago.
    world.clock.set(world.clock.now() - TimeDelta::seconds(5));
    let put = async |body: Value| world.put(&at, &token, &body).await;
    let more = put(json!({"role": "operations", "permissions": ["users.suspend", "catalog.write", "users.suspend"]})).await;
    assert_eq!(more.data(200)["permissions"], json!(["catalog.write", "users.suspend"]));
    let moved = put(json!({"role": "support"})).await;
    assert_eq!(
        (&moved.data(200)["admin_role"], &moved.data(200)["permissions"]),
        (&json!("support"), &more.data(200)["permissions"])
    );
    assert_eq!(put(json!({"role": "support", "permissions": ["sudo"]})).await.code(422), "validation_failed");
    assert_eq!(put(json!({"role": "owner"})).await.code(422), "validation_failed");
    let human = world.sign_in("+919000000011").await;
    let me = world.get("/api/v1/auth/me", &world.refresh(&human).await.token).await;
    assert_eq!(me.data(200)["permissions"], json!(["catalog.write", "users.suspend"]));
    assert_eq!(world.claims(&human).await["admin_role"], "support");
    world.finish().await;
}

#[tokio::test]
async fn the_last_super_admin_stays_one_even_when_two_are_taken_away_at_once() {
    let world = world().await;
    let one = make(&world, "9000000010", "super_admin").await["id"].as_str().unwrap().to_owned();
    assert_eq!(demote(&world, &one).await.code(409), "last_super_admin");
    for round in 0..5 {
        let phone = format!("900000002{round}");
        let two = make(&world, &phone, "super_admin").await["id"].as_str().unwrap().to_owned();
        let token = world.staff(AdminRole::SuperAdmin);
        let path = format!("/api/v1/users/{two}/status");
        let body = json!({"status": "suspended"});
        let suspend = world.put(&path, &token, &body);
        let (first, second) = join(demote(&world, &one), suspend).await;
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", first.body, second.body);
        let left = "SELECT count(*) FROM admin_profiles a JOIN users u ON u.id = a.user_id
                     WHERE a.role = 'super_admin' AND u.status = 'active'";
        assert_eq!(world.count(left).await, 1);
        if first.status == 200 {
            let back = world.put(&format!("/api/v1/admin/users/{one}/roles"), &token, &json!({"role": "super_admin"})).await;
            let _ = back.data(200);
            let _ = demote(&world, &two).await.data(200);
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn operations_may_not_touch_staff() {
    let world = world().await;
    let made = make(&world, "9000000010", "support").await;
    let id: UserId = serde_json::from_value(made["id"].clone()).unwrap();
    let operations = world.staff(AdminRole::Operations);
    let at = format!("/api/v1/users/{id}");
    assert_eq!(world.put(&format!("{at}/status"), &operations, &json!({"status": "suspended"})).await.code(403), "forbidden");
    assert_eq!(world.delete(&at, &operations).await.code(403), "forbidden");
    assert_eq!(world.put(&at, &operations, &json!({"full_name": "x"})).await.code(403), "forbidden");
    world.finish().await;
}
