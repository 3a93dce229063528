use std::time::Duration;

use chrono::TimeDelta;
use domain::Clock;
use pg_kit::idempotency::{self, Begin, Claim, RecordId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::World;

fn claim<'a>(world: &World, key: &'a str, body: &Value) -> Claim<'a> {
    Claim { caller: "buyer-1", operation: "orders.create", key, body_hash: idempotency::hash(body), now: world.clock.now() }
}

async fn begin(world: &World, conn: &mut PgConnection, key: &str, body: &Value) -> Begin {
    idempotency::begin(conn, &claim(world, key, body)).await.unwrap()
}

fn record(begun: &Begin) -> RecordId {
    match begun {
        Begin::New(id) => *id,
        other => panic!("expected a new record, got {other:?}"),
    }
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_answer() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    let id = record(&begin(&world, &mut conn, "k", &json!({"bags": 50, "site": "a"})).await);
    let order = world.ids.uuid();
    idempotency::set_resource(&mut conn, id, order).await.unwrap();
    let same = json!({"site": "a", "bags": 50});
    assert_eq!(begin(&world, &mut conn, "k", &same).await, Begin::InProgress { resource_id: Some(order) });
    let answer = json!({"data": {"order_number": "ORD000001"}});
    idempotency::complete(&mut conn, id, 201, &answer, world.clock.now()).await.unwrap();
    idempotency::complete(&mut conn, id, 500, &json!({}), world.clock.now()).await.unwrap();
    let again = begin(&world, &mut conn, "k", &same).await;
    assert_eq!(again, Begin::Replay { status: 201, body: answer, resource_id: Some(order) });
}

#[tokio::test]
async fn another_body_under_the_same_key_is_told_apart_and_another_caller_is_not_concerned() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    record(&begin(&world, &mut conn, "k", &json!({"bags": 50})).await);
    assert_eq!(begin(&world, &mut conn, "k", &json!({"bags": 51})).await, Begin::Reused);
    let other = Claim { caller: "buyer-2", ..claim(&world, "k", &json!({"bags": 51})) };
    record(&idempotency::begin(&mut conn, &other).await.unwrap());
}

#[tokio::test]
async fn of_two_at_once_one_works_and_the_other_waits_for_its_end() {
    let world = World::new().await;
    let body = json!({"bags": 50});
    let mut first = world.db.pool.begin().await.unwrap();
    let id = record(&begin(&world, &mut first, "k", &body).await);
    let second = async {
        let mut tx = world.db.pool.begin().await.unwrap();
        begin(&world, &mut tx, "k", &body).await
    };
    let finish = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        idempotency::complete(&mut first, id, 201, &json!({"data": 1}), world.clock.now()).await.unwrap();
        first.commit().await.unwrap();
    };
    let (second, ()) = tokio::join!(second, finish);
    assert!(matches!(second, Begin::Replay { status: 201, .. }), "{second:?}");
}

#[tokio::test]
async fn who_waits_too_long_for_another_one_is_told_that_it_is_in_progress() {
    let world = World::new().await;
    let body = json!({"bags": 50});
    let mut first = world.db.pool.begin().await.unwrap();
    record(&begin(&world, &mut first, "k", &body).await);
    let mut second = world.db.pool.begin().await.unwrap();
    sqlx::query("SET LOCAL lock_timeout = '100ms'").execute(&mut *second).await.unwrap();
    assert_eq!(begin(&world, &mut second, "k", &body).await, Begin::InProgress { resource_id: None });
}

#[tokio::test]
async fn nothing_is_kept_of_a_request_that_was_rolled_back() {
    let world = World::new().await;
    let mut refused = world.db.pool.begin().await.unwrap();
    record(&begin(&world, &mut refused, "k", &json!({"bags": -1})).await);
    refused.rollback().await.unwrap();
    let mut conn = world.db.pool.acquire().await.unwrap();
    record(&begin(&world, &mut conn, "k", &json!({"bags": 1})).await);
}

#[tokio::test]
async fn after_a_day_a_key_is_free_again_before_or_after_the_purge() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    for key in ["unpurged", "purged"] {
        let id = record(&begin(&world, &mut conn, key, &json!(1)).await);
        idempotency::complete(&mut conn, id, 200, &json!({}), world.clock.now()).await.unwrap();
    }
    world.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(idempotency::purge(&mut conn, world.clock.now()).await.unwrap(), 0);
    assert_eq!(begin(&world, &mut conn, "unpurged", &json!(2)).await, Begin::Reused);
    world.clock.advance(TimeDelta::seconds(1));
    let fresh = record(&begin(&world, &mut conn, "unpurged", &json!(2)).await);
    assert_eq!(begin(&world, &mut conn, "unpurged", &json!(2)).await, Begin::InProgress { resource_id: None });
    assert_eq!(idempotency::purge(&mut conn, world.clock.now()).await.unwrap(), 1, "only the other one is old");
    record(&begin(&world, &mut conn, "purged", &json!(2)).await);
    idempotency::forget(&mut conn, fresh).await.unwrap();
    record(&begin(&world, &mut conn, "unpurged", &json!(3)).await);
}

#[tokio::test]
async fn whoever_finishes_an_orphaned_request_answers_it_by_its_resource() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    let id = record(&begin(&world, &mut conn, "k", &json!(1)).await);
    let order = world.ids.uuid();
    idempotency::set_resource(&mut conn, id, order).await.unwrap();
    let now = world.clock.now();
    idempotency::complete_for_resource(&mut conn, "orders.create", order, 201, &json!({"n": 1}), now).await.unwrap();
    let again = begin(&world, &mut conn, "k", &json!(1)).await;
    assert_eq!(again, Begin::Replay { status: 201, body: json!({"n": 1}), resource_id: Some(order) });
}
