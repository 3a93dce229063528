use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use context::Context;
use domain::{Clock, CorrelationId};
use pg_kit::Backoff;
use pg_kit::jobs::{self, Job, JobError, JobWorker, NewJob, WorkerSettings};
use serde_json::json;
use sqlx::Row;
use tokio_util::sync::CancellationToken;

use crate::support::{World, until};

fn job(world: &World, in_seconds: i64, key: Option<&str>) -> NewJob {
    NewJob {
        id: world.ids.uuid(),
        kind: "remind",
        payload: json!({"order": 1}),
        run_at: world.clock.now() + TimeDelta::seconds(in_seconds),
        dedupe_key: key.map(str::to_owned),
    }
}

async fn enqueue(world: &World, job: &NewJob) -> bool {
    let mut conn = world.db.pool.acquire().await.unwrap();
    jobs::enqueue(&mut conn, job).await.unwrap()
}

fn settings() -> WorkerSettings {
    WorkerSettings {
        lease: Duration::from_millis(1500),
        poll: Duration::from_millis(50),
        backoff: Backoff { first: Duration::from_secs(60), longest: Duration::from_secs(600) },
        max_attempts: 4,
        ..WorkerSettings::default()
    }
}

fn worker(world: &World) -> JobWorker {
    JobWorker::new(world.db.pool.clone(), world.clock.shared()).with_settings(settings())
}

