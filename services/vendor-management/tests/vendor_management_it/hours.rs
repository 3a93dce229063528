//! When shops are open.

use domain::AdminRole;
use serde_json::{Value, json};

use crate::support::{Fine as _, World};

fn path(world: &World) -> String {
    format!("/api/v1/vendors/{}/availability", world.vendor.vendor_id)
}

async fn anyone(world: &World) -> Value {
    world.service.send(reqwest::Method::GET, &path(world), None, None, &[]).await.data(200).clone()
}

/// What other services are told: the same as in events.
async fn told(world: &World) -> Value {
    let token = world.service.service_token(domain::ServiceName::Order);
    let facts = world.service.get(&format!("/internal/v1/vendors/{}", world.vendor.vendor_id), &token).await;
    facts.data(200)["is_accepting_orders"].clone()
}

fn weekdays(opens: &str, closes: &str) -> Value {
    ["mon", "tue", "wed", "thu", "fri"].iter().map(|day| json!({"day": day, "opens": opens, "closes": closes})).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_opens_and_closes_by_its_hours_and_the_others_hear_of_each_change_once() {
    let world = World::selling().await;
    world.service.said().await;
    // Monday, 16 November, ten in the morning in India.
    world.at("2026-11-16T04:30:00Z");
    let set = world.service.put(&path(&world), &world.vendor(), &json!({"working_hours": weekdays("09:00", "18:00")})).await;
    let set = set.data(200);
    assert_eq!((&set["can_take_orders"], &set["next_change_at"]), (&json!(true), &json!("2026-11-16T12:30:00Z")));
    assert!(world.service.said_types().await.is_empty(), "nothing changed for the others");
    world.at("2026-11-16T12:30:00Z");
    assert_eq!(anyone(&world).await["can_take_orders"], false, "by the clock, before any job ran");
    world.service.run_due_jobs().await;
    assert_eq!(told(&world).await, false);
    let said = world.service.said().await;
    assert_eq!((said.len(), &said[0].data["is_accepting_orders"]), (1, &json!(false)));
    let available = "/api/v1/vendors/available?pincode=500032";
    assert!(world.service.get(available, &world.buyer()).await.data(200).as_array().unwrap().is_empty());
    // The plain switch is beside the hours, not instead of them.
    let seen = anyone(&world).await;
    assert_eq!((&seen["is_accepting_orders"], &seen["open_by_hours"]), (&json!(true), &json!(false)));
    world.at("2026-11-17T03:30:00Z");
    world.service.run_due_jobs().await;
    assert_eq!(told(&world).await, true);
    assert_eq!(world.service.said_types().await, ["VendorAvailabilityChanged"]);
    // Switched off, the hours turn over in silence.
    world.service.put(&path(&world), &world.vendor(), &json!({"is_accepting_orders": false})).await.fine(200);
    world.service.said().await;
    world.at("2026-11-17T12:30:00Z");
    world.service.run_due_jobs().await;
    assert!(world.service.said_types().await.is_empty());
    let forever =
        world.service.put(&path(&world), &world.vendor(), &json!({"is_accepting_orders": true, "working_hours": null})).await;
    assert_eq!((&forever.data(200)["can_take_orders"], &forever.data(200)["working_hours"]), (&json!(true), &Value::Null));
    world.service.said().await;
    world.service.run_due_jobs().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_holiday_the_shop_is_closed_and_opens_again_by_itself() {
    let world = World::selling().await;
    world.at("2026-11-16T04:30:00Z");
    let set = json!({"holidays": ["2026-11-17", "2026-11-17", "2026-11-01"]});
    let set = world.service.put(&path(&world), &world.vendor(), &set).await;
    assert_eq!(set.data(200)["holidays"], json!(["2026-11-17"]));
    world.at("2026-11-16T18:30:00Z");
    world.service.run_due_jobs().await;
    assert_eq!((told(&world).await, anyone(&world).await["can_take_orders"].clone()), (json!(false), json!(false)));
    world.at("2026-11-17T18:30:00Z");
    world.service.run_due_jobs().await;
    assert_eq!(told(&world).await, true);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_make_no_sense_are_refused_and_only_the_vendor_sets_them() {
    let world = World::selling().await;
    for bad in [
        json!({}),
        json!({"working_hours": weekdays("18:00", "09:00")}),
        json!({"working_hours": [{"day": "mon", "opens": "09:00", "closes": "12:00"}, {"day": "mon", "opens": "11:00", "closes": "18:00"}]}),
        json!({"working_hours": [{"day": "funday", "opens": "09:00", "closes": "12:00"}]}),
        json!({"working_hours": [{"day": "mon", "opens": "9", "closes": "12:00"}]}),
        json!({"working_hours": [{"day": "mon", "opens": "09:00", "closes": "12:00", "lunch": true}]}),
        json!({"holidays": ["2026-13-01"]}),
    ] {
        let answer = world.service.put(&path(&world), &world.vendor(), &bad).await;
        assert_eq!(answer.code(422), "validation_failed", "{bad}");
    }
    let fine = json!({"working_hours": []});
    assert_eq!(world.service.put(&path(&world), &world.staff(AdminRole::Operations), &fine).await.code(403), "forbidden");
    let other = world.register("+919848099999").await;
    assert_eq!(world.service.put(&path(&world), &other.token, &fine).await.code(403), "forbidden");
    assert_eq!(anyone(&world).await["working_hours"], Value::Null);
    world.service.said().await;
    world.service.finish().await;
}
