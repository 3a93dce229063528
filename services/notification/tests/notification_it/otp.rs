//! Rule 37: the code goes out at once and is kept nowhere.

use domain::ServiceName;
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::support::{Known, World, pair, world};

const PATH: &str = "/internal/v1/notifications/delivery-otp";

fn body(buyer: &Known) -> Value {
    json!({"user_id": buyer.user_id, "order_id": uuid::Uuid::from_u128(3), "order_number": "ORD000042", "code": "482913",
           "valid_minutes": 30})
}

async fn send(world: &World, buyer: &Known) -> testkit::Answer {
    world.post(PATH, &world.service_token(ServiceName::VendorManagement), &body(buyer)).await
}

#[tokio::test]
async fn a_code_goes_by_sms_and_whatsapp_and_stands_in_no_table() {
    let world = world().await;
    let buyer = world.buyer().await;
    world.prefer(&buyer, &[("whatsapp_enabled", false), ("sms_enabled", false)]).await;
    let answer = send(&world, &buyer).await;
    assert_eq!(answer.data(202)["notification_ids"].as_array().unwrap().len(), 2);
    assert!(world.sms(&buyer.phone).await[0].starts_with("482913 is the delivery code"));
    assert_eq!(world.chat(&buyer.phone).await, ["delivery_otp: 482913 | ORD000042 | 30"]);
    assert_eq!(world.states(buyer.user_id, "delivery_otp").await, [pair("sms", "sent"), pair("whatsapp", "sent")]);
    for kept in world.kept(buyer.user_id).await {
        assert!(kept.body.starts_with("••••••"), "{}", kept.body);
    }
    // Nowhere at all: every table in whole.
    let tables = sqlx::query("SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'")
        .fetch_all(&world.db.pool)
        .await
        .unwrap();
    for table in tables {
        let name: String = table.get("name");
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {name} AS t WHERE t::text LIKE '%482913%'"));
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&world.db.pool).await.unwrap();
        assert_eq!(found, 0, "{name}");
    }
    world.said().await;
    world.service.finish().await;
}

#[tokio::test]
async fn one_channel_is_enough_and_none_is_a_refusal() {
    let world = world().await;
    let buyer = world.buyer().await;
    world.fault(json!({"system": "whatsapp", "operation": "send", "kind": "status", "value": 503})).await;
    let _ = send(&world, &buyer).await.data(202);
    assert_eq!(world.states(buyer.user_id, "delivery_otp").await, [pair("sms", "sent"), pair("whatsapp", "failed")]);
    world.fault(json!({"system": "twilio", "operation": "send", "kind": "latency", "value": 5000})).await;
    assert_eq!(send(&world, &buyer).await.code(503), "otp_not_sent");
    // The code is not kept, so nothing can be tried again.
    world.no_faults().await;
    world.later(chrono::TimeDelta::days(1)).await;
    assert_eq!(world.chat(&buyer.phone).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_services_send_codes_and_only_this_way() {
    let world = world().await;
    let buyer = world.buyer().await;
    let admin = world.people.admin(domain::AdminRole::SuperAdmin);
    assert_eq!(world.post(PATH, &admin.token, &body(&buyer)).await.code(403), "forbidden");
    let mut short = body(&buyer);
    short["code"] = json!("48291x");
    let token = world.service_token(ServiceName::VendorManagement);
    assert_eq!(world.post(PATH, &token, &short).await.code(422), "validation_failed");
    let by_template = json!({"user_id": buyer.user_id, "template": "delivery_otp",
        "variables": {"code": "482913", "order_number": "ORD000042", "valid_minutes": "30"}});
    assert_eq!(world.post("/api/v1/notifications/sms", &token, &by_template).await.code(422), "validation_failed");
    assert_eq!(world.kept(buyer.user_id).await, []);
}
