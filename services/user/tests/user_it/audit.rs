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

#[tokio::test]
async fn the_log_is_searched_by_words_request_actor_and_thing() {
    let world = world().await;
    let envelope = world.envelope(ServiceName::Catalog, &deed("material.price_changed"));
    let request = envelope.correlation_id;
    world.deliver_envelope(envelope).await;
    world.deliver(ServiceName::Payment, &deed("refund.requested")).await;
    let admin = world.staff(AdminRole::SuperAdmin);
    let thing = uuid::Uuid::from_u128(7);
    for (query, found) in [
        (format!("correlation_id={request}"), 1),
        ("text=390.00".to_owned(), 2),
        ("text=REFUND".to_owned(), 1),
        ("text=203.0.113".to_owned(), 2),
        ("text=100%25".to_owned(), 0),
        (format!("entity_id={thing}&entity_type=material"), 2),
        ("service=catalog&action=refund.requested".to_owned(), 1),
        ("to=2020-01-01T00:00:00Z".to_owned(), 0),
    ] {
        let lines = world.get(&format!("/api/v1/admin/audit-log?{query}"), &admin).await;
        assert_eq!(lines.data(200).as_array().unwrap().len(), found, "{query}: {}", lines.body);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_secret_that_somebody_forgot_to_leave_out_is_not_written_down() {
    let world = world().await;
    let told = AuditRecorded {
        after: Some(json!({"bank": {"account_number": "50100123456789"}, "ifsc": "HDFC0000001"})),
        ..deed("vendor.bank_changed")
    };
    world.deliver(ServiceName::VendorManagement, &told).await;
    let kept: String = sqlx::query_scalar("SELECT after::text FROM audit_log").fetch_one(&world.db.pool).await.unwrap();
    assert!(!kept.contains("50100123456789") && kept.contains("HDFC0000001"), "{kept}");
    world.finish().await;
}

#[tokio::test]
async fn each_month_is_a_partition_and_a_day_past_ninety_is_not_shown() {
    let world = world().await;
    world.deliver(ServiceName::Catalog, &deed("material.created")).await;
    let began = world.clock.now();
    world.clock.advance(TimeDelta::days(40));
    world.deliver(ServiceName::Catalog, &deed("material.created")).await;
    let months = "SELECT count(DISTINCT tableoid) FROM audit_log";
    assert_eq!(world.count(months).await, 2);
    for sql in ["UPDATE", "DELETE", "TRUNCATE"] {
        let partition: String =
            sqlx::query_scalar("SELECT tableoid::regclass::text FROM audit_log LIMIT 1").fetch_one(&world.db.pool).await.unwrap();
        let statement = match sql {
            "UPDATE" => format!("UPDATE {partition} SET action = 'x'"),
            "DELETE" => format!("DELETE FROM {partition}"),
            _ => format!("TRUNCATE {partition}"),
        };
        let refused = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&world.db.pool).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql} of a month: {refused}");
    }
    world.clock.advance(TimeDelta::days(51));
    let lines = world.get("/api/v1/admin/audit-log", &world.staff(AdminRole::SuperAdmin)).await;
    assert_eq!(lines.data(200).as_array().unwrap().len(), 1, "the first is 91 days old");
    world.clock.set(began);
    world.finish().await;
}
