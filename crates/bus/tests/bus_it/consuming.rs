use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{Catalogue, Consumer, Outcome};
use domain::ServiceName;
use domain::events::Envelope;
use tokio_util::sync::CancellationToken;

use crate::support::{World, placed, until};

struct Running {
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.task).await.unwrap().unwrap();
    }
}

fn consume<F>(world: &World, visibility: Duration, handler: F) -> Running
where
    F: Fn(Envelope) -> futures::future::BoxFuture<'static, Outcome> + Send + Sync + 'static,
{
    let shutdown = CancellationToken::new();
    let consumer =
        Consumer::new(world.aws.sqs.clone(), world.queue("payment"), 4).visibility(visibility).wait(Duration::from_secs(10));
    let task = tokio::spawn(consumer.run(handler, shutdown.clone()));
    Running { shutdown, task }
}

/// (visible, being handled)
async fn depth(world: &World, url: &str) -> (u32, u32) {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let told = world.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(Name::All).send().await.unwrap();
    let read = |name: Name| told.attributes().unwrap().get(&name).unwrap().parse().unwrap();
    (read(Name::ApproximateNumberOfMessages), read(Name::ApproximateNumberOfMessagesNotVisible))
}

#[tokio::test]
async fn a_handled_event_is_deleted_and_was_handled_in_its_own_context() {
    let world = World::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let outcomes = [Outcome::Done, Outcome::Duplicate, Outcome::Stale];
    let running = consume(&world, Duration::from_secs(30), move |envelope| {
        let outcome = {
            let mut seen = kept.lock().unwrap();
            seen.push((envelope, context::current()));
            outcomes.get(seen.len() - 1).cloned().unwrap()
        };
        Box::pin(async move {
            assert_ne!(context::current().correlation_id.as_uuid(), uuid::Uuid::nil());
            outcome
        })
    });
    let sent = [placed(), placed(), placed()];
    for envelope in &sent {
        world.publish(ServiceName::Order, envelope).await;
    }
    until("handling", async || seen.lock().unwrap().len() == 3).await;
    until("deleting", async || depth(&world, world.queue("payment")).await == (0, 0)).await;
    running.stop().await;
    for envelope in &sent {
        let seen = seen.lock().unwrap();
        assert!(seen.iter().any(|(got, _)| got == envelope));
    }
    assert_eq!(depth(&world, world.dead_letters("payment")).await, (0, 0));
}

#[tokio::test]
async fn the_context_of_a_handler_names_the_event_as_the_cause() {
    let world = World::new().await;
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let running = consume(&world, Duration::from_secs(30), move |_| {
        let kept = Arc::clone(&kept);
        Box::pin(async move {
            *kept.lock().unwrap() = Some(context::current());
            Outcome::Done
        })
    });
    let sent = placed();
    world.publish(ServiceName::Order, &sent).await;
    until("handling", async || seen.lock().unwrap().is_some()).await;
    running.stop().await;
    let context = seen.lock().unwrap().clone().unwrap();
    assert_eq!(context.correlation_id, sent.correlation_id);
    assert_eq!(context.causation_id, Some(sent.event_id));
    assert_eq!(context.traceparent, sent.traceparent);
}

#[tokio::test]
async fn an_event_to_be_retried_comes_again_after_the_pause_named() {
    let world = World::new().await;
    let times = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&times);
    let running = consume(&world, Duration::from_secs(30), move |_| {
        let mut times = kept.lock().unwrap();
        times.push(Instant::now());
        let outcome = if times.len() == 1 { Outcome::Retry(Duration::from_secs(2)) } else { Outcome::Done };
        Box::pin(async { outcome })
    });
    world.publish(ServiceName::Order, &placed()).await;
    until("the second try", async || times.lock().unwrap().len() == 2).await;
    until("deleting", async || depth(&world, world.queue("payment")).await == (0, 0)).await;
    running.stop().await;
    let times = times.lock().unwrap().clone();
    let pause = times[1] - times[0];
    assert!(pause > Duration::from_millis(1500) && pause < Duration::from_secs(6), "{pause:?}");
}

