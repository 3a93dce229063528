//! Takes events from a service's queue and settles each by the handler's typed outcome.
//!
//! Calls to SQS cost more than most handlers, so events are received and deleted up to ten at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageAttributeValue};
use context::Context;
use domain::events::Envelope;
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::catalogue::dead_letter;

/// The longest SQS hides a message.
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);
/// After so many extensions a handler counts as hung, and the message goes to somebody else.
const MOST_EXTENSIONS: u32 = 20;
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);
/// The most messages SQS gives or takes at once.
const BATCH: usize = 10;
/// How long a received or handled event waits for company before the next call.
const LINGER: Duration = Duration::from_millis(20);

/// What became of an event. Say it after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Applied.
    Done,
    /// Applied earlier.
    Duplicate,
    /// Overtaken by a newer one; nothing to do.
    Stale,
    /// Cannot be applied yet; again after this long.
    Retry(Duration),
    /// Can never be applied: to the dead-letter queue, with this reason.
    Reject(String),
}

impl Outcome {
    fn label(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Retry(_) => "retry",
            Self::Reject(_) => "rejected",
        }
    }
}

/// The loop over one queue.
#[derive(Clone, Debug)]
pub struct Consumer {
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    dead_letter_url: String,
    concurrency: usize,
    visibility: Duration,
    wait: Duration,
}

/// What EventBridge puts on the queue.
#[derive(Deserialize)]
struct Delivery {
    detail: Envelope,
}

impl Consumer {
    /// A consumer of the queue at `queue_url` that handles up to `concurrency` events at once. The
    /// dead-letter queue is the one named beside it.
    pub fn new(sqs: aws_sdk_sqs::Client, queue_url: impl Into<String>, concurrency: usize) -> Self {
        let queue_url = queue_url.into();
        Self {
            sqs,
            dead_letter_url: dead_letter(&queue_url),
            queue_url,
            concurrency: concurrency.max(1),
            visibility: Duration::from_secs(60),
            wait: Duration::from_secs(15),
        }
    }

