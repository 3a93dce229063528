//! What a service does besides answering: the outbox relay, the event consumer, jobs, things done every so often.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use auth::AccessChange;
use bus::{Catalogue, Consumer, EventBridgePublisher, Outcome};
use domain::events::{Envelope, UserAccessChanged};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use pg_kit::jobs::{Job, JobError, JobWorker, WorkerSettings};
use pg_kit::outbox::Relay;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Kit;
use crate::catch_up;
use crate::lifecycle::Shutdown;
use crate::telemetry::in_background;

/// Takes one event.
pub type EventHandler = Arc<dyn Fn(Envelope) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Events handled at once by one process: the pool has to feed requests as well.
const EVENT_CONCURRENCY: usize = 4;
/// How long one poll of the local stand-in's queues waits.
const STAND_IN_POLL: Duration = Duration::from_secs(1);
const ACCESS_EVERY: Duration = Duration::from_secs(2);
const ACCESS_WHOLE_ROUNDS: u32 = 150;
/// The user service is asked after the first round and then once a minute.
const ACCESS_ASK_ROUNDS: u32 = 30;

/// Collects what a service does in the background.
pub struct Workers {
    jobs: JobWorker,
    events: Option<EventHandler>,
    periodic: Vec<Periodic>,
    loops: Vec<Loop>,
}

struct Loop {
    name: &'static str,
    work: Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>,
}

struct Periodic {
    name: &'static str,
    every: Duration,
    work: Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("events", &self.events.is_some()).field("periodic", &self.periodic.len()).finish()
    }
}

impl Workers {
    /// Nothing yet but what every service does.
    #[must_use]
    pub fn new(kit: &Kit) -> Self {
        Self { jobs: JobWorker::new(kit.pool.clone(), kit.clock.clone()), events: None, periodic: Vec::new(), loops: Vec::new() }
    }

    /// Takes the service's events. [`UserAccessChanged`] is taken care of already.
    pub fn events<F, Fut>(&mut self, handler: F)
    where
        F: Fn(Envelope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.events = Some(Arc::new(move |envelope| handler(envelope).boxed()));
    }

    /// How many jobs run at once, for a service whose jobs wait on others most of the time.
    pub fn jobs_at_once(&mut self, concurrency: usize) {
        self.jobs = self.jobs.clone().with_settings(WorkerSettings { concurrency, ..WorkerSettings::default() });
    }

