//! Sending what is due: messages are claimed a batch at a time, handed to their providers side by side, outside any
//! transaction, and what became of them is written down a batch at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::UserStatus;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::channels::{Parcel, Tried, Try};
use crate::domain::schedule;
use crate::domain::template::Rendered;
use crate::store::queue::{self, Claimed};
use crate::store::templates::Template;
use crate::usecases::settle::settle;

/// How long a message may be in hand. Found later, it is taken as interrupted: nobody knows whether it went out. Longer than
/// any call with its time-out and the writing down of its result.
pub(crate) const LEASE: Duration = Duration::from_secs(90);
/// No call takes longer, whatever the client's own time-outs say.
const LONGEST_CALL: Duration = Duration::from_secs(60);
/// How often it looks for messages whose time has come: the service's clock may jump.
const POLL: Duration = Duration::from_secs(1);
/// How often it looks for messages whose sender is gone.
const LOOK_FOR_INTERRUPTED: Duration = Duration::from_secs(15);
/// How long a result waits for others to be written down with it.
const LINGER: Duration = Duration::from_millis(20);
/// Results written down at once.
const MOST_RESULTS: usize = 100;
/// The pause after the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// A message that was tried.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) claimed: Claimed,
    pub(crate) tried: Try,
}

/// Sends until it is told to stop, and then writes down what it has in hand.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    let mut sender = Sender::new(app);
    let mut looked: Option<Instant> = None;
    while !stop.is_cancelled() {
        if looked.is_none_or(|then| then.elapsed() >= LOOK_FOR_INTERRUPTED) {
            sender.take_over().await;
            looked = Some(Instant::now());
        }
        sender.claim().await;
        sender.settle(false).await;
        sender.wait(&stop).await;
    }
    sender.finish().await;
}

/// Sends everything that is due now, and takes over what was interrupted; returns how many messages were tried.
pub(crate) async fn run_due(app: &App) -> u64 {
    let mut sender = Sender::new(app.clone());
    let stop = CancellationToken::new();
    sender.take_over().await;
    loop {
        sender.more = true;
        sender.claim().await;
        if sender.calls.is_empty() && sender.done.is_empty() {
            return sender.tried;
        }
        while !sender.calls.is_empty() {
            sender.wait(&stop).await;
        }
        sender.settle(true).await;
    }
}

struct Sender {
    app: App,
    calls: JoinSet<Done>,
    done: Vec<Done>,
    /// Since when the oldest result waits.
    waiting: Option<Instant>,
    /// Whether there may be more that is due.
    more: bool,
    tried: u64,
}

impl Sender {
    fn new(app: App) -> Self {
        Self { app, calls: JoinSet::new(), done: Vec::new(), waiting: None, more: true, tried: 0 }
    }

    /// Claims as many as can be sent at once, when that is worth a statement.
    async fn claim(&mut self) {
        let most = usize::from(self.app.config.send_concurrency);
        let free = most.saturating_sub(self.calls.len() + self.done.len().saturating_sub(MOST_RESULTS));
        if !self.more || (free < most.div_ceil(4) && !self.calls.is_empty()) {
            return;
        }
        match self.claimed(free).await {
            Ok(claimed) => {
                self.more = claimed.len() >= free;
                self.begin(claimed).await;
            }
            Err(error) => {
                tracing::warn!(%error, "messages could not be claimed");
                self.more = false;
            }
        }
    }

    async fn claimed(&self, limit: usize) -> sqlx::Result<Vec<Claimed>> {
        let mut conn = self.app.kit.pool.acquire().await?;
        queue::claim(&mut conn, i64::try_from(limit).unwrap_or(1), LEASE, self.app.kit.clock.now()).await
    }

    /// Nobody knows of these whether they went out, and they are not sent a second time: no provider has an idempotency key.
    async fn take_over(&mut self) {
        let taken = async {
            let mut conn = self.app.kit.pool.acquire().await?;
            queue::interrupted(&mut conn, 100, LEASE).await
        };
        match taken.await {
            Ok(claimed) => {
                for claimed in claimed {
                    let interrupted = Tried::Unknown { reason: "sending was interrupted".to_owned() };
                    self.ended(Done { claimed, tried: interrupted.into() });
                }
            }
            Err(error) => tracing::warn!(%error, "interrupted messages could not be looked for"),
        }
    }

