//! Looking into the fleet from behind: its clock, its databases, its queues, and whether anything still moves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::QueueAttributeName;
use bus::Catalogue;
use bus::topology::Topology;
use chrono::{DateTime, TimeDelta, Utc};
use context::FileClock;
use domain::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::time::{Instant, sleep};

use super::client::Client;
use crate::aws;
use crate::fleet::{Environment, Ports, Secrets};
use crate::home::Home;
use crate::service::SERVICES;

/// What is left then is reported as it is. Longer than the leases of somebody who was killed.
const PATIENCE: Duration = Duration::from_secs(150);
/// After so long the clock helps what is asked about only once a minute.
const NUDGE: Duration = Duration::from_secs(15);

/// The clock that all services follow.
#[derive(Debug, Clone)]
pub(super) struct FleetClock(PathBuf);

impl FleetClock {
    pub(super) fn of(home: &Home) -> Self {
        Self(home.state.join("clock"))
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(FileClock::offset_in(&self.0))
    }

    pub(super) fn seconds(&self) -> i64 {
        self.now().timestamp()
    }
}

/// Databases, queues and sandbox.
#[derive(Clone)]
pub(super) struct Watch {
    databases: BTreeMap<&'static str, PgPool>,
    sqs: aws_sdk_sqs::Client,
    topology: Topology,
    client: Client,
    clock: FleetClock,
    home: Home,
}

impl Watch {
    pub(super) async fn on(home: &Home, ports: Ports, client: Client) -> Result<Self> {
        let environment = Environment::new(home, ports, Secrets::ensure(home)?, &Catalogue::load()?);
        let mut databases = BTreeMap::new();
        for service in SERVICES {
            let pool = PgPoolOptions::new().max_connections(2).connect_lazy(&environment.database_url(service))?;
            databases.insert(service.name, pool);
        }
        let endpoint = format!("http://127.0.0.1:{}", ports.aws);
        let topology = aws::ensure(&endpoint, &Catalogue::load()?).await?;
        let sqs = aws_sdk_sqs::Client::new(&aws::config(&endpoint).await);
        Ok(Self { databases, sqs, topology, client, clock: FleetClock::of(home), home: home.clone() })
    }

    /// A service's database.
    pub(super) fn database(&self, service: &str) -> Result<&PgPool> {
        self.databases.get(service).with_context(|| format!("{service} has no database"))
    }

    /// Rows of a checked-in query.
    pub(super) async fn rows<T>(&self, service: &str, sql: &'static str) -> Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        sqlx::query_as(AssertSqlSafe(sql)).fetch_all(self.database(service)?).await.with_context(|| format!("{service}: {sql}"))
    }

    /// Lets go what somebody who was killed held: as if the lease's time were over, which it is after a minute.
    pub(super) async fn free_leases(&self, service: &str) -> Result<()> {
        if let Ok(pool) = self.database(service) {
            for sql in [
                "UPDATE jobs SET leased_until = clock_timestamp() WHERE leased_until > clock_timestamp()",
                "UPDATE outbox SET not_before = NULL, lease_id = NULL WHERE published_at IS NULL",
            ] {
                sqlx::query(sql).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Waits until nothing moves any more; what still does after a while is the answer.
    pub(super) async fn quiet(&self) -> Result<Vec<String>> {
        let begun = Instant::now();
        let mut before: Option<String> = None;
        let mut nudged = Instant::now();
        loop {
            let left = self.left().await.unwrap_or_else(|error| vec![format!("it cannot be looked at: {error:#}")]);
            // Nothing to be seen, twice, and nothing in between: nothing is on its way.
            let marks = self.marks().await.ok();
            if left.is_empty() && marks.is_some() && before == marks {
                return Ok(left);
            }
            if begun.elapsed() > PATIENCE {
                return Ok(left);
            }
            if nudged.elapsed() > NUDGE {
                nudged = Instant::now();
                println!("{:>9} waiting for: {}", "", left.join("; "));
                crate::commands::clock::set(&self.home, "+2m")?;
            }
            before = marks.filter(|_| left.is_empty());
            sleep(Duration::from_millis(250)).await;
        }
    }

    /// What is still to be done, in words.
    async fn left(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for (service, url) in &self.topology.queue_urls {
            let waiting = self.waiting(url).await?;
            if waiting > 0 {
                left.push(format!("{service}: {waiting} events in its queue"));
            }
        }
        for (service, pool) in &self.databases {
            let unsent: i64 =
                sqlx::query_scalar("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetch_one(pool).await?;
            if unsent > 0 {
                left.push(format!("{service}: {unsent} events in its outbox"));
            }
            let jobs: Vec<(String, i64, Option<String>)> = sqlx::query_as(
                "SELECT kind, count(*), max(last_error) FROM jobs
                  WHERE state = 'pending' AND (run_at <= $1 OR (attempts > 0 AND kind NOT LIKE '%send%')) GROUP BY 1",
            )
            .bind(self.clock.now())
            .fetch_all(pool)
            .await?;
            left.extend(jobs.iter().map(|(kind, count, error)| format!("{service}: {count} jobs {kind} ({error:?})")));
        }
        left.extend(self.left_of_money().await?);
        left.extend(self.left_outside().await?);
        Ok(left)
    }

    async fn left_of_money(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for (service, what, sql) in [
            ("order", "placements under way", "SELECT count(*) FROM order_sagas WHERE step NOT IN ('done', 'undone')"),
            ("payment", "webhooks kept and not worked on", "SELECT count(*) FROM payment_webhooks WHERE NOT processed"),
            ("payment", "refunds under way", "SELECT count(*) FROM payment_refunds WHERE status = 'pending'"),
        ] {
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.database(service)?).await?;
            if count > 0 {
                left.push(format!("{service}: {count} {what}"));
            }
        }
        Ok(left)
    }

    async fn left_outside(&self) -> Result<Vec<String>> {
        let sent = self.client.must(Method::GET, "/webhooks", None).await?;
        let pending = sent["pending"].as_array().map_or(0, Vec::len);
        Ok(if pending > 0 { vec![format!("gateway: {pending} webhooks on their way")] } else { Vec::new() })
    }

    async fn waiting(&self, url: &str) -> Result<i64> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let answer = self.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec())).send().await?;
        let count = |name| answer.attributes().and_then(|all| all.get(name)?.parse::<i64>().ok()).unwrap_or(0);
        Ok(names.iter().map(count).sum())
    }

    /// Rises with everything that happens.
    async fn marks(&self) -> Result<String> {
        let mut marks = String::new();
        for (service, pool) in &self.databases {
            let mark: String =
                sqlx::query_scalar("SELECT concat_ws(' ', (SELECT max(position) FROM outbox), (SELECT count(*) FROM inbox))")
                    .fetch_one(pool)
                    .await?;
            marks.push_str(&format!("{service} {mark};"));
        }
        Ok(marks)
    }

    /// Events that nobody could take in.
    pub(super) async fn dead_letters(&self) -> Result<Vec<(String, i64)>> {
        let mut dead = Vec::new();
        for (service, url) in &self.topology.dead_letter_urls {
            let waiting = self.waiting(url).await?;
            if waiting > 0 {
                dead.push((service.clone(), waiting));
            }
        }
        Ok(dead)
    }

    /// Everything that Razorpay has of a kind: `orders`, `payments`, `refunds`.
    pub(super) async fn at_razorpay(&self) -> Result<Value> {
        let mut state = self.client.must(Method::GET, "/state", None).await?;
        Ok(state["world"]["razorpay"].take())
    }
}
