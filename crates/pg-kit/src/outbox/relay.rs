//! Sends what waits in the outbox, whoever appended it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::SharedClock;
use domain::events::{Envelope, EventSink, PublishError};
use sqlx::{PgPool, Row};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{CHANNEL, backlog, envelope};
use crate::wake::Wake;
use crate::{Backoff, DbError, lease};

/// How a relay works. The defaults are those of production.
#[derive(Clone, Copy, Debug)]
pub struct RelaySettings {
    /// Events leased and sent at once; the bus takes ten.
    pub batch: i64,
    /// The longest a relay may hold events before another one takes them over.
    pub lease: Duration,
    /// How often it looks without being notified.
    pub poll: Duration,
    /// How long it waits for company when it is notified: an event sent alone costs as much as ten.
    pub linger: Duration,
    /// Pauses after a failure that may pass.
    pub backoff: Backoff,
    /// The pause after a refusal that will not pass by itself; the event stays, and the gauge
    /// `outbox_oldest_seconds` tells.
    pub after_refusal: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            batch: 10,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            linger: Duration::from_millis(10),
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) },
            after_refusal: Duration::from_secs(600),
        }
    }
}

const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Events the bus took.
    pub published: u64,
    /// Events that wait for their next try.
    pub postponed: u64,
}

struct Leased {
    envelope: Envelope,
    attempt: u32,
}

/// Sends events in the order of their appending, as far as leases and retries allow: consumers rely
/// on neither order nor uniqueness.
#[derive(Clone)]
pub struct Relay {
    pool: PgPool,
    sink: Arc<dyn EventSink>,
    clock: SharedClock,
    settings: RelaySettings,
}

impl Relay {
    /// A relay from this database to `sink`.
    pub fn new(pool: PgPool, sink: Arc<dyn EventSink>, clock: SharedClock) -> Self {
        Self { pool, sink, clock, settings: RelaySettings::default() }
    }

    /// The same relay with other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: RelaySettings) -> Self {
        self.settings = settings;
        self
    }

    /// Works until `shutdown`; a batch that is being sent is finished first.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut wake = Wake::new(&self.pool, CHANNEL, self.settings.poll);
        let mut measured = None;
        while !shutdown.is_cancelled() {
            if let Err(error) = self.sweep_until(&shutdown).await {
                tracing::warn!(%error, "outbox sweep failed");
            }
            // Counting is not free: not with every commit that wakes the relay.
            if measured.is_none_or(|then: Instant| then.elapsed() >= MEASURE_EVERY) {
                self.measure().await;
                measured = Some(Instant::now());
            }
            wake.next(&shutdown).await;
            tokio::time::sleep(self.settings.linger).await;
        }
    }

    /// Sends everything that is due now.
    pub async fn sweep(&self) -> Result<Sweep, DbError> {
        self.sweep_until(&CancellationToken::new()).await
    }

    async fn sweep_until(&self, shutdown: &CancellationToken) -> Result<Sweep, DbError> {
        let mut total = Sweep::default();
        while !shutdown.is_cancelled() {
            let lease_id = lease::name();
            let batch = self.lease(lease_id).await?;
            if batch.is_empty() {
                break;
            }
            // Fewer than asked for: the rest is not due, or somebody else has it.
            let last = i64::try_from(batch.len()).unwrap_or(i64::MAX) < self.settings.batch;
            let done = self.send(lease_id, batch).await?;
            total.published += done.published;
            total.postponed += done.postponed;
            if last {
                break;
            }
        }
        Ok(total)
    }

    async fn lease(&self, lease_id: Uuid) -> Result<Vec<Leased>, DbError> {
        let rows = sqlx::query(
            "WITH due AS MATERIALIZED (
                 SELECT event_id FROM outbox
                  WHERE published_at IS NULL
                    AND (not_before IS NULL OR not_before <= clock_timestamp())
                  ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
             ), leased AS (
                 UPDATE outbox SET lease_id = $2, attempts = attempts + 1,
                        not_before = clock_timestamp() + make_interval(secs => $3)
                   FROM due WHERE outbox.event_id = due.event_id
                 RETURNING outbox.*
             )
             SELECT * FROM leased ORDER BY position",
        )
        .bind(self.settings.batch)
        .bind(lease_id)
        .bind(self.settings.lease.as_secs_f64())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let attempts: i32 = row.try_get("attempts")?;
                Ok(Leased { envelope: envelope(row)?, attempt: u32::try_from(attempts).unwrap_or(1) })
            })
            .collect()
    }

    async fn send(&self, lease_id: Uuid, batch: Vec<Leased>) -> Result<Sweep, DbError> {
        let envelopes: Vec<Envelope> = batch.iter().map(|leased| leased.envelope.clone()).collect();
        let sending = self.sink.publish(&envelopes);
        let Ok(results) = tokio::time::timeout(self.settings.lease, sending).await else {
            // The lease is over; whoever comes next sends them again.
            return Ok(Sweep { published: 0, postponed: u64::try_from(batch.len()).unwrap_or_default() });
        };
        let mut results = results.into_iter();
        let mut sent = Vec::with_capacity(batch.len());
        let mut done = Sweep::default();
        for leased in batch {
            // A sink that answers for fewer events than it got has not sent the others.
            match results.next() {
                Some(Ok(())) => {
                    sent.push(leased.envelope.event_id.as_uuid());
                    done.published += 1;
                }
                Some(Err(error)) => {
                    self.postpone(lease_id, &leased, Some(&error)).await?;
                    done.postponed += 1;
                }
                None => {
                    self.postpone(lease_id, &leased, None).await?;
                    done.postponed += 1;
                }
            }
        }
        self.mark_published(&sent).await?;
        Ok(done)
    }

    /// Also when the lease was lost meanwhile: it was sent, by whoever.
    async fn mark_published(&self, sent: &[Uuid]) -> Result<(), DbError> {
        sqlx::query(
            "UPDATE outbox SET published_at = $2, lease_id = NULL, last_error = NULL
              WHERE event_id = ANY($1) AND published_at IS NULL",
        )
        .bind(sent)
        .bind(self.clock.now())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn postpone(&self, lease_id: Uuid, leased: &Leased, error: Option<&PublishError>) -> Result<(), DbError> {
        let pause = match error {
            Some(PublishError::Reject(_)) => self.settings.after_refusal,
            _ => self.settings.backoff.after(leased.attempt),
        };
        let reason = error.map_or_else(|| "the bus gave no result for this event".to_owned(), ToString::to_string);
        tracing::warn!(
            event_id = %leased.envelope.event_id,
            event_type = %leased.envelope.r#type,
            attempt = leased.attempt,
            %reason,
            "event not published, will be tried again"
        );
        sqlx::query(
            "UPDATE outbox SET lease_id = NULL, last_error = $3,
                    not_before = clock_timestamp() + make_interval(secs => $4)
              WHERE event_id = $1 AND lease_id = $2 AND published_at IS NULL",
        )
        .bind(leased.envelope.event_id)
        .bind(lease_id)
        .bind(reason)
        .bind(pause.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn measure(&self) {
        let Ok(mut conn) = self.pool.acquire().await else {
            return;
        };
        if let Ok((pending, oldest)) = backlog(&mut conn).await {
            let age = oldest.map_or(0, |oldest| (self.clock.now() - oldest).num_seconds().max(0));
            metrics::gauge!("outbox_pending").set(gauge(pending));
            metrics::gauge!("outbox_oldest_seconds").set(gauge(age));
        }
    }
}

/// Exact for everything a backlog can hold.
fn gauge(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