    /// Runs jobs of one kind.
    pub fn job<F, Fut>(&mut self, kind: &'static str, handler: F)
    where
        F: Fn(Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.jobs = self.jobs.clone().on(kind, move |job| in_background("job", kind, handler(job)));
    }

    /// Does something again and again: a sweeper, a purge. A failure is logged and the next round comes all the same.
    pub fn every<F, Fut>(&mut self, name: &'static str, every: Duration, work: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.periodic.push(Periodic { name, every, work: Arc::new(move || work().boxed()) });
    }

    /// Runs a loop of the service's own until it is told to stop; it finishes what it has in hand first.
    pub fn run<F, Fut>(&mut self, name: &'static str, work: F)
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.loops.push(Loop { name, work: Box::new(move |stop| work(stop).boxed()) });
    }

    /// The jobs alone, for a test that runs what is due and looks at the result.
    #[must_use]
    pub fn into_jobs(self) -> JobWorker {
        self.jobs
    }

    /// The event handler as it runs in the service, for a test that hands events in.
    #[must_use]
    pub fn event_handler(&self, kit: &Kit) -> EventHandler {
        with_access_changes(kit.clone(), self.events.clone())
    }

    /// Starts everything.
    ///
    /// # Errors
    /// The catalogue of events does not fit the settings.
    pub(crate) fn start(self, kit: &Kit, tracker: &TaskTracker, shutdown: &Shutdown) -> anyhow::Result<()> {
        let stop = shutdown.token();
        let catalogue = Arc::new(Catalogue::load().context("the catalogue of events")?);
        let events = aws_sdk_eventbridge::Client::new(&kit.aws);
        let publisher = EventBridgePublisher::new(events, catalogue.clone(), &kit.config.bus.event_bus_name, kit.name)?;
        let relay = Relay::new(kit.pool.clone(), Arc::new(publisher), kit.clock.clone());
        tracker.spawn(vital("outbox relay", relay.run(stop.clone()), shutdown.clone()));
        let housekeeping = pg_kit::housekeeping::run(kit.pool.clone(), kit.clock.clone(), stop.clone());
        tracker.spawn(vital("housekeeping", housekeeping, shutdown.clone()));
        if let Some(queue_url) = kit.config.bus.event_queue_url.as_ref().filter(|url| !url.is_empty()) {
            let sqs = aws_sdk_sqs::Client::new(&kit.aws);
            let mut consumer = Consumer::new(sqs, queue_url, EVENT_CONCURRENCY);
            if let Some(queue) = catalogue.queue(kit.name) {
                consumer = consumer.visibility(queue.visibility());
            }
            if kit.config.bus.aws_endpoint_url.is_some() {
                // A stand-in does not notice that who polled is gone, and hands the next event to nobody.
                consumer = consumer.wait(STAND_IN_POLL);
            }
            let handler = self.event_handler(kit);
            let consumer = consumer.run(move |envelope| handler(envelope), stop.clone());
            tracker.spawn(vital("event consumer", consumer, shutdown.clone()));
        }
        tracker.spawn(vital("access list", follow_access_list(kit.clone(), stop.clone()), shutdown.clone()));
        for Loop { name, work } in self.loops {
            tracker.spawn(vital(name, work(stop.clone()), shutdown.clone()));
        }
        for periodic in self.periodic {
            tracker.spawn(repeat(kit.clone(), periodic, stop.clone()));
        }
        tracker.spawn(vital("jobs", self.jobs.run(stop.clone()), shutdown.clone()));
        Ok(())
    }
}

/// Rule 9: every service keeps the list of changed users itself.
fn with_access_changes(kit: Kit, service: Option<EventHandler>) -> EventHandler {
    Arc::new(move |envelope| {
        let name = envelope.r#type.clone();
        let work = if envelope.is::<UserAccessChanged>() {
            access_changed(kit.clone(), envelope).boxed()
        } else {
            match &service {
                Some(handler) => handler(envelope),
                None => async { Outcome::Reject("this service takes no such event".into()) }.boxed(),
            }
        };
        async move { in_background("event", &name, work).await }.boxed()
    })
}

async fn access_changed(kit: Kit, envelope: Envelope) -> Outcome {
    let change = match envelope.parse::<UserAccessChanged>() {
        Ok(change) => change,
        Err(error) => return Outcome::Reject(error.to_string()),
    };
    let stored = async {
        let mut conn = kit.pool.acquire().await?;
        pg_kit::access::record(&mut conn, &change.clone().into()).await
    };
    match stored.await {
        Ok(news) => {
            let AccessChangeParts { uid, change } = change.into();
            kit.access.apply(&uid, change);
            if news { Outcome::Done } else { Outcome::Stale }
        }
        Err(error) => {
            tracing::warn!(%error, "an access change could not be stored");
            Outcome::Retry(Duration::from_secs(1))
        }
    }
}

struct AccessChangeParts {
    uid: String,
    change: AccessChange,
}

impl From<UserAccessChanged> for AccessChangeParts {
    fn from(event: UserAccessChanged) -> Self {
        let change = AccessChange { user_id: event.user_id, status: event.status, changed_at: event.changed_at };
        Self { uid: event.firebase_uid, change }
    }
}

/// Loads the list of changed users; before that nobody is let in.
pub(crate) async fn load_access_list(kit: &Kit) -> anyhow::Result<()> {
    let mut conn = kit.pool.acquire().await?;
    let known = pg_kit::access::load_all(&mut conn).await?;
    kit.access.replace_all(known.into_iter().map(|known| {
        let change = AccessChange { user_id: known.user_id, status: known.status, changed_at: known.changed_at };
        (known.firebase_uid, change)
    }));
    Ok(())
}

/// An event reaches one of several processes of a service; the others learn of it from the table, well within the 5 s
/// of rule 9. What is older than an hour is looked through once in a while, in case an event came very late.
async fn follow_access_list(kit: Kit, stop: CancellationToken) {
    let mut rounds = 0_u32;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ACCESS_EVERY) => {}
        }
        rounds = rounds.wrapping_add(1);
        if rounds % ACCESS_ASK_ROUNDS == 1
            && let Err(error) = catch_up::ask(&kit).await
        {
            tracing::info!(error = format!("{error:#}"), "the user service does not say who lost access; it is asked again");
        }
        let done = if rounds.is_multiple_of(ACCESS_WHOLE_ROUNDS) {
            load_access_list(&kit).await
        } else {
            recent_access_changes(&kit).await
        };
        if let Err(error) = done {
            tracing::warn!(error = format!("{error:#}"), "the list of changed users could not be read");
        }
    }
}

async fn recent_access_changes(kit: &Kit) -> anyhow::Result<()> {
    let mut conn = kit.pool.acquire().await?;
    for known in pg_kit::access::load_since(&mut conn, kit.clock.now() - chrono::TimeDelta::hours(1)).await? {
        let change = AccessChange { user_id: known.user_id, status: known.status, changed_at: known.changed_at };
        kit.access.apply(&known.firebase_uid, change);
    }
    Ok(())
}

/// A service without one of these is broken while it looks well: it stops, so that it is started again.
async fn vital(name: &'static str, work: impl Future<Output = ()>, shutdown: Shutdown) {
    if std::panic::AssertUnwindSafe(work).catch_unwind().await.is_err() {
        tracing::error!(worker = name, "a worker panicked; stopping");
        shutdown.broken();
    }
}

async fn repeat(kit: Kit, periodic: Periodic, stop: CancellationToken) {
    loop {
        let context = context::Context::new(kit.ids.next());
        let work = context::scope(context, in_background("task", periodic.name, (periodic.work)()));
        match std::panic::AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(task = periodic.name, error = format!("{error:#}"), "periodic work failed"),
            // The hook has logged where; the next round may find other data.
            Err(_) => tracing::error!(task = periodic.name, "periodic work panicked"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(periodic.every) => {}
        }
    }
}
