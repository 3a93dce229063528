use std::sync::Arc;
use std::time::Duration;

use context::Context;
use domain::{Clock, CorrelationId, EventId};
use pg_kit::Backoff;
use pg_kit::outbox::{self, Relay, RelaySettings};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{BrickLaid, FakeBus, World, until};

async fn lay(world: &World, wall: Uuid, rows: std::ops::Range<u32>) {
    let mut tx = world.db.pool.begin().await.unwrap();
    for row in rows {
        let event = BrickLaid { wall, row };
        outbox::append(&mut tx, world.clock.now(), &*world.ids, &world.actor(), &event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn quick() -> RelaySettings {
    RelaySettings {
        lease: Duration::from_millis(1500),
        poll: Duration::from_millis(50),
        backoff: Backoff { first: Duration::from_millis(20), longest: Duration::from_millis(50) },
        ..RelaySettings::default()
    }
}

fn relay(world: &World, bus: &Arc<FakeBus>) -> Relay {
    let sink: Arc<FakeBus> = Arc::clone(bus);
    Relay::new(world.db.pool.clone(), sink, world.clock.shared()).with_settings(quick())
}

#[tokio::test]
async fn two_relays_that_race_publish_each_event_once() {
    let world = World::new().await;
    let wall = world.ids.uuid();
    lay(&world, wall, 0..200).await;
    let bus = Arc::new(FakeBus { pause: Some(Duration::from_millis(20)), ..FakeBus::default() });
    let (one, other) = (relay(&world, &bus), relay(&world, &bus));
    let (one, other) = tokio::join!(one.sweep(), other.sweep());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.published + other.published, 200);
    assert!(one.published > 0 && other.published > 0, "{one:?} {other:?}");
    assert_eq!(bus.counts(), vec![1; 200]);
    testkit::assert_nothing_left(&world.db.pool, &*world.clock).await;
}

#[tokio::test]
async fn what_a_killed_relay_held_is_published_by_the_next_one_after_its_lease() {
    let world = World::new().await;
    lay(&world, world.ids.uuid(), 0..3).await;
    let stuck = Arc::new(FakeBus { pause: Some(Duration::from_secs(3600)), ..FakeBus::default() });
    let killed = relay(&world, &stuck);
    let killed = tokio::spawn(async move { killed.sweep().await });
    until("leasing", async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM outbox WHERE lease_id IS NOT NULL")
            .fetch_one(&world.db.pool)
            .await
            .unwrap()
            == 3
    })
    .await;
    killed.abort();
    let bus = Arc::new(FakeBus::default());
    let next = relay(&world, &bus);
    assert_eq!(next.sweep().await.unwrap().published, 0, "the lease still holds");
    until("taking over", async || next.sweep().await.unwrap().published == 3).await;
    assert_eq!(bus.counts(), vec![1; 3]);
}

#[tokio::test]
async fn only_the_entries_that_failed_are_sent_again() {
    let world = World::new().await;
    lay(&world, world.ids.uuid(), 0..10).await;
    let bus = Arc::new(FakeBus::default());
    bus.failing.lock().unwrap().extend([(3, 1), (7, 2)]);
    // A batch that is not full ends the sweep: the pauses here are so short that a second look could find them over.
    let relay = relay(&world, &bus).with_settings(RelaySettings { batch: 20, ..quick() });
    let first = relay.sweep().await.unwrap();
    assert_eq!((first.published, first.postponed), (8, 2));
    until("publishing the rest", async || {
        relay.sweep().await.unwrap();
        bus.counts() == vec![1; 10]
    })
    .await;
    testkit::assert_nothing_left(&world.db.pool, &*world.clock).await;
}

#[tokio::test]
async fn a_running_relay_is_woken_by_a_commit_and_stops_when_told() {
    let world = World::new().await;
    let bus = Arc::new(FakeBus::default());
    let sleepy = RelaySettings { poll: Duration::from_secs(3600), ..quick() };
    let relay = relay(&world, &bus).with_settings(sleepy);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(relay.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    lay(&world, world.ids.uuid(), 0..2).await;
    until("waking", async || bus.counts() == vec![1, 1]).await;
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
}

#[tokio::test]
async fn sequences_of_an_aggregate_have_no_gaps_under_concurrency() {
    let world = Arc::new(World::new().await);
    let wall = world.ids.uuid();
    let mut writers = tokio::task::JoinSet::new();
    for row in 0..40 {
        let world = Arc::clone(&world);
        writers.spawn(async move {
            let mut tx = world.db.pool.begin().await.unwrap();
            let event = BrickLaid { wall, row };
            outbox::append(&mut tx, world.clock.now(), &*world.ids, &world.actor(), &event).await.unwrap();
            // Every third change is undone, and its number with it.
            if row % 3 == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut conn = world.db.pool.acquire().await.unwrap();
    let sequences: Vec<i64> = outbox::of_aggregate(&mut conn, wall).await.unwrap().iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, (1..=26).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_event_carries_the_context_of_the_work_that_made_it() {
    let world = World::new().await;
    let context = Context {
        correlation_id: CorrelationId::new(world.ids.uuid()),
        causation_id: Some(EventId::new(world.ids.uuid())),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
    };
    context::scope(context.clone(), lay(&world, world.ids.uuid(), 0..1)).await;
    let events = testkit::drain_outbox(&world.db.pool).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.correlation_id, context.correlation_id);
    assert_eq!(event.causation_id, context.causation_id);
    assert_eq!(event.traceparent, context.traceparent);
    assert_eq!(event.occurred_at, world.clock.now());
    assert_eq!(event.parse::<BrickLaid>().unwrap().row, 0);
    assert!(testkit::drain_outbox(&world.db.pool).await.is_empty());
}

#[tokio::test]
async fn a_batch_of_events_goes_in_at_once_each_with_its_own_aggregate_sequence_and_correlation() {
    let world = World::new().await;
    let walls: Vec<Uuid> = (0..3).map(|_| world.ids.uuid()).collect();
    lay(&world, walls[1], 0..2).await;
    let correlations: Vec<CorrelationId> = walls.iter().map(|_| world.ids.next()).collect();
    let events: Vec<(Context, BrickLaid)> = walls
        .iter()
        .zip(&correlations)
        .map(|(wall, correlation)| (Context::new(*correlation), BrickLaid { wall: *wall, row: 9 }))
        .collect();
    let mut tx = world.db.pool.begin().await.unwrap();
    outbox::append_all(&mut tx, world.clock.now(), &*world.ids, &world.actor(), &events).await.unwrap();
    outbox::append_all::<BrickLaid>(&mut tx, world.clock.now(), &*world.ids, &world.actor(), &[]).await.unwrap();
    for (at, wall) in walls.iter().enumerate() {
        let last = outbox::of_aggregate(&mut tx, *wall).await.unwrap().pop().unwrap();
        assert_eq!(last.sequence, if at == 1 { 3 } else { 1 });
        assert_eq!(last.correlation_id, correlations[at]);
        assert_eq!(last.data["row"], 9);
    }
}

#[tokio::test]
async fn an_event_that_a_statement_appends_is_numbered_and_published_like_any_other() {
    let world = World::new().await;
    let wall = world.ids.uuid();
    lay(&world, wall, 0..1).await;
    let mut conn = world.db.pool.acquire().await.unwrap();
    let (event_id, correlation_id) = (world.ids.uuid(), world.ids.uuid());
    let number: i64 = sqlx::query_scalar(
        "SELECT append_event($1, 'BrickLaid', 1::smallint, $2, $3, $4, NULL, NULL, $5, jsonb_build_object('wall', $3, 'row', 1))",
    )
    .bind(event_id)
    .bind(world.clock.now())
    .bind(wall)
    .bind(correlation_id)
    .bind(serde_json::to_value(world.actor()).unwrap())
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert_eq!(number, 2);
    lay(&world, wall, 2..3).await;
    let all = outbox::of_aggregate(&mut conn, wall).await.unwrap();
    assert_eq!(all.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((all[1].event_id, all[1].correlation_id), (EventId::new(event_id), CorrelationId::new(correlation_id)));
    let laid: BrickLaid = all[1].parse().unwrap();
    assert_eq!((laid.wall, laid.row), (wall, 1));
    drop(conn);
    let bus = Arc::new(FakeBus::default());
    assert_eq!(relay(&world, &bus).sweep().await.unwrap().published, 3);
    testkit::assert_nothing_left(&world.db.pool, &*world.clock).await;
}