async fn state(world: &World, job: &NewJob) -> (String, i32, Option<String>) {
    let row = sqlx::query("SELECT state, attempts, last_error FROM jobs WHERE id = $1")
        .bind(job.id)
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn a_job_runs_at_its_time_by_the_services_clock_and_once() {
    let world = World::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let worker = worker(&world).on("remind", move |job: Job| {
        assert_eq!(job.parse::<serde_json::Value>().unwrap(), json!({"order": 1}));
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    let reminder = job(&world, 3600, None);
    enqueue(&world, &reminder).await;
    assert_eq!(worker.run_due().await.unwrap(), 0);
    world.clock.advance(TimeDelta::seconds(3600));
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(worker.run_due().await.unwrap(), 0);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(state(&world, &reminder).await, ("done".into(), 1, None));
}

#[tokio::test]
async fn a_failing_job_is_tried_again_later_and_later_and_fails_in_the_end() {
    let world = World::new().await;
    let worker = worker(&world).on("remind", |_| async { Err(JobError::retry("no answer")) });
    let reminder = job(&world, 0, None);
    enqueue(&world, &reminder).await;
    for (attempt, pause) in [(1, 60), (2, 120), (3, 240)] {
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(state(&world, &reminder).await, ("pending".into(), attempt, Some("no answer".into())));
        world.clock.advance(TimeDelta::seconds(pause - 1));
        assert_eq!(worker.run_due().await.unwrap(), 0, "too early after try {attempt}");
        world.clock.advance(TimeDelta::seconds(pause / 3 + 1));
    }
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(state(&world, &reminder).await, ("failed".into(), 4, Some("no answer".into())));
}

#[tokio::test]
async fn a_handler_may_name_the_pause_or_give_up_at_once() {
    let world = World::new().await;
    let worker = worker(&world).on("remind", |job: Job| async move {
        match job.attempt {
            1 => Err(JobError::retry_after(Duration::from_secs(5), "busy")),
            _ => Err(JobError::fail("no such order")),
        }
    });
    let reminder = job(&world, 0, None);
    enqueue(&world, &reminder).await;
    worker.run_due().await.unwrap();
    world.clock.advance(TimeDelta::seconds(5));
    worker.run_due().await.unwrap();
    assert_eq!(state(&world, &reminder).await, ("failed".into(), 2, Some("no such order".into())));
}

#[tokio::test]
async fn a_panicking_handler_costs_one_try_and_not_the_worker() {
    let world = World::new().await;
    let worker = worker(&world).on("remind", |job: Job| async move {
        assert!(job.attempt > 1, "the first try panics");
        Ok(())
    });
    let reminder = job(&world, 0, None);
    enqueue(&world, &reminder).await;
    worker.run_due().await.unwrap();
    assert_eq!(state(&world, &reminder).await, ("pending".into(), 1, Some("the handler panicked".into())));
    world.clock.advance(TimeDelta::seconds(120));
    worker.run_due().await.unwrap();
    assert_eq!(state(&world, &reminder).await.0, "done");
}

#[tokio::test]
async fn a_killed_workers_job_is_taken_over_after_its_lease() {
    let world = World::new().await;
    let reminder = job(&world, 0, None);
    enqueue(&world, &reminder).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = Mutex::new(Some(begun));
    let killed = worker(&world).on("remind", move |_| {
        begun.lock().unwrap().take().unwrap().send(()).unwrap();
        std::future::pending()
    });
    let killed = tokio::spawn(async move { killed.run_due().await });
    has_begun.await.unwrap();
    killed.abort();
    let next = worker(&world).on("remind", |_| async { Ok(()) });
    assert_eq!(next.run_due().await.unwrap(), 0, "the lease still holds");
    until("taking over", async || next.run_due().await.unwrap() == 1).await;
    assert_eq!(state(&world, &reminder).await, ("done".into(), 2, None));
}

#[tokio::test]
async fn a_key_stands_for_one_unfinished_job_and_cancels_it() {
    let world = World::new().await;
    let (first, second) = (job(&world, 60, Some("expire:1")), job(&world, 10, Some("expire:1")));
    assert!(enqueue(&world, &first).await);
    assert!(!enqueue(&world, &second).await);
    let mut conn = world.db.pool.acquire().await.unwrap();
    assert!(jobs::cancel(&mut conn, "expire:1", world.clock.now()).await.unwrap());
    assert!(!jobs::cancel(&mut conn, "expire:1", world.clock.now()).await.unwrap());
    drop(conn);
    assert!(enqueue(&world, &second).await);
    world.clock.advance(TimeDelta::seconds(100));
    let worker = worker(&world).on("remind", |_| async { Ok(()) });
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(state(&world, &first).await.0, "cancelled");
    assert_eq!(state(&world, &second).await.0, "done");
}

#[tokio::test]
async fn a_job_runs_in_the_context_it_was_enqueued_in() {
    let world = World::new().await;
    let context = Context {
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..Context::new(CorrelationId::new(world.ids.uuid()))
    };
    context::scope(context.clone(), enqueue(&world, &job(&world, 0, None))).await;
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let worker = worker(&world).on("remind", move |_| {
        let kept = Arc::clone(&kept);
        async move {
            *kept.lock().unwrap() = Some(context::current());
            Ok(())
        }
    });
    worker.run_due().await.unwrap();
    assert_eq!(seen.lock().unwrap().clone(), Some(context));
}

#[tokio::test]
async fn a_running_worker_is_woken_sees_the_clock_jump_and_finishes_what_it_began() {
    let world = World::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let worker = worker(&world).on("remind", move |_| {
        let counted = Arc::clone(&counted);
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(worker.run(shutdown.clone()));
    for _ in 0..6 {
        enqueue(&world, &job(&world, 0, None)).await;
    }
    enqueue(&world, &job(&world, 7200, None)).await;
    until("running what is due", async || runs.load(Ordering::SeqCst) == 6).await;
    let leased = async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM jobs WHERE lease_id IS NOT NULL")
            .fetch_one(&world.db.pool)
            .await
            .unwrap()
    };
    until("settling", async || leased().await == 0).await;
    world.clock.advance(TimeDelta::hours(2));
    until("taking up the last one", async || leased().await == 1).await;
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 7, "the job under way was finished");
    testkit::assert_nothing_left(&world.db.pool, &*world.clock).await;
}

#[tokio::test]
async fn a_job_finished_in_its_effects_transaction_stays_finished() {
    let world = World::new().await;
    let reminder = job(&world, 0, None);
    enqueue(&world, &reminder).await;
    let (pool, clock) = (world.db.pool.clone(), world.clock.shared());
    let worker = worker(&world).on("remind", move |job: Job| {
        let (pool, clock) = (pool.clone(), clock.clone());
        async move {
            let mut tx = pool.begin().await?;
            jobs::complete(&mut tx, &job, clock.now()).await?;
            tx.commit().await?;
            Err(JobError::retry("died right after the commit"))
        }
    });
    worker.run_due().await.unwrap();
    assert_eq!(state(&world, &reminder).await, ("done".into(), 1, None));
}

#[tokio::test]
async fn a_running_worker_is_woken_by_what_is_due_and_sleeps_on_over_what_is_not() {
    let world = World::new().await;
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ran);
    let sleepy = WorkerSettings { poll: Duration::from_secs(3600), ..settings() };
    let worker = worker(&world).with_settings(sleepy).on("remind", move |job: Job| {
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().unwrap().push(job.id);
            Ok(())
        }
    });
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(worker.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (later, now) = (job(&world, 60, None), job(&world, 0, None));
    assert!(enqueue(&world, &later).await && enqueue(&world, &now).await);
    until("running what is due", async || *ran.lock().unwrap() == vec![now.id]).await;
    world.clock.advance(TimeDelta::seconds(61));
    assert!(enqueue(&world, &job(&world, 0, None)).await);
    until("running what has become due", async || ran.lock().unwrap().len() == 3).await;
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
}
