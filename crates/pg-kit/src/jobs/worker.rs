//! Runs due jobs, a few at a time, each under its lease and in its own context.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use context::Context;
use domain::SharedClock;
use domain::ids::{CorrelationId, EventId};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{CHANNEL, Job, JobError};
use crate::wake::Wake;
use crate::{Backoff, DbError, lease};

type Handler = Arc<dyn Fn(Job) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;

/// How a worker works. The defaults are those of production.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// Jobs run at once.
    pub concurrency: usize,
    /// How long one try may take; afterwards it counts as failed, and a job whose worker died is
    /// taken over.
    pub lease: Duration,
    /// How often it looks for due times: the service's clock may jump.
    pub poll: Duration,
    /// Pauses between tries where the handler names none.
    pub backoff: Backoff,
    /// After so many tries the job fails for good.
    pub max_attempts: u32,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            lease: Duration::from_secs(60),
            poll: Duration::from_millis(500),
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) },
            max_attempts: 25,
        }
    }
}

/// How long to wait after each failure to record how a job ended.
const SETTLE_PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::ZERO];

struct Leased {
    job: Job,
    lease_id: Uuid,
    context: Context,
}

/// Runs the jobs whose kinds it has handlers for.
#[derive(Clone)]
pub struct JobWorker {
    pool: PgPool,
    clock: SharedClock,
    handlers: HashMap<&'static str, Handler>,
    settings: WorkerSettings,
}