#[tokio::test]
async fn a_rejected_event_and_a_message_that_is_none_go_to_the_dead_letters_with_a_reason() {
    let world = World::new().await;
    let running = consume(&world, Duration::from_secs(30), |_| Box::pin(async { Outcome::Reject("no such\norder".into()) }));
    world.publish(ServiceName::Order, &placed()).await;
    let queue = world.queue("payment");
    world.aws.sqs.send_message().queue_url(queue).message_body("{ not json").send().await.unwrap();
    let dead = world.dead_letters("payment");
    until("burying", async || depth(&world, dead).await.0 == 2 && depth(&world, queue).await == (0, 0)).await;
    running.stop().await;
    let mut reasons: Vec<String> = world
        .take(dead)
        .await
        .iter()
        .map(|message| message.message_attributes().unwrap().get("reason").unwrap().string_value().unwrap().to_owned())
        .collect();
    reasons.sort_unstable();
    let [rejected, unread] = reasons.as_slice() else { panic!("{reasons:?}") };
    assert_eq!(rejected, "no suchorder");
    assert!(unread.starts_with("not an event of ours"), "{unread}");
}

#[tokio::test]
async fn an_event_that_fails_too_often_ends_among_the_dead_letters() {
    let mut catalogue = Catalogue::load().unwrap();
    catalogue.queues.get_mut("payment").unwrap().max_receive_count = 3;
    let world = World::with(catalogue).await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let running = consume(&world, Duration::from_secs(30), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Outcome::Retry(Duration::ZERO) })
    });
    let sent = placed();
    world.publish(ServiceName::Order, &sent).await;
    let dead = world.dead_letters("payment");
    until("dying", async || depth(&world, dead).await.0 == 1).await;
    running.stop().await;
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let body = world.take(dead).await.first().unwrap().body().unwrap().to_owned();
    assert!(body.contains(&sent.event_id.to_string()), "{body}");
}

#[tokio::test]
async fn a_slow_handler_keeps_its_event_hidden_and_a_panicking_one_gets_it_again() {
    let world = World::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let running = consume(&world, Duration::from_secs(2), move |_| {
        let attempt = counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            assert!(attempt > 0, "the first try panics");
            tokio::time::sleep(Duration::from_secs(4)).await;
            Outcome::Done
        })
    });
    world.publish(ServiceName::Order, &placed()).await;
    until("handling", async || tries.load(Ordering::SeqCst) > 1 && depth(&world, world.queue("payment")).await == (0, 0)).await;
    running.stop().await;
    assert_eq!(tries.load(Ordering::SeqCst), 2, "nobody else got it while it was being handled");
}

#[tokio::test]
async fn stopping_finishes_what_was_begun_and_begins_nothing_new() {
    let world = World::new().await;
    let (begun, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (b, e) = (Arc::clone(&begun), Arc::clone(&ended));
    let running = consume(&world, Duration::from_secs(30), move |_| {
        b.fetch_add(1, Ordering::SeqCst);
        let e = Arc::clone(&e);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            e.fetch_add(1, Ordering::SeqCst);
            Outcome::Done
        })
    });
    for _ in 0..8 {
        world.publish(ServiceName::Order, &placed()).await;
    }
    until("beginning", async || begun.load(Ordering::SeqCst) == 4).await;
    running.stop().await;
    assert_eq!((begun.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (4, 4));
    assert_eq!(depth(&world, world.queue("payment")).await, (4, 0));
}

#[tokio::test]
async fn a_backlog_is_worked_off_with_each_event_handled_once_and_few_at_a_time() {
    let world = World::new().await;
    for _ in 0..25 {
        world.publish(ServiceName::Order, &placed()).await;
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (at_once, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (kept, now, peak) = (Arc::clone(&seen), Arc::clone(&at_once), Arc::clone(&most));
    let running = consume(&world, Duration::from_secs(30), move |envelope| {
        kept.lock().unwrap().push(envelope.event_id);
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let now = Arc::clone(&now);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Outcome::Done
        })
    });
    until("deleting", async || depth(&world, world.queue("payment")).await == (0, 0)).await;
    running.stop().await;
    let mut seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 25);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 25);
    assert!(most.load(Ordering::SeqCst) <= 4, "{most:?}");
}
