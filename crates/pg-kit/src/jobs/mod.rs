//! What follows later: time-outs, expiries, retries, sweeps.
//!
//! A job is enqueued in the transaction of the change it belongs to and run by a [`JobWorker`] at
//! least once at or after its time; handlers bear being run twice.

mod worker;

use std::fmt::Display;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::DbError;

pub use worker::{JobWorker, WorkerSettings};

/// The channel workers listen on.
pub(crate) const CHANNEL: &str = "jobs";

/// What is to be done, and when.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The job's id, made by the service's id source.
    pub id: Uuid,
    /// Which handler it is for.
    pub kind: &'static str,
    /// What the handler needs to know.
    pub payload: Value,
    /// Not before this moment of the service's clock.
    pub run_at: DateTime<Utc>,
    /// While a job with this key is unfinished, another one is not added.
    pub dedupe_key: Option<String>,
}

/// A job as its handler sees it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The job's id.
    pub id: Uuid,
    /// Which handler it is for.
    pub kind: String,
    /// What was enqueued.
    pub payload: Value,
    /// When it was due.
    pub run_at: DateTime<Utc>,
    /// Which try this is, counted from one.
    pub attempt: u32,
    /// The key it was enqueued with.
    pub dedupe_key: Option<String>,
}

impl Job {
    /// The payload as the handler's own type; a payload of another shape fails the job for good.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        T::deserialize(&self.payload).map_err(|error| JobError::fail(format!("payload of {}: {error}", self.kind)))
    }
}

/// Why a job did not succeed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum JobError {
    /// It may work later.
    #[error("{reason}")]
    Retry {
        /// When; by the worker's backoff when left out.
        after: Option<Duration>,
        /// Why it did not work now.
        reason: String,
    },
    /// It will never work.
    #[error("{reason}")]
    Fail {
        /// Why.
        reason: String,
    },
}

impl JobError {
    /// Try again by the worker's backoff.
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry { after: None, reason: reason.to_string() }
    }

    /// Try again after this long.
    pub fn retry_after(after: Duration, reason: impl Display) -> Self {
        Self::Retry { after: Some(after), reason: reason.to_string() }
    }

    /// Give up.
    pub fn fail(reason: impl Display) -> Self {
        Self::Fail { reason: reason.to_string() }
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::retry(error)
    }
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::retry(error)
    }
}

/// Adds the job unless an unfinished one has its dedupe key; false when one has. Correlation and
/// trace are those of [`context::current`]. Workers are notified with the time it is due, in milliseconds, and wake only
/// when that has come: most jobs are time-outs that will be taken back.
pub async fn enqueue(conn: &mut PgConnection, job: &NewJob) -> Result<bool, DbError> {
    let context = context::current();
    let added: Option<Uuid> = sqlx::query_scalar(
        "WITH added AS (
             INSERT INTO jobs (id, kind, payload, dedupe_key, run_at,
                               correlation_id, causation_id, traceparent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (dedupe_key) WHERE state = 'pending' DO NOTHING
             RETURNING id
         )
         SELECT id FROM added, pg_notify('jobs', (extract(epoch FROM $5) * 1000)::bigint::text)",
    )
    .bind(job.id)
    .bind(job.kind)
    .bind(&job.payload)
    .bind(&job.dedupe_key)
    .bind(job.run_at)
    .bind(context.correlation_id)
    .bind(context.causation_id)
    .bind(&context.traceparent)
    .fetch_optional(conn)
    .await?;
    Ok(added.is_some())
}

/// Takes back the unfinished job with this key; false when there is none. One that is running at
/// this moment runs to its end, but is not tried again.
pub async fn cancel(conn: &mut PgConnection, dedupe_key: &str, now: DateTime<Utc>) -> Result<bool, DbError> {
    let cancelled = sqlx::query(
        "UPDATE jobs SET state = 'cancelled', finished_at = $2, lease_id = NULL, leased_until = NULL
          WHERE dedupe_key = $1 AND state = 'pending'",
    )
    .bind(dedupe_key)
    .bind(now)
    .execute(conn)
    .await?
    .rows_affected();
    Ok(cancelled > 0)
}

/// Finishes the job in the handler's own transaction, together with its effect: then a worker that
/// dies right after the commit does not run it again.
pub async fn complete(conn: &mut PgConnection, job: &Job, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE jobs SET state = 'done', finished_at = $2, lease_id = NULL, leased_until = NULL,
                last_error = NULL
          WHERE id = $1 AND state = 'pending'",
    )
    .bind(job.id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many jobs are due and not done.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<i64, DbError> {
    let due = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'pending' AND run_at <= $1")
        .bind(now)
        .fetch_one(conn)
        .await?;
    Ok(due)
}

/// Drops finished jobs of before `before`.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, DbError> {
    let gone = sqlx::query("DELETE FROM jobs WHERE state <> 'pending' AND finished_at < $1").bind(before).execute(conn).await?;
    Ok(gone.rows_affected())
}
