//! The audit log.

use bus::Outcome;
use chrono::TimeDelta;
use domain::events::AuditRecorded;
use domain::{AdminRole, Clock as _, ServiceName};
use serde_json::json;

use crate::support::world;

fn deed(action: &str) -> AuditRecorded {
    AuditRecorded {
        service: ServiceName::Catalog,
        action: action.to_owned(),
        entity_type: "material".to_owned(),
        entity_id: uuid::Uuid::from_u128(7),
        before: Some(json!({"price": "380.00"})),
        after: Some(json!({"price": "390.00"})),
        ip_address: Some("203.0.113.9".to_owned()),
    }
}

#[tokio::test]
async fn what_is_done_anywhere_is_written_down_once() {
    let world = world().await;
    let envelope = world.envelope(ServiceName::Catalog, &deed("material.price_changed"));
    assert!(matches!(world.deliver_envelope(envelope.clone()).await, Outcome::Done));
    assert!(matches!(world.deliver_envelope(envelope).await, Outcome::Duplicate));
    world.deliver(ServiceName::Catalog, &deed("material.created")).await;
    let admin = world.staff(AdminRole::SuperAdmin);
    let all = world.get("/api/v1/admin/audit-log", &admin).await;
    assert_eq!(all.data(200).as_array().unwrap().len(), 2);
    let one = world.get("/api/v1/admin/audit-log?service=catalog&action=material.price_changed", &admin).await;
    let line = &one.data(200)[0];
    assert_eq!((&line["before"]["price"], &line["actor_kind"]), (&json!("380.00"), &json!("system")));
    let operations = world.staff(AdminRole::Operations);
    assert_eq!(world.get("/api/v1/admin/audit-log", &operations).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test]
async fn our_own_doings_come_back_by_the_bus() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let admin = world.people.admin(AdminRole::Operations);
    let path = format!("/api/v1/users/{}/status", buyer.user_id);
    let _ = world.put(&path, &admin.token, &json!({"status": "suspended", "reason": "fraud"})).await.data(200);
    for envelope in world.said().await {
        world.deliver_envelope(envelope).await;
    }
    let reader = world.staff(AdminRole::SuperAdmin);
    let lines = world.get(&format!("/api/v1/admin/audit-log?actor_user_id={}", admin.user_id), &reader).await;
    let line = &lines.data(200)[0];
    assert_eq!(line["action"], "user.status_changed");
    assert_eq!((&line["before"]["status"], &line["after"]["reason"]), (&json!("active"), &json!("fraud")));
    assert_eq!(line["entity_id"], json!(buyer.user_id));
    assert_eq!(line["ip_address"], "127.0.0.1");
    world.finish().await;
}

#[tokio::test]
async fn the_log_refuses_to_be_changed_or_emptied() {
    let world = world().await;
    world.deliver(ServiceName::Catalog, &deed("material.created")).await;
    for sql in ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        let refused = sqlx::query(sql).execute(&world.db.pool).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    world.finish().await;
}

#[tokio::test]
async fn months_older_than_the_log_is_kept_are_dropped_whole() {
    let world = world().await;
    world.deliver(ServiceName::Catalog, &deed("material.created")).await;
    let began = world.clock.now();
    user::keep_audit_months(&world.app).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM audit_log").await, 1);
    world.clock.advance(TimeDelta::days(130));
    user::keep_audit_months(&world.app).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM audit_log").await, 0);
    world.clock.set(began);
    world.finish().await;
}
