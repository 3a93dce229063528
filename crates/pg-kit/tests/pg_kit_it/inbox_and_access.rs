use std::sync::Arc;

use chrono::TimeDelta;
use domain::{Clock, EventId, UserId, UserStatus};
use pg_kit::access::{self, AccessChange};
use pg_kit::{DbError, inbox};

use crate::support::World;

#[tokio::test]
async fn of_many_deliveries_at_once_exactly_one_is_the_first() {
    let world = Arc::new(World::new().await);
    let event = EventId::new(world.ids.uuid());
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let world = Arc::clone(&world);
        deliveries.spawn(async move {
            let mut tx = world.db.pool.begin().await.unwrap();
            let first = inbox::first_time(&mut tx, "order", event, world.clock.now()).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            tx.commit().await.unwrap();
            first
        });
    }
    assert_eq!(deliveries.join_all().await.into_iter().filter(|first| *first).count(), 1);
    let mut conn = world.db.pool.acquire().await.unwrap();
    assert!(inbox::first_time(&mut conn, "notification", event, world.clock.now()).await.unwrap());
}

#[tokio::test]
async fn an_effect_that_was_rolled_back_leaves_the_event_untaken() {
    let world = World::new().await;
    let event = EventId::new(world.ids.uuid());
    let mut tx = world.db.pool.begin().await.unwrap();
    assert!(inbox::first_time(&mut tx, "order", event, world.clock.now()).await.unwrap());
    tx.rollback().await.unwrap();
    let mut conn = world.db.pool.acquire().await.unwrap();
    assert!(inbox::first_time(&mut conn, "order", event, world.clock.now()).await.unwrap());
    let later = world.clock.now() + TimeDelta::seconds(1);
    assert_eq!(inbox::purge(&mut conn, later).await.unwrap(), 1);
}

#[tokio::test]
async fn the_access_list_moves_only_forward() {
    let world = World::new().await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    let suspended = AccessChange {
        firebase_uid: "uid-1".into(),
        user_id: UserId::new(world.ids.uuid()),
        status: UserStatus::Suspended,
        changed_at: world.clock.now(),
    };
    let older = AccessChange {
        status: UserStatus::Active,
        changed_at: suspended.changed_at - TimeDelta::seconds(1),
        ..suspended.clone()
    };
    assert!(access::record(&mut conn, &suspended).await.unwrap());
    assert!(!access::record(&mut conn, &older).await.unwrap());
    assert!(!access::record(&mut conn, &suspended).await.unwrap());
    assert_eq!(access::load_all(&mut conn).await.unwrap(), [suspended]);
}

#[tokio::test]
async fn errors_are_told_apart_by_kind_and_constraint() {
    let world = World::new().await;
    let insert = || {
        sqlx::query("INSERT INTO access_changes VALUES ('uid-1', gen_random_uuid(), 'active', $1)")
            .bind(world.clock.now())
            .execute(&world.db.pool)
    };
    insert().await.unwrap();
    let twice = DbError::from(insert().await.unwrap_err());
    assert!(twice.is_unique_violation("access_changes_pkey"));
    assert!(!twice.is_unique_violation("another_pkey") && !twice.is_transient());
    let slow = sqlx::raw_sql("SET statement_timeout = 50; SELECT pg_sleep(5)").execute(&world.db.pool).await;
    assert!(DbError::from(slow.unwrap_err()).is_transient());
}
