//! Deliveries: who brings them and when, what the buyer sees of it, and proofs that were tampered with.

use domain::{AdminRole, PaymentMethod};
use serde_json::{Value, json};

use crate::support::{Fine as _, World, confirmed};

async fn put(world: &World, path: &str, body: &Value) -> testkit::Answer {
    world.service.put(&format!("{path}/status"), &world.vendor(), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_planned_for_a_day_and_slot_and_given_to_a_helper() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    let mut placed = confirmed(&order, world.now());
    placed.delivery_date = Some("2026-11-18".parse().unwrap());
    placed.delivery_slot = Some(domain::Slot::Morning);
    world.tell(&placed).await;
    let found = world.service.get(&format!("/api/v1/deliveries/order/{}", order.order_id), &world.vendor()).await;
    assert_eq!(
        (&found.data(200)["scheduled_date"], &found.data(200)["scheduled_slot"]),
        (&json!("2026-11-18"), &json!("morning"))
    );
    let path = format!("/api/v1/deliveries/{}", found.data(200)["id"].as_str().unwrap());
    world.service.said().await;
    let helper = json!({"name": "Raju", "phone": "9848055555"});
    let assigned = put(&world, &path, &json!({"status": "assigned", "helper": helper})).await;
    assert_eq!(assigned.data(200)["helper"], json!({"name": "Raju", "phone": "+919848055555"}));
    assert_eq!(assigned.data(200)["scheduled_date"], "2026-11-18");
    let again = json!({"status": "assigned", "scheduled_date": "2026-11-19", "scheduled_slot": "evening", "notes": "rain"});
    let again = put(&world, &path, &again).await;
    assert_eq!((&again.data(200)["scheduled_slot"], &again.data(200)["helper"]["name"]), (&json!("evening"), &json!("Raju")));
    for bad in [
        json!({"status": "assigned", "scheduled_date": "2026-11-15"}),
        json!({"status": "assigned", "scheduled_date": "2027-01-16"}),
        json!({"status": "assigned", "scheduled_slot": "evening"}),
        json!({"status": "in_transit", "scheduled_date": "2026-11-19"}),
        json!({"status": "assigned", "helper": {"name": "R", "phone": "9848055555"}}),
        json!({"status": "assigned", "helper": {"name": "Raju", "phone": "12"}}),
    ] {
        assert_eq!(put(&world, &path, &bad).await.code(422), "validation_failed", "{bad}");
    }
    let said = world.service.said().await;
    let types: Vec<&str> = said.iter().map(|e| e.r#type.as_str()).collect();
    assert_eq!(types, ["DeliveryAssigned", "DeliveryAssigned"]);
    assert_eq!(said[1].data["scheduled_date"], "2026-11-19");
    assert!(!serde_json::to_string(&said).unwrap().contains("9848055555"));
    let seen = world.service.get(&path, &world.vendor()).await;
    let history = seen.data(200)["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[2]["notes"]), (3, &json!("rain")));
    assert_eq!(history[2]["changed_by"], json!(world.vendor.user_id));
    assert_eq!(history[2]["changed_via"], "web");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_sees_where_it_is_and_who_brings_it_while_it_is_on_its_way_only() {
    let world = World::selling().await;
    let path = world.delivery().await;
    let helper = json!({"name": "Raju", "phone": "9848055555"});
    put(&world, &path, &json!({"status": "assigned", "helper": helper, "latitude": 17.49, "longitude": 78.39})).await.fine(200);
    let places = |seen: &Value| -> Vec<Value> {
        seen["history"].as_array().unwrap().iter().map(|h| h["latitude"].clone()).filter(|l| !l.is_null()).collect()
    };
    let waiting = world.service.get(&path, &world.buyer()).await;
    assert_eq!((&waiting.data(200)["position"], &waiting.data(200)["helper"]), (&Value::Null, &Value::Null));
    assert!(places(waiting.data(200)).is_empty());
    world.service.clock.advance(chrono::TimeDelta::minutes(1));
    put(&world, &path, &json!({"status": "in_transit", "latitude": 17.46, "longitude": 78.38})).await.fine(200);
    world.service.clock.advance(chrono::TimeDelta::minutes(1));
    put(&world, &path, &json!({"status": "in_transit", "latitude": 17.45, "longitude": 78.38})).await.fine(200);
    let live = world.service.get(&path, &world.buyer()).await;
    assert_eq!((&live.data(200)["position"]["latitude"], &live.data(200)["helper"]["name"]), (&json!(17.45), &json!("Raju")));
    assert_eq!(places(live.data(200)), [json!(17.46), json!(17.45)], "where the vendor was before is not told");
    put(&world, &path, &json!({"status": "failed", "notes": "nobody at home"})).await.fine(200);
    let over = world.service.get(&path, &world.buyer()).await;
    assert_eq!((&over.data(200)["position"], &over.data(200)["helper"]), (&Value::Null, &Value::Null));
    assert!(places(over.data(200)).is_empty());
    let vendors = world.service.get(&path, &world.vendor()).await;
    assert_eq!(places(vendors.data(200)).len(), 3, "the vendor's own history is whole");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_with_proofs_is_named_and_nothing_is_approved_on_it() {
    let world = World::selling().await;
    let path = world.on_its_way().await;
    for (kind, notes) in [("signature", "signed"), ("document", "note"), ("photo", "at the gate")] {
        let media = world.file_of(world.vendor.user_id).await;
        let body = json!({"media_id": media, "proof_type": kind, "notes": notes,
                          "latitude": 17.443_512_349_9, "longitude": 78.377_212_345_5});
        world.service.post(&format!("{path}/upload-proof"), &world.vendor(), &body).await.fine(201);
    }
    let chain = || async { world.service.get(&path, &world.vendor()).await.data(200)["proof_chain"].clone() };
    assert_eq!(chain().await, json!({"intact": true}));
    let pool = &world.service.db.pool;
    let tamper = |sql: &'static str| async move {
        let all = format!("ALTER TABLE delivery_proof DISABLE TRIGGER delivery_proof_is_kept; {sql}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(all)).execute(pool).await.unwrap();
    };
    for (there, back, named) in [
        (
            "UPDATE delivery_proof SET notes = 'at the door' WHERE position = 3",
            "UPDATE delivery_proof SET notes = 'at the gate' WHERE position = 3",
            "proof 3 was changed",
        ),
        (
            "UPDATE delivery_proof SET uploaded_at = uploaded_at + interval '1 hour' WHERE position = 2",
            "UPDATE delivery_proof SET uploaded_at = uploaded_at - interval '1 hour' WHERE position = 2",
            "proof 2 was changed",
        ),
        (
            "UPDATE delivery_proof SET latitude = latitude + 0.0000001 WHERE position = 1",
            "UPDATE delivery_proof SET latitude = latitude - 0.0000001 WHERE position = 1",
            "proof 1 was changed",
        ),
    ] {
        tamper(there).await;
        assert_eq!(chain().await, json!({"intact": false, "broken": named}));
        tamper(back).await;
        assert_eq!(chain().await, json!({"intact": true}));
    }
    tamper("DELETE FROM delivery_proof WHERE position = 2").await;
    assert_eq!(chain().await["broken"], "proof 2 is missing");
    tamper("DELETE FROM delivery_proof WHERE position = 1; UPDATE delivery_proof SET position = 1").await;
    assert_eq!(chain().await["broken"], "proof 1 does not follow the one before it");
    let approve = format!("{path}/approve-proof");
    let refused = world.service.post(&approve, &world.staff(AdminRole::Operations), &json!({})).await;
    assert_eq!(refused.code(409), "proof_chain_broken");
    tamper("DELETE FROM delivery_proof").await;
    assert_eq!(chain().await["broken"], "proof 1 is missing", "the end is known apart from the proofs");
    world.service.said().await;
    world.service.finish().await;
}