    /// How long a message is hidden at first, and by how much that is extended while it is being
    /// handled; the catalogue knows.
    #[must_use]
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility.max(Duration::from_secs(2));
        self
    }

    /// How long one poll waits for messages.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait.min(Duration::from_secs(20));
        self
    }

    /// Works until `shutdown`; events that are being handled are finished first.
    pub async fn run<H, Fut>(self, handler: H, shutdown: CancellationToken)
    where
        H: Fn(Envelope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let (handled, receipts) = mpsc::channel(BATCH * 2);
        let deleting = tokio::spawn(self.clone().delete_in_batches(receipts));
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let worker = Arc::new((self, handler));
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            let consumer = &worker.0;
            // Few more than can be begun at once: what waits here is hidden from everybody else.
            if running.len() >= consumer.concurrency {
                if let Some(ended) = running.join_next().await {
                    report_panic(ended);
                }
                continue;
            }
            let received = tokio::select! {
                () = shutdown.cancelled() => break,
                received = consumer.receive() => received,
            };
            let pause = match received {
                Ok(messages) => {
                    let pause = if (1..BATCH).contains(&messages.len()) { LINGER } else { Duration::ZERO };
                    let received = Instant::now();
                    for message in messages {
                        let (worker, slots, handled, shutdown) =
                            (Arc::clone(&worker), Arc::clone(&slots), handled.clone(), shutdown.clone());
                        running.spawn(async move {
                            let _slot = slots.acquire().await;
                            let consumer = &worker.0;
                            if consumer.may_begin(&message, received, &shutdown).await {
                                consumer.take(message, &worker.1, &handled).await;
                            }
                        });
                    }
                    pause
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot receive events");
                    PAUSE_AFTER_ERROR
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
            while let Some(ended) = running.try_join_next() {
                report_panic(ended);
            }
        }
        while let Some(ended) = running.join_next().await {
            report_panic(ended);
        }
        drop(handled);
        report_panic(deleting.await);
    }

    async fn receive(&self) -> Result<Vec<Message>, String> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(i32::try_from(BATCH).unwrap_or(1))
            .wait_time_seconds(seconds(self.wait))
            .visibility_timeout(seconds(self.visibility))
            .send()
            .await
            .map_err(|error| DisplayErrorContext(&error).to_string())?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Whether a message that waited for its turn is still ours to begin; otherwise somebody else gets it.
    async fn may_begin(&self, message: &Message, received: Instant, shutdown: &CancellationToken) -> bool {
        let Some(receipt) = message.receipt_handle() else {
            return false;
        };
        if shutdown.is_cancelled() {
            self.hide(receipt, Duration::ZERO).await;
            return false;
        }
        let waited = received.elapsed();
        if waited >= self.visibility / 2 && waited < self.visibility {
            self.hide(receipt, self.visibility).await;
        }
        waited < self.visibility
    }

    async fn take<H, Fut>(&self, message: Message, handler: &H, handled: &mpsc::Sender<String>)
    where
        H: Fn(Envelope) -> Fut + Send + Sync,
        Fut: Future<Output = Outcome> + Send,
    {
        let Some(receipt) = message.receipt_handle() else {
            return;
        };
        let body = message.body().unwrap_or_default();
        let envelope = match serde_json::from_str::<Delivery>(body) {
            Ok(delivery) => delivery.detail,
            Err(error) => {
                let reason = format!("not an event of ours: {error}");
                self.settle("unknown", receipt, body, Outcome::Reject(reason), handled).await;
                return;
            }
        };
        let kind = envelope.r#type.clone();
        let span = tracing::info_span!(
            "event",
            event_id = %envelope.event_id,
            event_type = %kind,
            correlation_id = %envelope.correlation_id,
        );
        async {
            let context = Context {
                correlation_id: envelope.correlation_id,
                causation_id: Some(envelope.event_id),
                traceparent: envelope.traceparent.clone(),
            };
            let work = context::scope(context, handler(envelope));
            match self.while_extending(receipt, work).await {
                Some(outcome) => self.settle(&kind, receipt, body, outcome, handled).await,
                None => tracing::error!("handling an event took too long; it will come again"),
            }
        }
        .instrument(span)
        .await;
    }

    /// Runs the handler and keeps the message hidden meanwhile. None when the handler hangs.
    async fn while_extending(&self, receipt: &str, work: impl Future<Output = Outcome>) -> Option<Outcome> {
        tokio::pin!(work);
        for _ in 0..MOST_EXTENSIONS {
            tokio::select! {
                outcome = &mut work => return Some(outcome),
                () = tokio::time::sleep(self.visibility / 2) => self.hide(receipt, self.visibility).await,
            }
        }
        None
    }

    async fn settle(&self, kind: &str, receipt: &str, body: &str, outcome: Outcome, handled: &mpsc::Sender<String>) {
        let label = outcome.label();
        metrics::counter!("events_consumed_total", "type" => kind.to_owned(), "outcome" => label).increment(1);
        match outcome {
            Outcome::Done | Outcome::Duplicate | Outcome::Stale => {
                tracing::debug!(outcome = label, "event handled");
                // Fails only when the deleting task is gone: it comes again and is found to be a duplicate.
                let _ = handled.send(receipt.to_owned()).await;
            }
            Outcome::Retry(after) => {
                tracing::debug!(?after, "event will come again");
                self.hide(receipt, after).await;
            }
            Outcome::Reject(reason) => {
                tracing::error!(%reason, "event rejected");
                // Deleted only once the dead-letter queue has it; otherwise the redrive takes it there.
                if self.bury(body, &reason).await {
                    let _ = handled.send(receipt.to_owned()).await;
                }
            }
        }
    }

    async fn bury(&self, body: &str, reason: &str) -> bool {
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(1000).collect();
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(if reason.is_empty() { "no reason given".to_owned() } else { reason })
            .build();
        let attribute = match attribute {
            Ok(attribute) => attribute,
            Err(error) => {
                tracing::error!(%error, "cannot name the reason of a rejection");
                return false;
            }
        };
        let sent = self
            .sqs
            .send_message()
            .queue_url(&self.dead_letter_url)
            .message_body(body)
            .message_attributes("reason", attribute)
            .send()
            .await;
        if let Err(error) = &sent {
            tracing::error!(error = %DisplayErrorContext(error), "cannot send to the dead-letter queue");
        }
        sent.is_ok()
    }

    /// Deletes what was handled until nothing handles any more.
    async fn delete_in_batches(self, mut receipts: mpsc::Receiver<String>) {
        let mut batch = Vec::with_capacity(BATCH);
        while receipts.recv_many(&mut batch, BATCH).await > 0 {
            let company = async {
                loop {
                    let room = BATCH - batch.len();
                    if room == 0 || receipts.recv_many(&mut batch, room).await == 0 {
                        break;
                    }
                }
            };
            // The time-out is the usual end.
            let _ = tokio::time::timeout(LINGER, company).await;
            self.delete(&batch).await;
            batch.clear();
        }
    }

    async fn delete(&self, receipts: &[String]) {
        let entries = receipts
            .iter()
            .enumerate()
            .map(|(at, receipt)| DeleteMessageBatchRequestEntry::builder().id(at.to_string()).receipt_handle(receipt).build());
        let deleted = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => {
                let call = self.sqs.delete_message_batch().queue_url(&self.queue_url).set_entries(Some(entries));
                call.send().await.map_err(|error| DisplayErrorContext(&error).to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        // What is not deleted comes again and is found to be a duplicate.
        match deleted {
            Ok(answer) => {
                for failed in answer.failed() {
                    tracing::warn!(code = failed.code(), message = failed.message(), "a handled event was not deleted");
                }
            }
            Err(error) => tracing::warn!(%error, "cannot delete handled events"),
        }
    }

    async fn hide(&self, receipt: &str, how_long: Duration) {
        let hidden = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(how_long.min(LONGEST_VISIBILITY)))
            .send()
            .await;
        if let Err(error) = hidden {
            tracing::warn!(error = %DisplayErrorContext(&error), "cannot change an event's visibility");
        }
    }
}

/// A message whose handler panicked stays on the queue and comes again.
fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "handling an event panicked; it will come again");
    }
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