    async fn begin(&mut self, claimed: Vec<Claimed>) {
        if claimed.is_empty() {
            return;
        }
        let mut ids: Vec<_> = claimed.iter().map(|one| one.notification.template_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let versions = async {
            let mut conn = self.app.kit.pool.acquire().await?;
            self.app.texts.versions(&mut conn, &ids).await
        };
        let versions = versions.await.unwrap_or_else(|error: sqlx::Error| {
            tracing::warn!(%error, "the templates of messages could not be read");
            Vec::new()
        });
        let now = self.app.kit.clock.now();
        for claimed in claimed {
            let template = versions.iter().find(|version| version.id == claimed.notification.template_id).cloned();
            match refusal(&claimed, template.as_deref(), now) {
                Some(tried) => self.ended(Done { claimed, tried: tried.into() }),
                None => {
                    let app = self.app.clone();
                    self.calls.spawn(async move {
                        let tried = call(&app, &claimed, template.as_deref()).await;
                        Done { claimed, tried }
                    });
                }
            }
        }
    }

    fn ended(&mut self, done: Done) {
        self.tried += 1;
        self.done.push(done);
        self.waiting.get_or_insert_with(Instant::now);
    }

    /// Writes results down when there are enough of them, when they have waited, or when nothing else is to come.
    async fn settle(&mut self, all: bool) {
        let waited = self.waiting.is_some_and(|since| since.elapsed() >= LINGER);
        if self.done.is_empty() || !(all || waited || self.done.len() >= MOST_RESULTS || self.calls.is_empty()) {
            return;
        }
        let batch = std::mem::take(&mut self.done);
        self.waiting = None;
        for failed in write_down(&self.app, batch).await {
            self.done.push(failed);
            self.waiting.get_or_insert_with(Instant::now);
        }
        if !self.done.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn wait(&mut self, stop: &CancellationToken) {
        let settling = self.waiting.map_or(POLL, |since| LINGER.saturating_sub(since.elapsed()));
        if self.more && self.calls.is_empty() && self.done.is_empty() {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = self.calls.join_next() => self.take(ended),
            () = self.app.wake.notified() => self.more = true,
            () = tokio::time::sleep(settling) => self.more |= self.waiting.is_none(),
        }
        while let Some(ended) = self.calls.try_join_next() {
            self.take(ended);
        }
    }

    fn take(&mut self, ended: Result<Done, tokio::task::JoinError>) {
        match ended {
            Ok(done) => self.ended(done),
            // Its lease runs out, and then it is known as interrupted.
            Err(error) => tracing::error!(%error, "sending a message panicked"),
        }
    }

    async fn finish(mut self) {
        while let Some(ended) = self.calls.join_next().await {
            self.take(ended);
        }
        self.settle(true).await;
    }
}

/// Why a message is not handed over at all.
fn refusal(claimed: &Claimed, template: Option<&Template>, now: DateTime<Utc>) -> Option<Tried> {
    let due = schedule::earliest(claimed.notification.category, now);
    if due > now {
        return Some(Tried::NotNow { until: due });
    }
    match (&claimed.contact, template) {
        (None, _) => Some(Tried::never("the person is not known")),
        (Some(contact), _) if contact.status == UserStatus::Deleted => Some(Tried::never("the person is gone")),
        (_, None) => Some(Tried::NotNow { until: now + chrono::TimeDelta::seconds(30) }),
        _ => None,
    }
}

/// One call, in the context of the work the message belongs to.
async fn call(app: &App, claimed: &Claimed, template: Option<&Template>) -> Try {
    let (Some(contact), Some(template)) = (&claimed.contact, template) else {
        return Tried::never("nothing to send").into();
    };
    let notification = &claimed.notification;
    let rendered =
        Rendered { subject: notification.subject.clone(), body: notification.body.clone(), html: notification.html_body.clone() };
    let parcel = Parcel {
        id: notification.id,
        channel: notification.channel,
        category: notification.category,
        order_id: notification.order_id,
        contact,
        tokens: &claimed.tokens,
        template,
        rendered: &rendered,
        variables: &notification.data.variables,
    };
    let sending = tokio::time::timeout(LONGEST_CALL, app.channels.send(&parcel));
    let tried = context::scope(claimed.context.clone(), sending).await;
    tried.unwrap_or_else(|_| Tried::Unknown { reason: "no answer in time".to_owned() }.into())
}

/// Writes a batch down; when that fails, one by one, so that one bad result does not hold up the others. Yields those that
/// are still to be written: their leases hold meanwhile.
async fn write_down(app: &App, batch: Vec<Done>) -> Vec<Done> {
    let Err(error) = settle(app, &batch).await else { return Vec::new() };
    tracing::warn!(%error, results = batch.len(), "what became of messages could not be written down");
    if error.is_transient() {
        return batch;
    }
    for done in batch {
        if let Err(error) = settle(app, std::slice::from_ref(&done)).await {
            // Its lease runs out, and then it is known as interrupted.
            tracing::error!(notification_id = %done.claimed.notification.id, %error, "a result could not be written down");
        }
    }
    Vec::new()
}
