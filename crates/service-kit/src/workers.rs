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
use pg_kit::jobs::{Job, JobError, JobWorker};
use pg_kit::outbox::Relay;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Kit;

/// Takes one event.
pub type EventHandler = Arc<dyn Fn(Envelope) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Events handled at once by one process: the pool has to feed requests as well.
const EVENT_CONCURRENCY: usize = 4;

/// Collects what a service does in the background.
pub struct Workers {
    jobs: JobWorker,
    events: Option<EventHandler>,
    periodic: Vec<Periodic>,
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
        Self { jobs: JobWorker::new(kit.pool.clone(), kit.clock.clone()), events: None, periodic: Vec::new() }
    }

    /// Takes the service's events. [`UserAccessChanged`] is taken care of already.
    pub fn events<F, Fut>(&mut self, handler: F)
    where
        F: Fn(Envelope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.events = Some(Arc::new(move |envelope| handler(envelope).boxed()));
    }

    /// Runs jobs of one kind.
    pub fn job<F, Fut>(&mut self, kind: &'static str, handler: F)
    where
        F: Fn(Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.jobs = self.jobs.clone().on(kind, handler);
    }

    /// Does something again and again: a sweeper, a purge. A failure is logged and the next round comes all the same.
    pub fn every<F, Fut>(&mut self, name: &'static str, every: Duration, work: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.periodic.push(Periodic { name, every, work: Arc::new(move || work().boxed()) });
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
    pub(crate) fn start(self, kit: &Kit, tracker: &TaskTracker, stop: &CancellationToken) -> anyhow::Result<()> {
        let catalogue = Arc::new(Catalogue::load().context("the catalogue of events")?);
        let events = aws_sdk_eventbridge::Client::new(&kit.aws);
        let publisher = EventBridgePublisher::new(events, catalogue.clone(), &kit.config.bus.event_bus_name, kit.name)?;
        let relay = Relay::new(kit.pool.clone(), Arc::new(publisher), kit.clock.clone());
        tracker.spawn(relay.run(stop.clone()));
        tracker.spawn(pg_kit::housekeeping::run(kit.pool.clone(), kit.clock.clone(), stop.clone()));
        if let Some(queue_url) = &kit.config.bus.event_queue_url {
            let sqs = aws_sdk_sqs::Client::new(&kit.aws);
            let mut consumer = Consumer::new(sqs, queue_url, EVENT_CONCURRENCY);
            if let Some(queue) = catalogue.queue(kit.name) {
                consumer = consumer.visibility(queue.visibility());
            }
            let handler = self.event_handler(kit);
            tracker.spawn(consumer.run(move |envelope| handler(envelope), stop.clone()));
        }
        for periodic in self.periodic {
            tracker.spawn(repeat(kit.clone(), periodic, stop.clone()));
        }
        tracker.spawn(self.jobs.run(stop.clone()));
        Ok(())
    }
}

/// Rule 9: every service keeps the list of changed users itself.
fn with_access_changes(kit: Kit, service: Option<EventHandler>) -> EventHandler {
    Arc::new(move |envelope| {
        if envelope.is::<UserAccessChanged>() {
            return access_changed(kit.clone(), envelope).boxed();
        }
        match &service {
            Some(handler) => handler(envelope),
            None => async { Outcome::Reject("this service takes no such event".into()) }.boxed(),
        }
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

async fn repeat(kit: Kit, periodic: Periodic, stop: CancellationToken) {
    loop {
        let context = context::Context::new(kit.ids.next());
        if let Err(error) = context::scope(context, (periodic.work)()).await {
            tracing::warn!(task = periodic.name, error = format!("{error:#}"), "periodic work failed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(periodic.every) => {}
        }
    }
}
