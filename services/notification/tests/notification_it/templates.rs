//! Templates are checked when they are saved, and every change is a version.

use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};

use crate::samples::{Order, with};
use crate::support::world;

const PATH: &str = "/api/v1/notifications/templates";

fn notice() -> Value {
    json!({"template_name": "monsoon_notice", "template_type": "sms", "language": "en", "category": "account",
        "body": "Deliveries may be late: {{ reason }}.", "variables": [{"name": "reason", "sample": "flooded roads"}]})
}

#[tokio::test]
async fn a_template_with_a_missing_variable_is_refused_when_it_is_saved() {
    let world = world().await;
    let admin = world.people.admin(AdminRole::Operations);
    let hole = with(notice(), json!({"variables": []}));
    let answer = world.post(PATH, &admin.token, &hole).await;
    assert_eq!(answer.code(422), "validation_failed");
    assert_eq!(answer.body["error"]["details"][0]["field"], "body");
    for odd in [
        json!({"body": "{{ reason"}),
        json!({"subject": "An SMS has none"}),
        json!({"html_body": "<p>{{ reason }}</p>"}),
        json!({"whatsapp_template_id": "x"}),
        json!({"template_type": "whatsapp"}),
        json!({"template_type": "email"}),
        json!({"colour": "red"}),
        json!({"language": "fr"}),
        json!({"template_name": "Monsoon"}),
    ] {
        assert_eq!(world.post(PATH, &admin.token, &with(notice(), odd.clone())).await.code(422), "validation_failed", "{odd}");
    }
    // Those who send this template give no driver.
    let known = with(
        notice(),
        json!({"template_name": "order_confirmed", "language": "en", "category": "order",
        "body": "{{ driver }}", "variables": [{"name": "driver", "sample": "Ravi"}]}),
    );
    assert_eq!(world.post(PATH, &admin.token, &known).await.status, 409);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM notification_templates WHERE NOT seeded")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    let support = world.people.admin(AdminRole::Support);
    assert_eq!(world.post(PATH, &support.token, &notice()).await.code(403), "forbidden");
}

#[tokio::test]
async fn a_changed_template_is_a_new_version_and_only_the_newest_is_changed() {
    let world = world().await;
    let admin = world.people.admin(AdminRole::Operations);
    let first = world.post(PATH, &admin.token, &notice()).await.data(201).clone();
    assert_eq!(world.post(PATH, &admin.token, &notice()).await.code(409), "template_exists");
    let at = |template: &Value| format!("{PATH}/{}", template["id"].as_str().unwrap());
    let change = json!({"body": "Late: {{ reason }}", "variables": [{"name": "reason", "sample": "rain"}]});
    let second = world.put(&at(&first), &admin.token, &change).await.data(200).clone();
    assert_eq!((&second["version"], &second["is_active"]), (&json!(2), &json!(true)));
    assert_eq!(world.put(&at(&first), &admin.token, &change).await.code(409), "not_newest_version");
    let shown = world.post(&format!("{}/preview", at(&second)), &admin.token, &json!({"variables": {"reason": "<fog>"}})).await;
    assert_eq!(shown.data(200)["body"], "Late: <fog>");
    let listed = world.get(&format!("{PATH}?name=monsoon_notice"), &admin.token).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
    let listed = world.get(&format!("{PATH}?name=monsoon_notice&all_versions=true"), &admin.token).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 2);
    assert_eq!(world.said_types().await, ["AuditRecorded", "AuditRecorded"]);
}

#[tokio::test]
async fn what_staff_writes_is_what_people_get_and_starting_again_does_not_undo_it() {
    let world = world().await;
    let admin = world.people.admin(AdminRole::Operations);
    let listed = world.get(&format!("{PATH}?name=new_order&channel=in_app&language=en"), &admin.token).await;
    let seeded = listed.data(200)[0].clone();
    assert_eq!(seeded["seeded"], true);
    let at = format!("{PATH}/{}", seeded["id"].as_str().unwrap());
    let variables = json!([{"name": "order_number", "sample": "ORD000001"}]);
    let unknown = json!({"subject": "New", "body": "{{ driver }}", "variables": [{"name": "driver", "sample": "Ravi"}]});
    assert_eq!(world.put(&at, &admin.token, &unknown).await.code(422), "validation_failed");
    let change = json!({"subject": "Work!", "body": "Look at {{ order_number }}.", "variables": variables});
    let _ = world.put(&at, &admin.token, &change).await.data(200);
    let config = std::sync::Arc::unwrap_or_clone(world.app.config.clone());
    notification::App::build(world.app.kit.clone(), config).await.unwrap();
    let (buyer, vendor) = (world.buyer().await, world.vendor().await);
    world.happen(ServiceName::Payment, &Order::new(&buyer, &vendor, "online").captured()).await;
    assert_eq!(world.one(vendor.user_id, "new_order", "in_app").await.body, "Look at ORD000042.");
    let versions: i64 = sqlx::query_scalar("SELECT count(*) FROM notification_templates WHERE version > 1")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(versions, 1);
}