impl JobWorker {
    /// A worker without handlers.
    pub fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, handlers: HashMap::new(), settings: WorkerSettings::default() }
    }

    /// The same worker with other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: WorkerSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Runs jobs of `kind` with `handler`.
    #[must_use]
    pub fn on<F, Fut>(mut self, kind: &'static str, handler: F) -> Self
    where
        F: Fn(Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.handlers.insert(kind, Arc::new(move |job| handler(job).boxed()));
        self
    }

    /// Works until `shutdown`; jobs that are being run are finished first.
    pub async fn run(self, shutdown: CancellationToken) {
        let clock = self.clock.clone();
        let is_due = move |due: &str| due.parse().is_ok_and(|due: i64| due <= clock.now().timestamp_millis());
        let mut wake = Wake::new(&self.pool, CHANNEL, self.settings.poll).only(is_due);
        let worker = Arc::new(self);
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            let free = worker.settings.concurrency.saturating_sub(running.len());
            let mut more = false;
            match worker.lease(free).await {
                Ok(leased) => {
                    more = leased.len() == free;
                    for one in leased {
                        let worker = Arc::clone(&worker);
                        running.spawn(async move { worker.run_one(one).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot lease jobs"),
            }
            if more {
                running.join_next().await;
            } else {
                // Nothing else was due: an end of one of these is no reason to look again.
                let woken = wake.next(&shutdown);
                tokio::pin!(woken);
                loop {
                    tokio::select! {
                        () = &mut woken => break,
                        Some(_) = running.join_next() => {}
                    }
                }
            }
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    /// Runs everything that is due now, one after the other; returns how many tries that were.
    pub async fn run_due(&self) -> Result<u64, DbError> {
        let mut tries = 0;
        loop {
            let leased = self.lease(1).await?;
            if leased.is_empty() {
                return Ok(tries);
            }
            for one in leased {
                self.run_one(one).await;
                tries += 1;
            }
        }
    }

    async fn lease(&self, limit: usize) -> Result<Vec<Leased>, DbError> {
        if limit == 0 || self.handlers.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let lease_id = lease::name();
        let rows = sqlx::query(
            "WITH due AS MATERIALIZED (
                 SELECT id FROM jobs
                  WHERE state = 'pending' AND run_at <= $1 AND kind = ANY($2)
                    AND (leased_until IS NULL OR leased_until <= clock_timestamp())
                  ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED
             )
             UPDATE jobs SET lease_id = $4, attempts = attempts + 1,
                    leased_until = clock_timestamp() + make_interval(secs => $5)
               FROM due WHERE jobs.id = due.id
             RETURNING jobs.id, kind, payload, run_at, attempts, dedupe_key,
                       correlation_id, causation_id, traceparent",
        )
        .bind(self.clock.now())
        .bind(kinds)
        .bind(i64::try_from(limit).unwrap_or(1))
        .bind(lease_id)
        // A little longer than a try may take, so that nobody takes over what still runs.
        .bind((self.settings.lease + self.settings.lease / 10).as_secs_f64())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| leased(row, lease_id)).collect()
    }

    async fn run_one(&self, leased: Leased) {
        let Leased { job, lease_id, context } = leased;
        let Some(handler) = self.handlers.get(job.kind.as_str()) else {
            return;
        };
        let (id, kind, attempt) = (job.id, job.kind.clone(), job.attempt);
        let work = std::panic::AssertUnwindSafe(handler(job)).catch_unwind();
        let tried = tokio::time::timeout(self.settings.lease, work);
        let outcome = match context::scope(context, tried).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(JobError::retry("the handler panicked")),
            Err(_elapsed) => Err(JobError::retry("the try took longer than its lease")),
        };
        let label = match &outcome {
            Ok(()) => "done",
            Err(JobError::Retry { .. }) => "retry",
            Err(JobError::Fail { .. }) => "failed",
        };
        metrics::counter!("jobs_total", "kind" => kind.clone(), "outcome" => label).increment(1);
        if let Err(error) = &outcome {
            tracing::warn!(job_id = %id, %kind, attempt, %error, outcome = label, "job not done");
        }
        // What is not recorded lies until its lease runs out and is then done again: a full pool should not cost that.
        for pause in SETTLE_PAUSES {
            match self.settle(id, lease_id, attempt, outcome.clone()).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(job_id = %id, %kind, %error, "cannot record a job's outcome"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn settle(&self, id: Uuid, lease_id: Uuid, attempt: u32, outcome: Result<(), JobError>) -> Result<(), DbError> {
        let now = self.clock.now();
        match outcome {
            Ok(()) => self.finish(id, lease_id, "done", None, now).await,
            Err(JobError::Retry { after, reason }) if attempt < self.settings.max_attempts => {
                let pause = after.unwrap_or_else(|| self.settings.backoff.after(attempt));
                let run_at = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
                sqlx::query(
                    "UPDATE jobs SET run_at = $3, last_error = $4, lease_id = NULL,
                            leased_until = NULL
                      WHERE id = $1 AND lease_id = $2 AND state = 'pending'",
                )
                .bind(id)
                .bind(lease_id)
                .bind(run_at)
                .bind(reason)
                .execute(&self.pool)
                .await?;
                Ok(())
            }
            Err(JobError::Retry { reason, .. } | JobError::Fail { reason }) => {
                self.finish(id, lease_id, "failed", Some(reason), now).await
            }
        }
    }

    async fn finish(
        &self,
        id: Uuid,
        lease_id: Uuid,
        state: &'static str,
        error: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        sqlx::query(
            "UPDATE jobs SET state = $3, last_error = $4, finished_at = $5, lease_id = NULL,
                    leased_until = NULL
              WHERE id = $1 AND lease_id = $2 AND state = 'pending'",
        )
        .bind(id)
        .bind(lease_id)
        .bind(state)
        .bind(error)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn leased(row: &PgRow, lease_id: Uuid) -> Result<Leased, DbError> {
    let attempts: i32 = row.try_get("attempts")?;
    Ok(Leased {
        job: Job {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            payload: row.try_get("payload")?,
            run_at: row.try_get("run_at")?,
            attempt: u32::try_from(attempts).unwrap_or(1),
            dedupe_key: row.try_get("dedupe_key")?,
        },
        lease_id,
        context: Context {
            correlation_id: row.try_get::<CorrelationId, _>("correlation_id")?,
            causation_id: row.try_get::<Option<EventId>, _>("causation_id")?,
            traceparent: row.try_get("traceparent")?,
        },
    })
}
